"""At the door, over HTTP: what an outsider is told, how often one may ask, whom a proxy may speak for, and files that change."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from prometheus_client import REGISTRY
from tests.issuers import CONSUMER, RSA_2, Issuer, issuer_table, issuing, settings_in

from relhub.api.proxies import Proxies
from relhub.config.settings import Settings
from relhub.errors import ConfigurationError, NotAuthenticated
from relhub.logs import set_up_logging
from relhub.main import create_app

ASKED = {"X-Processing-Activity": "source-health"}
OIN, OTHER = "00000003002564440000", "00000001003214345000"


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    written = io.StringIO()
    set_up_logging("DEBUG")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    yield written
    handler.setStream(before)
    logging.getLogger().handlers[:] = []
    structlog.reset_defaults()


@asynccontextmanager
async def serving(settings: Settings, address: str = "192.0.2.1") -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app, client=(address, 1))
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://hub/v1") as client:
        yield client


async def ask(client: httpx2.AsyncClient, token: str, **headers: str) -> httpx2.Response:
    """Of a token that is accepted the answer is 503: there is no database."""
    return await client.get("/sources", headers=ASKED | {"Authorization": f"Bearer {token}"} | headers)


@pytest.fixture
def consumers(issuer: Issuer) -> str:
    return issuer_table(issuer.url) + CONSUMER


async def test_an_outsider_is_told_the_same_whatever_is_wrong_and_the_log_is_told_what(
    issuer: Issuer, consumers: str, tmp_path: Path, log_lines: io.StringIO
) -> None:
    async with serving(settings_in(tmp_path, consumers)) as client:
        wrong = {
            "expired": issuer.token(exp=1),
            "audience": issuer.token(aud="elsewhere"),
            "application": issuer.token(azp="stranger", sub="stranger"),
            "issuer": issuer.token(iss="https://elsewhere.example"),
            "key": issuer.token(RSA_2),
            "signature": issuer.token()[:-8] + "AAAAAAAA",
            "form": "nothing",
        }
        answers = {reason: await ask(client, token) for reason, token in wrong.items()}
    told = {(a.status_code, a.headers["www-authenticate"], str({**a.json(), "instance": ""})) for a in answers.values()}
    assert len(told) == 1
    assert next(iter(told))[:2] == (401, 'Bearer realm="relhub", error="invalid_token", error_description="The token is not accepted here"')
    logged = log_lines.getvalue()
    for reason, token in wrong.items():
        assert f'"reason":"{reason}"' in logged
        assert token not in logged or token == "nothing"


async def test_a_narrowed_token_that_is_left_with_nothing_is_told_so_with_403(issuer: Issuer, tmp_path: Path) -> None:
    text = issuer_table(issuer.url, claims='official = "preferred_username"\ndepartment = "department"') + CONSUMER
    async with serving(settings_in(tmp_path, text)) as client:
        answer = await ask(client, issuer.for_an_official(department="Elsewhere"))
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == 'Bearer realm="relhub", error="insufficient_scope"'
    assert "names no department that was agreed" in answer.json()["detail"]


async def test_an_issuer_that_does_not_answer_is_said_with_when_to_ask_again(consumers: str, tmp_path: Path, issuer: Issuer) -> None:
    issuer.fault = "500"
    async with serving(settings_in(tmp_path, consumers)) as client:
        answer = await ask(client, issuer.token())
    issuer.fault = ""
    assert (answer.status_code, answer.json()["type"], answer.headers["retry-after"]) == (
        503,
        "urn:problem-type:relhub:issuer-unavailable",
        "15",
    )


async def test_an_official_is_named_by_the_token_alone(issuer: Issuer, consumers: str, tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path, consumers)) as client:
        official = issuer.for_an_official()
        assert (await ask(client, official)).status_code == 503
        assert (await ask(client, official, **{"X-Official": "j.jansen"})).status_code == 503
        assert (await ask(client, official, **{"X-Official": "m.visser"})).status_code == 400
        assert (await ask(client, issuer.token(), **{"X-Official": "j.jansen"})).status_code == 400
        assert (await ask(client, issuer.token())).status_code == 503


async def test_only_an_application_that_may_names_its_official_and_then_it_must(issuer: Issuer, consumers: str, tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path, consumers + "may_name_official = true\n")) as client:
        assert (await ask(client, issuer.token())).status_code == 400
        assert (await ask(client, issuer.token(), **{"X-Official": "j.jansen"})).status_code == 503
        assert (await ask(client, issuer.for_an_official(), **{"X-Official": "m.visser"})).status_code == 400


async def test_a_consumer_that_asks_too_often_waits_and_others_do_not(issuer: Issuer, consumers: str, tmp_path: Path) -> None:
    other = CONSUMER.replace("permits-desk", "other").replace('"desk"', '"other"')
    before = counted("relhub_rate_limited_total", limit="consumer")
    async with serving(settings_in(tmp_path, consumers + 'rate_limit = "3/minute"\n' + other)) as client:
        statuses = [(await ask(client, issuer.token())).status_code for _ in range(4)]
        assert statuses == [503, 503, 503, 429]
        answer = await ask(client, issuer.token(jti="another"))
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:problem-type:relhub:too-many-requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 61
        assert "3 times per minute" in answer.json()["detail"]
        assert (await ask(client, issuer.token(azp="other", sub="other"))).status_code == 503
    assert counted("relhub_rate_limited_total", limit="consumer") == before + 2


async def test_the_default_limit_is_a_setting(issuer: Issuer, consumers: str, tmp_path: Path) -> None:
    async with serving(settings_in(tmp_path, consumers, rate_limit="1/10 second")) as client:
        assert [(await ask(client, issuer.token())).status_code for _ in range(2)] == [503, 429]
    async with serving(settings_in(tmp_path, consumers + 'rate_limit = ""\n', rate_limit="1/minute")) as client:
        assert [(await ask(client, issuer.token())).status_code for _ in range(2)] == [503, 503]


async def test_an_address_that_keeps_failing_is_not_looked_at_while_known_tokens_go_on(
    issuer: Issuer, consumers: str, tmp_path: Path
) -> None:
    refused = counted("relhub_authentications_refused_total", reason="signature")
    async with serving(settings_in(tmp_path, consumers, failure_limit="5/minute")) as client:
        good = issuer.token()
        await ask(client, good)
        forged = [issuer.token(jti=str(number))[:-8] + "AAAAAAAA" for number in range(7)]
        assert [(await ask(client, token)).status_code for token in forged] == [401] * 5 + [429] * 2
        assert (await ask(client, good)).status_code == 503
        late = await ask(client, issuer.token(jti="new"))
        assert (late.status_code, "retry-after" in late.headers) == (429, True)
    assert counted("relhub_authentications_refused_total", reason="signature") == refused + 5


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_where_a_request_began_is_believed_from_trusted_proxies_only() -> None:
    proxies = Proxies("10.1.2.0/24, 2001:db8::/32", "")
    assert proxies.read({"x-forwarded-for": ["198.51.100.7"]}, "192.0.2.1")[0] == "192.0.2.1"
    assert proxies.read({"x-forwarded-for": ["203.0.113.9, 198.51.100.7, 10.1.2.9"]}, "10.1.2.3")[0] == "198.51.100.7"
    assert proxies.read({"x-forwarded-for": ["203.0.113.9", "198.51.100.7"]}, "::ffff:10.1.2.3")[0] == "198.51.100.7"
    assert proxies.read({"x-forwarded-for": ["what's this"]}, "10.1.2.3")[0] == "10.1.2.3"
    assert proxies.read({}, "2001:db8::1")[0] == "2001:db8::1"
    assert Proxies("", "").read({"x-forwarded-for": ["198.51.100.7"]}, "192.0.2.1") == ("192.0.2.1", "")


@pytest.mark.parametrize(
    ("said", "oin"),
    [
        (OIN, OIN),
        (f"CN=relhub,O=Gemeente Voorbeeld,serialNumber={OIN},C=NL", OIN),
        (f"/C=NL/O=Gemeente Voorbeeld/serialNumber={OIN}/CN=relhub", OIN),
        (f"2.5.4.5={OIN}, CN=relhub", OIN),
        (f"CN={OIN}", ""),
        (f"CN=x serialNumber={OIN}", ""),
        (f"serialNumber={OIN}0", ""),
        ("", ""),
    ],
)
def test_an_oin_is_read_from_where_a_certificate_has_it(said: str, oin: str) -> None:
    assert Proxies("10.1.2.3", "X-Subject").read({"x-subject": [said]}, "10.1.2.3")[1] == oin


def test_a_certificate_that_a_stranger_claims_is_refused() -> None:
    proxies = Proxies("10.1.2.3", "X-Subject")
    with pytest.raises(NotAuthenticated):
        proxies.read({"x-subject": [OIN]}, "192.0.2.1")
    with pytest.raises(NotAuthenticated):
        proxies.read({"x-subject": [OIN, OTHER]}, "10.1.2.3")


async def test_a_token_that_is_bound_to_an_organisation_works_with_its_certificate_only(
    issuer: Issuer, consumers: str, tmp_path: Path
) -> None:
    trusting = {"trusted_proxies": "10.1.2.3", "client_oin_header": "X-Subject"}
    settings = settings_in(tmp_path, consumers + f'oin = "{OIN}"\n', **trusting)
    async with serving(settings, "10.1.2.3") as client:
        assert (await ask(client, issuer.token(), **{"X-Subject": OIN})).status_code == 503
        assert (await ask(client, issuer.token(), **{"X-Subject": OTHER})).status_code == 401
        assert (await ask(client, issuer.token())).status_code == 401
    before = counted("relhub_authentications_refused_total", reason="proxy")
    async with serving(settings, "192.0.2.1") as client:
        assert (await ask(client, issuer.token(), **{"X-Subject": OIN})).status_code == 401
    assert counted("relhub_authentications_refused_total", reason="proxy") == before + 1


@pytest.mark.parametrize(
    ("more", "given", "wrong"),
    [
        ("", {"client_oin_header": "X-Subject"}, "RELHUB_TRUSTED_PROXIES"),
        ("", {"trusted_proxies": "10.1.2.3/8"}, "RELHUB_TRUSTED_PROXIES"),
        ("", {"rate_limit": "often"}, "RELHUB_RATE_LIMIT"),
        (f'oin = "{OIN}"', {}, "RELHUB_CLIENT_OIN_HEADER"),
        (f'oin = "{OIN}"', {"trusted_proxies": "10.1.2.3"}, "RELHUB_CLIENT_OIN_HEADER"),
    ],
)
def test_settings_that_would_believe_anyone_or_no_one_are_refused_at_start(
    consumers: str, tmp_path: Path, more: str, given: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ConfigurationError, match=wrong):
        create_app(settings_in(tmp_path, consumers + more, **given))


async def test_a_changed_consumers_file_is_in_force_within_two_seconds_and_a_broken_one_never(
    issuer: Issuer, consumers: str, tmp_path: Path, log_lines: io.StringIO
) -> None:
    settings = settings_in(tmp_path, consumers)
    refused = {"file": "consumers.toml"}
    async with serving(settings) as client:
        token = issuer.token()
        assert (await ask(client, token)).status_code == 503
        settings.consumers.write_text(consumers.replace('"desk"', '"desk'))
        await asyncio.sleep(2)
        assert (await ask(client, token)).status_code == 503
        assert "the one before stays in force" in log_lines.getvalue()
        assert counted("relhub_configuration_refused", **refused) == 1
        settings.consumers.write_text(consumers.replace('"desk"', '"another"'))
        await asyncio.sleep(2)
        assert (await ask(client, token)).status_code == 401
        assert (await ask(client, issuer.token(azp="another", sub="another"))).status_code == 503
        assert counted("relhub_configuration_refused", **refused) == 0
        settings.consumers.unlink()
        await asyncio.sleep(2)
        assert (await ask(client, issuer.token(azp="another", sub="another"))).status_code == 503
