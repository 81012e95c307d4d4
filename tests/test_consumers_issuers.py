"""The keys of an issuer: found, followed when they change, and never asked for more often than is right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, RSAKey
from prometheus_client import REGISTRY
from tests.issuers import CONSUMER, RSA_1, RSA_2, Door, Issuer, issuer_table, issuing, settings_in

from relhub.config.consumers import load_consumers
from relhub.errors import ConfigurationError, IssuerUnavailable, NotAuthenticated
from relhub.services import follow_issuer


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def door(issuer: Issuer, tmp_path: Path) -> Door:
    return Door(settings_in(tmp_path, issuer_table(issuer.url) + CONSUMER, failure_limit=""))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer may be asked again at once."""
    monkeypatch.setattr(follow_issuer, "BETWEEN", 0.0)


async def test_keys_are_found_through_either_kind_of_metadata_or_at_an_address_that_is_given(issuer: Issuer, tmp_path: Path) -> None:
    await Door(settings_in(tmp_path, issuer_table(issuer.url) + CONSUMER)).opens(issuer.token())
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    issuer.only_rfc_8414, issuer.asked = True, []
    await Door(settings_in(tmp_path, issuer_table(issuer.url) + CONSUMER)).opens(issuer.token())
    assert issuer.asked == ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/keys"]
    issuer.asked = []
    direct = issuer_table(issuer.url, f'jwks_uri = "{issuer.url}/own/keys"')
    await Door(settings_in(tmp_path, direct + CONSUMER)).opens(issuer.token())
    assert issuer.asked == ["/own/keys"]


@pytest.mark.usefixtures("impatient")
async def test_a_new_key_is_accepted_and_a_withdrawn_one_refused_without_a_restart(door: Door, issuer: Issuer) -> None:
    old, new = issuer.token(RSA_1), issuer.token(RSA_2)
    await door.opens(old)
    issuer.published = [issuer.public(RSA_2)]
    await door.opens(new)
    with pytest.raises(NotAuthenticated, match="key"):
        await door.opens(old)


async def test_tokens_with_invented_keys_do_not_make_us_ask_the_issuer_each_time(door: Door, issuer: Issuer) -> None:
    for number in range(50):
        with pytest.raises(NotAuthenticated, match="key"):
            await door.opens(issuer.token(RSA_2, {"kid": f"invented-{number}"}))
    assert issuer.asked.count("/keys") == 1
    await door.opens(issuer.token())


async def test_many_tokens_at_once_with_a_new_key_ask_once(door: Door, issuer: Issuer) -> None:
    await asyncio.gather(*(door.opens(issuer.token()) for _ in range(20)))
    assert issuer.asked.count("/keys") == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", ["500", "garbage", "large", "redirects", "other"])
async def test_while_the_issuer_gives_no_keys_the_known_ones_work_and_others_wait(door: Door, issuer: Issuer, fault: str) -> None:
    await door.opens(issuer.token())
    issuer.fault = fault
    with pytest.raises(IssuerUnavailable):
        await door.opens(issuer.token(RSA_2))
    await door.opens(issuer.token(jti="another"))
    issuer.fault, issuer.published = "", [issuer.public(RSA_2)]
    await door.opens(issuer.token(RSA_2))


