"""Signing in on the console at an authorisation server that nobody here wrote; and everything that must not get somebody in."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from tests.console_browsing import Browser, Form, browsing
from tests.issuers import RSA_1, RSA_2, Issuer, Key, issuing
from tests.real_issuer import SECRET, RealIssuer
from tests.test_entries import applicant
from tests.towns import rows, settings_for

from relhub.config.issuers import IssuerConfig
from relhub.errors import ConfigurationError, NotAuthenticated
from relhub.main import create_app
from relhub.services.follow_issuer import FollowedIssuer
from relhub.services.hub import Hub
from relhub.services.keep_session import Session, begin_session
from relhub.services.verify_token import verify_id_token

CONSUMERS = """
[[issuer]]
name = "real"
issuer = "{url}"
audience = ["urn:relhub"]
only_access_tokens = true
[issuer.claims]
roles = "realm_access.roles"
department = "department"

[[consumer]]
name = "console"
issuer = "real"
application = "console"
organisation = "Gemeente Voorbeeld"
department = "{department}"
activities = ["permit-handling", "enforcement-handling"]
"""
KEY = RSAKey.generate_key(2048, {"kid": "r", "use": "sig"})


@pytest.fixture(scope="module")
async def real_issuing(real: RealIssuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """The issuer is there, at one address for all of these tests."""
    async with real.signing_with(KEY, "RS256", tmp_path_factory.mktemp("issuer") / "keys.json"):
        yield


@pytest.fixture
async def department() -> str:
    return "Vergunningen"


@pytest.fixture
async def browser(
    hub: Hub, sources_dir: Path, real: RealIssuer, real_issuing: None, tmp_path: Path, department: str
) -> AsyncIterator[Browser]:
    file = tmp_path / "consumers.toml"
    file.write_text(CONSUMERS.replace("{url}", real.url).replace("{department}", department))
    given = {
        "console_url": real.url,
        "console_demo": False,
        "console_consumer": "console",
        "console_secret": SecretStr(SECRET),
        "console_scope": "openid relhub",
        "consumers": file,
    }
    async with browsing(hub, sources_dir, **given) as opened:
        yield opened


async def asked_to_sign_in(browser: Browser) -> str:
    """Where the console leads who wants to sign in."""
    browser.client.follow_redirects = False
    address = (await browser.client.get("/console/sign-in/account")).headers["location"]
    browser.client.follow_redirects = True
    return str(address)


async def log_in(real: RealIssuer, address: str, account: str = "m.visser") -> str:
    """With which address the issuer sends the browser back."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await real.log_in(http, address, account)


async def test_an_official_signs_in_with_their_own_account_and_is_the_one_in_the_log(browser: Browser, hub: Hub, real: RealIssuer) -> None:
    page = await browser.open("/console")
    assert "/console/sign-in/account" in set(page.links())
    page = await browser.open(await log_in(real, await asked_to_sign_in(browser)))
    assert (browser.path, "Ingelogd: m.visser, Vergunningen" in page.text) == ("/console", True)
    assert "permit-handling" in str([form.fields for form in page.forms])
    assert "enforcement-handling" not in str([form.fields for form in page.forms])
    await browser.work("permit-handling", "case", "V-2026-00001")
    await browser.open(f"/console/{browser.work_id}/relations/{await applicant(hub)}")
    assert browser.response.status_code == 200
    last = await rows(hub, "SELECT official, consumer FROM consultation_log ORDER BY at DESC LIMIT 1")
    assert [tuple(row) for row in last] == [("m.visser", "console")]


async def test_what_is_asked_of_the_issuer_is_code_with_pkce_state_and_nonce_and_each_is_used_once(
    browser: Browser, real: RealIssuer
) -> None:
    first, second = [parse_qs(urlsplit(await asked_to_sign_in(browser)).query) for _ in range(2)]
    assert (first["response_type"], first["code_challenge_method"], first["redirect_uri"]) == (
        ["code"], ["S256"], [f"{real.url}/console/back"],
    )  # fmt: skip
    assert {name for name in first if first[name] == second[name]} == {
        "response_type", "client_id", "redirect_uri", "scope", "code_challenge_method",
    }  # fmt: skip


