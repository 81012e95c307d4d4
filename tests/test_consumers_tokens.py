"""Access tokens: which are accepted, and that nothing else is."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from tests.issuers import CONSUMER, EC, RSA_1, RSA_2, Door, Issuer, issuer_table, issuing, settings_in

from relhub.errors import IssuerUnavailable, NotAuthenticated, RelhubError
from relhub.services.verify_token import MAX_TOKEN


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def door(issuer: Issuer, tmp_path: Path) -> Door:
    return Door(settings_in(tmp_path, issuer_table(issuer.url) + CONSUMER, failure_limit=""))


async def refusal(door: Door, token: str) -> str:
    with pytest.raises(NotAuthenticated) as raised:
        await door.opens(token)
    return str(raised.value)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_1, "RS256"), (RSA_1, "PS256"), (EC, "ES256")])
async def test_the_three_algorithms_of_the_profile_are_accepted(door: Door, issuer: Issuer, key: RSAKey | ECKey, algorithm: str) -> None:
    who = await door.opens(issuer.token(key, {"alg": algorithm}))
    assert (who.consumer.name, who.official) == ("permits-desk", "")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS384", "PS512"])
async def test_other_algorithms_are_refused_though_the_key_is_right(door: Door, issuer: Issuer, algorithm: str) -> None:
    assert await refusal(door, issuer.token(RSA_1, {"alg": algorithm})) == "algorithm"


async def test_a_token_without_a_signature_is_refused(door: Door, issuer: Issuer) -> None:
    header, claims, _ = issuer.token().split(".")
    for unsigned in ("none", "None", "NONE", ""):
        head = _encoded(json.dumps({"alg": unsigned, "kid": "one"}).encode())
        assert await refusal(door, f"{head}.{claims}.") == "algorithm"
    assert await refusal(door, f"{header}.{claims}.") == "signature"


async def test_the_public_key_is_no_shared_secret(door: Door, issuer: Issuer) -> None:
    _, claims, _ = issuer.token().split(".")
    head = _encoded(b'{"alg": "HS256", "kid": "one", "typ": "at+jwt"}')
    pem = RSA_1.as_pem(private=False)
    for secret in (pem, pem.strip(), json.dumps(issuer.public(RSA_1)).encode(), b""):
        signature = _encoded(hmac.digest(secret, f"{head}.{claims}".encode(), "sha256"))
        assert await refusal(door, f"{head}.{claims}.{signature}") == "algorithm"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit", "b64"])
async def test_a_token_never_says_itself_how_it_is_checked(door: Door, issuer: Issuer, name: str) -> None:
    brought: dict[str, Any] = {
        "jwk": RSA_2.as_dict(private=False),
        "jku": f"{issuer.url}/keys",
        "x5u": f"{issuer.url}/keys",
        "x5c": ["AAAA"],
        "crit": ["alg"],
        "b64": True,
    }
    assert await refusal(door, issuer.token(RSA_1, {name: brought[name]})) == "header"


async def test_a_key_of_the_same_name_that_the_issuer_did_not_publish_is_refused(door: Door, issuer: Issuer) -> None:
    forged = RSAKey.import_key(RSA_2.as_dict(private=True), {"kid": "one"})
    assert await refusal(door, issuer.token(forged)) == "signature"
    assert await refusal(door, issuer.token(RSA_1, {"kid": "curve"})) == "key"
    assert await refusal(door, issuer.token(RSA_1, {"kid": None})) == "key id"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 40}, "expired"),
        ({"exp": None}, "time"),
        ({"exp": "2030-01-01"}, "time"),
        ({"exp": True}, "time"),
        ({"nbf": NOW + 300}, "not yet valid"),
        ({"iat": NOW + 300}, "not yet valid"),
        ({"nbf": "soon"}, "time"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["another", "and-another"]}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": {"relhub": 1}}, "audience"),
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["x"]}, "issuer"),
        ({"azp": "unknown", "sub": "unknown"}, "application"),
        ({"azp": None}, "application"),
        ({"azp": ["desk"]}, "application"),
        ({"jti": None}, "token id"),
        ({"jti": 7}, "token id"),
        ({"at_hash": "x"}, "type"),
        ({"typ": "ID"}, "type"),
        ({"typ": "Refresh"}, "type"),
        ({"sub": "5f0c"}, "official"),
        ({"sub": "5f0c", "preferred_username": "j\u00e4nsen"}, "official"),
    ],
)  # fmt: skip
async def test_a_claim_that_is_not_as_it_must_be_is_a_refusal(door: Door, issuer: Issuer, claims: dict[str, Any], reason: str) -> None:
    assert await refusal(door, issuer.token(**claims)) == reason


async def test_clocks_may_differ_by_the_leeway_and_no_more(door: Door, issuer: Issuer) -> None:
    now = int(time.time())
    await door.opens(issuer.token(exp=now - 20, nbf=now + 20, iat=now + 20))
    assert await refusal(door, issuer.token(exp=now - 31)) == "expired"


async def test_an_audience_may_be_one_of_several_and_the_application_may_be_called_client_id(door: Door, issuer: Issuer) -> None:
    assert (await door.opens(issuer.token(aud=["other", "relhub"], azp=None, client_id="desk"))).consumer.name == "permits-desk"


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", None])
async def test_the_types_of_access_tokens_are_accepted(door: Door, issuer: Issuer, kind: str | None) -> None:
    await door.opens(issuer.token(RSA_1, {"typ": kind}))


@pytest.mark.parametrize("kind", ["id+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt"])
async def test_tokens_of_another_type_are_refused(door: Door, issuer: Issuer, kind: str) -> None:
    assert await refusal(door, issuer.token(RSA_1, {"typ": kind})) == "type"


async def test_only_access_tokens_can_be_demanded(issuer: Issuer, tmp_path: Path) -> None:
    strict = Door(settings_in(tmp_path, issuer_table(issuer.url, "only_access_tokens = true") + CONSUMER))
    await strict.opens(issuer.token())
    assert await refusal(strict, issuer.token(RSA_1, {"typ": "JWT"})) == "type"
    assert await refusal(strict, issuer.token(RSA_1, {"typ": None})) == "type"


async def test_a_token_that_was_verified_before_ends_when_it_ends(door: Door, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = issuer.token()
    assert await door.opens(token) is await door.opens(token)  # the second time from memory
    later = time.time() + 331
    monkeypatch.setattr(time, "time", lambda: later)
    assert await refusal(door, token) == "expired"


async def test_a_token_that_is_too_long_is_refused(door: Door, issuer: Issuer) -> None:
    token = issuer.token(groups=["g" * 100] * 60)
    assert len(token) > MAX_TOKEN
    assert await refusal(door, token) == "form"


@pytest.mark.parametrize(
    "token", ["a.b.c", "..", "a..c", "e30.e30.", "e30.W10.e30", "bnVsbA.bnVsbA.bnVsbA", "eyJhbGciOjF9.e30.AA", "." * 500]
)
async def test_what_is_no_token_is_a_refusal_and_no_fault(door: Door, token: str) -> None:
    assert await refusal(door, token) in ("form", "issuer", "algorithm")


async def test_deep_nesting_is_a_refusal_and_no_fault(door: Door, issuer: Issuer) -> None:
    head = issuer.token().split(".")[0]
    for text in (b"[" * 3000, b'{"a":' * 900 + b"1" + b"}" * 900, b'{"iss":1e999}', b'{"exp":' + b"9" * 3000 + b"}"):
        deep = _encoded(text)
        assert await refusal(door, f"{head}.{deep}.AA") in ("form", "issuer")
        assert await refusal(door, f"{deep[:500]}.{deep}.AA") in ("form", "issuer")


_SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_TOKEN_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/="


@pytest.mark.parametrize("key", [RSA_1, EC])
async def test_no_change_to_a_good_token_passes(door: Door, issuer: Issuer, key: RSAKey | ECKey) -> None:
    good = issuer.token(key)
    await door.opens(good)

    @_SLOW
    @given(st.data())
    def changed(data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(good) - 1))
        until = data.draw(st.sampled_from([at, at + 1, at + 1, at + 4]))
        put = data.draw(st.text(_TOKEN_CHARACTERS, max_size=3))
        mutants.append(good[:at] + put + good[until:])

    mutants: list[str] = []
    changed()
    for mutant in {*mutants, good + "=", good + "A", good + ".", good.swapcase(), good[:-1]} - {good}:
        with pytest.raises((NotAuthenticated, IssuerUnavailable)):
            await door.opens(mutant)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "azp", "client_id", "sub", "jti", "exp", "nbf", "iat", "typ", "preferred_username", "realm_access"]),
    _JSON,
)
_HEADERS = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "cty", "x5t", "jwk", "crit", "zip", "epk"]), _JSON)


async def test_whatever_an_issuer_signs_is_accepted_or_refused_and_never_a_fault(issuer: Issuer, tmp_path: Path) -> None:
    claims = 'official = "preferred_username"\nroles = "realm_access.roles"\ndepartment = "max(groups)"\napplication_alone = "starts_with(sub, \'x\')"'
    door = Door(settings_in(tmp_path, issuer_table(issuer.url, claims=claims) + CONSUMER, failure_limit=""))
    tokens: list[str] = []

    @_SLOW
    @given(_CLAIMS)
    def signed(claims: dict[str, Any]) -> None:
        tokens.append(issuer.for_an_official(**{"groups": ["Advies"], **claims}))

    @_SLOW
    @given(_HEADERS, _CLAIMS)
    def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> None:
        parts = ({"alg": "RS256", "kid": "one", **header}, {**issuer.claims(), **claims})
        tokens.append(".".join(_encoded(json.dumps(part).encode()) for part in parts) + ".AAAA")

    signed()
    unsigned()
    opened = 0
    for token in tokens:
        try:
            await door.opens(token)
            opened += 1
        except RelhubError:
            pass
    assert 0 < opened < len(tokens) / 2