async def test_an_issuer_that_hangs_is_given_up_on(door: Door, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relhub.adapters.issuer._SECONDS", 0.2)
    issuer.fault = "hangs"
    with pytest.raises(IssuerUnavailable):
        await asyncio.wait_for(door.opens(issuer.token()), 2)


async def test_one_that_does_not_answer_is_asked_again_after_a_while_only(door: Door, issuer: Issuer) -> None:
    issuer.fault = "500"
    for _ in range(5):
        with pytest.raises(IssuerUnavailable):
            await door.opens(issuer.token())
    assert len(issuer.asked) == 1


async def test_keys_that_are_weak_of_another_kind_or_for_encrypting_are_not_used(door: Door, issuer: Issuer) -> None:
    with pytest.warns(match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "weak"})
    other = ECKey.generate_key("P-384", {"kid": "other"})
    issuer.published = [
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        issuer.public(other),
        weak.as_dict(private=False),
        issuer.public(RSA_2, use="enc"),
        {"kty": "RSA", "kid": "broken", "n": 1, "e": "AQAB"},
        {"kty": "EC", "kid": "off", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": ["RSA"]},
        "no key",
        issuer.public(RSA_1),
    ]
    await door.opens(issuer.token(RSA_1))
    for token in (issuer.token(RSA_2), issuer.token(RSA_1, {"kid": "weak"}), issuer.token(RSA_1, {"kid": "broken"})):
        with pytest.raises(NotAuthenticated, match="key"):
            await door.opens(token)


async def test_a_key_that_says_its_algorithm_is_used_for_no_other(door: Door, issuer: Issuer) -> None:
    issuer.published = [issuer.public(RSA_1, alg="PS256")]
    await door.opens(issuer.token(RSA_1, {"alg": "PS256"}))
    with pytest.raises(NotAuthenticated, match="key"):
        await door.opens(issuer.token(RSA_1))


async def test_a_set_without_any_usable_key_is_a_fault_of_the_issuer(door: Door, issuer: Issuer) -> None:
    issuer.published = []
    with pytest.raises(IssuerUnavailable):
        await door.opens(issuer.token())


async def test_keys_are_fetched_before_the_first_token_needs_them(door: Door, issuer: Issuer) -> None:
    before = times_asked()
    following = asyncio.create_task(door.authentication.follow())
    while times_asked() == before:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
    following.cancel()
    await door.opens(issuer.token())
    assert issuer.asked.count("/keys") == 1


def times_asked() -> float:
    return REGISTRY.get_sample_value("relhub_issuer_refreshes_total", {"issuer": "ours", "outcome": "done"}) or 0.0


async def test_who_goes_away_while_the_issuer_is_asked_keeps_no_one_from_asking_again(door: Door, issuer: Issuer) -> None:
    issuer.fault = "hangs"
    with suppress(TimeoutError):
        await asyncio.wait_for(door.opens(issuer.token()), 0.1)
    issuer.fault = ""
    await door.opens(issuer.token())


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ('jwks_uri = "http://login.example/keys"', "https://"),
        ('jwks_uri = "https://user:password@login.example/keys"', "no user"),
        ('algorithms = ["HS256"]', "RS256"),
        ("algorithms = []", "at least 1"),
        ("leeway = 3600", "less than or equal to 120"),
        ('secret = "x"', "unknown key"),
    ],
)
def test_an_issuer_that_cannot_be_trusted_is_refused_at_start(tmp_path: Path, more: str, wrong: str) -> None:
    file = tmp_path / "consumers.toml"
    file.write_text(issuer_table("https://login.example", more) + CONSUMER)
    with pytest.raises(ConfigurationError, match=wrong):
        load_consumers(file)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (CONSUMER, "there is no issuer ours"),
        (issuer_table("https://login.example") + CONSUMER * 2, "two consumers are called permits-desk"),
        (issuer_table("https://login.example") + CONSUMER + CONSUMER.replace("permits-desk", "other"), "one client of one issuer"),
        (issuer_table("https://login.example").replace('["relhub"]', '["desk"]') + CONSUMER, "an ID token of it would pass"),
        (issuer_table("https://login.example") * 2, "two issuers are called ours"),
        (issuer_table("https://login.example", claims='roles = "realm_access..roles"'), "not a JMESPath expression"),
        (CONSUMER.replace('issuer = "ours"', ""), "client_id is of no use without issuer"),
        (issuer_table("https://login.example") + CONSUMER + 'rate_limit = "often"', "rate_limit"),
    ],
)
def test_a_consumers_file_that_contradicts_itself_is_refused_with_where(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "consumers.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=wrong):
        load_consumers(file)