async def test_a_code_is_of_the_browser_that_asked_for_it(browser: Browser, hub: Hub, real: RealIssuer) -> None:
    back = await log_in(real, await asked_to_sign_in(browser))
    browser.client.cookies.clear()
    page = await browser.open(back)
    assert (browser.response.status_code, "niet gelukt" in page.text) == (400, True)
    await asked_to_sign_in(browser)  # another sign-in of the same browser: another state
    await browser.open(back)
    assert browser.response.status_code == 400
    assert await rows(hub, "SELECT FROM console_session") == []


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "x"},
        {"state": ""},
        {"code": "x"},
        {"code": ""},
        {"iss": "https://elsewhere.example"},
        {"error": "access_denied", "code": ""},
    ],
)
async def test_what_comes_back_changed_signs_nobody_in(browser: Browser, hub: Hub, real: RealIssuer, changed: dict[str, str]) -> None:
    back = urlsplit(await log_in(real, await asked_to_sign_in(browser)))
    given = {name: values[0] for name, values in parse_qs(back.query).items()} | changed
    page = await browser.open(f"{back.path}?{urlencode({name: value for name, value in given.items() if value})}")
    assert (browser.response.status_code, "niet gelukt" in page.text) == (400, True)
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_a_code_works_once(browser: Browser, hub: Hub, real: RealIssuer) -> None:
    back = await log_in(real, await asked_to_sign_in(browser))
    kept = dict(browser.client.cookies)
    await browser.open(back)
    assert browser.path == "/console"
    browser.client.cookies.clear()
    browser.client.cookies.update(kept)
    await browser.open(back)
    assert browser.response.status_code == 400


async def test_who_signs_out_is_led_to_sign_out_at_the_issuer_without_anything_about_them_in_the_address(
    browser: Browser, real: RealIssuer
) -> None:
    async with httpx2.AsyncClient(trust_env=False) as at_the_issuer:
        await browser.open(await real.log_in(at_the_issuer, await asked_to_sign_in(browser), "m.visser"))
        still = await at_the_issuer.get(await asked_to_sign_in(browser))
        assert "/console/back?code=" in still.headers["location"], "without being asked who they are"
        page = await browser.send(browser.page.form("/sign-out"))
        [address] = [said["content"].partition("url=")[2] for tag, said in page.elements if said.get("http-equiv") == "refresh"]
        assert address in set(page.links())
        assert parse_qs(urlsplit(address).query) == {"client_id": ["console"], "post_logout_redirect_uri": [f"{real.url}/console/sign-in"]}
        assert await real.sign_out(at_the_issuer, address) == f"{real.url}/console/sign-in"
        browser.client.cookies.clear()
        again = await at_the_issuer.get(await asked_to_sign_in(browser))
        assert "/interaction/" in again.headers["location"], "whoever sits there now has to sign in"


async def test_who_signed_out_shows_who_they_are_when_they_sign_in_again_and_then_not_each_time(browser: Browser, real: RealIssuer) -> None:
    async with httpx2.AsyncClient(trust_env=False) as at_the_issuer:
        first = await asked_to_sign_in(browser)
        await browser.open(await real.log_in(at_the_issuer, first, "m.visser"))
        await browser.send(browser.page.form("/sign-out"))
        anew = await asked_to_sign_in(browser)
        assert ["prompt" in parse_qs(urlsplit(address).query) for address in (first, anew)] == [False, True]
        assert "/interaction/" in (await at_the_issuer.get(anew)).headers["location"], "though the issuer knows them still"
        await browser.open(await real.log_in(at_the_issuer, anew, "m.visser"))
        assert browser.path == "/console"
        assert "prompt" not in parse_qs(urlsplit(await asked_to_sign_in(browser)).query)


@pytest.mark.parametrize("said", [{}, {"end_session_endpoint": "http://elsewhere.example/out"}, None])
async def test_signing_out_works_also_where_the_issuer_has_no_such_place_or_does_not_answer(
    hub: Hub, sources_dir: Path, tmp_path: Path, said: dict[str, str] | None
) -> None:
    async with issuing() as issuer:
        issuer.said |= said or {}
        file = tmp_path / "consumers.toml"
        file.write_text(
            CONSUMERS.replace("{url}", "http://127.0.0.1:1" if said is None else issuer.url).replace("{department}", "Vergunningen")
        )
        async with browsing(hub, sources_dir, console_consumer="console", consumers=file) as browser:
            session = Session("t", "", "m.visser", "Vergunningen", time.time() + 60)
            browser.client.cookies.set("relhub-console", await begin_session(hub, session))
            await browser.send(Form("/console/sign-out", {"csrf": session.csrf}))
            assert (browser.response.status_code, browser.path) == (200, "/console/sign-in")
            assert await rows(hub, "SELECT FROM console_session") == []
            if said is not None:
                assert parse_qs(urlsplit(await asked_to_sign_in(browser)).query)["prompt"] == ["login"]


@pytest.mark.parametrize("department", ["Financiën"])
async def test_an_account_of_a_department_that_was_not_agreed_is_told_so(browser: Browser, hub: Hub, real: RealIssuer) -> None:
    page = await browser.open(await log_in(real, await asked_to_sign_in(browser)))
    assert (browser.response.status_code, "geen afdeling" in page.text) == (403, True)
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_an_issuer_that_does_not_answer_is_said_to_be_so(hub: Hub, sources_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "consumers.toml"
    file.write_text(CONSUMERS.replace("{url}", "http://127.0.0.1:1").replace("{department}", "Vergunningen"))
    async with browsing(hub, sources_dir, console_demo=False, console_consumer="console", consumers=file) as browser:
        page = await browser.open("/console/sign-in/account")
        assert (browser.response.status_code, "kan nu niet worden gecontroleerd" in page.text) == (503, True)


async def test_pages_elsewhere_that_send_a_browser_back_here_shut_nobody_out(hub: Hub, sources_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "consumers.toml"
    file.write_text(CONSUMERS.replace("{url}", "http://127.0.0.1:1").replace("{department}", "Vergunningen"))
    given: dict[str, Any] = {"console_demo": False, "console_consumer": "console", "consumers": file, "failure_limit": "2/hour"}
    async with browsing(hub, sources_dir, **given) as browser:
        for _ in range(5):
            await browser.open("/console/back?code=a&state=b")
            assert browser.response.status_code == 400
        answer = await browser.client.get("/v1/sources", headers={"Authorization": "Bearer a.b.c"})
    assert answer.status_code == 401, "not yet 429: this address sent no token that was refused"


async def test_who_begins_again_and_again_has_the_issuer_asked_once_and_codes_that_fail_are_counted(
    hub: Hub, sources_dir: Path, tmp_path: Path
) -> None:
    async with issuing() as issuer:
        file = tmp_path / "consumers.toml"
        file.write_text(CONSUMERS.replace("{url}", issuer.url).replace("{department}", "Vergunningen"))
        given: dict[str, Any] = {"console_demo": False, "console_consumer": "console", "consumers": file, "failure_limit": "2/hour"}
        async with browsing(hub, sources_dir, **given) as browser:
            statuses = []
            for _ in range(3):
                [state] = parse_qs(urlsplit(await asked_to_sign_in(browser)).query)["state"]
                statuses.append((await browser.client.get(f"/console/back?code=a&state={state}")).status_code)
    assert statuses == [400, 400, 429]
    assert issuer.asked.count("/.well-known/openid-configuration") == 1
    assert issuer.asked.count("/token") == 2


@pytest.mark.parametrize("name", ["nobody", "permits-desk"])
def test_a_consumer_as_which_nobody_can_sign_in_is_refused_at_start(name: str, tmp_path: Path) -> None:
    settings = settings_for("postgresql://x@127.0.0.1:1/x", tmp_path).model_copy(
        update={"console_url": "https://relhub.voorbeeld.example", "console_consumer": name}
    )
    with pytest.raises(ConfigurationError, match="RELHUB_CONSOLE_CONSUMER"):
        create_app(settings)


def an_id_token(issuer: Issuer, key: Key = RSA_1, header: dict[str, Any] | None = None, **claims: Any) -> str:
    given = {"aud": "console", "nonce": "n-1", "sub": "5f0c", "azp": None, "jti": None, **claims}
    return issuer.token(key, {"typ": "JWT", **(header or {})}, **given)


async def check(issuer: Issuer, token: str) -> None:
    config = IssuerConfig(name="ours", issuer=issuer.url, audience=frozenset({"relhub"}), only_access_tokens=True)
    await verify_id_token(FollowedIssuer(config, lambda: None), token, "console", "n-1", time.time())


async def test_an_id_token_is_signed_by_the_issuer_for_this_client_and_of_this_sign_in() -> None:
    async with issuing() as issuer:
        await check(issuer, an_id_token(issuer))
        await check(issuer, an_id_token(issuer, aud=["console", "other"], azp="console"))
        for wrong in (
            an_id_token(issuer, nonce="n-2"),
            an_id_token(issuer, nonce=None),
            an_id_token(issuer, aud="desk"),
            an_id_token(issuer, azp="desk"),
            an_id_token(issuer, iss="https://elsewhere.example"),
            an_id_token(issuer, exp=int(time.time()) - 60),
            an_id_token(issuer, iat=int(time.time()) + 600),
            an_id_token(issuer, RSA_2, {"kid": "one"}),
            an_id_token(issuer, header={"jku": f"{issuer.url}/keys"}),
            "x",
        ):
            with pytest.raises(NotAuthenticated):
                await check(issuer, wrong)
