"""The one HTTP client: what it does when a source is slow, gone, wrong, or too much."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.adapter_servers import serving, source

from relhub.adapters.client import SourceClient
from relhub.config.sources import SourceConfig
from relhub.errors import ConfigurationError, SourceRefused, SourceUnavailable

LIMITS = "[limits]\nread = 0.4\nconnect = 0.4\ntotal = 0.8\nretries = 2\nlongest_wait = 1.0\nmax_body_mb = 0.01\n"
Answering = Callable[[Request], Awaitable[Response]]


class System:
    """Answers as the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answers: list[Answering] = []
        self.always: Answering | None = None
        self.at_once = self.most_at_once = 0
        self.url = ""
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.answers.pop(0) if self.answers else self.always
            return await answer(request) if answer else JSONResponse({"ok": True})
        finally:
            self.at_once -= 1

    def then(self, status: int, body: object = None, **headers: str) -> None:
        async def answer(request: Request) -> Response:
            return JSONResponse(body, status, headers={name.replace("_", "-"): value for name, value in headers.items()})

        self.answers.append(answer)


@pytest.fixture
async def system() -> AsyncIterator[System]:
    made = System()
    async with serving(made.app) as url:
        made.url = url
        yield made


@pytest.fixture
def config(system: System, tmp_path: Path) -> SourceConfig:
    return source(tmp_path, system.url, LIMITS)


async def test_a_failure_that_passes_is_not_noticed(system: System, config: SourceConfig) -> None:
    system.then(503)
    system.then(500)
    async with SourceClient(config) as client:
        answer = await client.get("/list", place="list")
    assert answer.body == {"ok": True}
    assert len(system.asked) == 3


async def test_retries_end(system: System, config: SourceConfig) -> None:
    for _ in range(9):
        system.then(503)
    async with SourceClient(config) as client:
        with pytest.raises(SourceUnavailable, match=r"testing: list: answers 503, 3 times"):
            await client.get("/list", place="list")
    assert len(system.asked) == 3


async def test_a_source_that_asks_to_wait_is_not_asked_before(system: System, config: SourceConfig) -> None:
    system.then(429, retry_after="0.3")
    async with SourceClient(config) as client:
        began = time.monotonic()
        await client.get("/list", place="list")
    assert time.monotonic() - began >= 0.3


async def test_a_source_that_asks_to_wait_too_long_is_left_for_later(system: System, config: SourceConfig) -> None:
    system.then(429, retry_after="3600")
    async with SourceClient(config) as client:
        with pytest.raises(SourceUnavailable, match="asks to wait 3600 s"):
            await client.get("/list", place="list")
    assert len(system.asked) == 1


async def test_a_refusal_is_not_repeated_and_says_what_to_do(system: System, config: SourceConfig) -> None:
    system.then(403, {"code": "jwt-expired", "detail": "geheim"})
    async with SourceClient(config) as client:
        with pytest.raises(SourceRefused, match=r"answers 403 \(jwt-expired\): check the rights") as error:
            await client.get("/list", {"q": "999993653"}, place="list")
    assert len(system.asked) == 1
    assert "999993653" not in str(error.value)
    assert "geheim" not in str(error.value)


async def test_what_does_not_exist_is_none_to_find_and_a_refusal_to_get(system: System, config: SourceConfig) -> None:
    system.then(404)
    system.then(410)
    system.then(404)
    async with SourceClient(config) as client:
        assert await client.find("/one", place="one") is None
        assert await client.find("/one", place="one") is None
        with pytest.raises(SourceRefused, match="404"):
            await client.get("/one", place="one")


async def test_an_answer_that_is_not_json_is_a_broken_contract(system: System, config: SourceConfig) -> None:
    async def page(request: Request) -> Response:
        return PlainTextResponse("<html>Onderhoud</html>")

    system.always = page
    async with SourceClient(config) as client:
        with pytest.raises(SourceRefused, match="not JSON") as error:
            await client.get("/list", place="list")
    assert "Onderhoud" not in str(error.value)


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(system: System, config: SourceConfig) -> None:
    system.then(200, ["x" * 20_000])
    async with SourceClient(config) as client:
        with pytest.raises(SourceRefused, match=r"larger than 0\.01 MB"):
            await client.get("/list", place="list")


async def test_a_slow_answer_is_not_waited_for(system: System, config: SourceConfig) -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(1.0)
        return JSONResponse({})

    system.always = slow
    async with SourceClient(config) as client:
        with pytest.raises(SourceUnavailable, match="no answer in time"):
            await client.get("/list", place="list")
        with pytest.raises(SourceUnavailable, match=r"within 0\.8 s in all"):
            async with client.in_time():
                await client.get("/list", place="list")


async def test_a_source_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    async with SourceClient(source(tmp_path, "http://127.0.0.1:9", LIMITS)) as client:
        with pytest.raises(SourceUnavailable, match="connection failed"):
            await client.get("/list", place="list")


async def test_a_redirect_on_the_same_host_is_followed(system: System, config: SourceConfig) -> None:
    async def elsewhere(request: Request) -> Response:
        return RedirectResponse("/new")

    system.answers.append(elsewhere)
    async with SourceClient(config) as client:
        assert (await client.get("/old", place="list")).body == {"ok": True}
    assert [request.url.path for request in system.asked] == ["/old", "/new"]


async def test_redirects_in_a_circle_end(system: System, config: SourceConfig) -> None:
    async def elsewhere(request: Request) -> Response:
        return RedirectResponse("/old")

    system.always = elsewhere
    async with SourceClient(config) as client:
        with pytest.raises(SourceRefused, match="answers 307"):
            await client.get("/old", place="list")
    assert len(system.asked) == 4


async def test_credentials_are_not_carried_to_another_host(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "the-secret")
    thief = System()

    async def elsewhere(request: Request) -> Response:
        return RedirectResponse(f"{thief.url}/take")

    system.always = elsewhere
    config = source(tmp_path, system.url, LIMITS + '[auth]\nkind = "api_key"\nsecret = { env = "TEST_KEY" }\n')
    async with serving(thief.app) as thief.url, SourceClient(config) as client:
        with pytest.raises(SourceRefused, match="another host"):
            await client.get("/list", place="list")
        with pytest.raises(SourceRefused, match="another host"):
            await client.get(f"{thief.url}/list", place="list")
    assert not thief.asked
    assert system.asked[0].headers["x-api-key"] == "the-secret"


async def test_a_source_that_keeps_failing_is_left_alone_and_then_tried_once(system: System, tmp_path: Path) -> None:
    config = source(tmp_path, system.url, LIMITS.replace("retries = 2", "retries = 0") + "breaker_failures = 3\nbreaker_seconds = 0.3\n")
    for _ in range(3):
        system.then(500)
    async with SourceClient(config) as client:
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match="answers 500"):
                await client.get("/list", place="list")
        with pytest.raises(SourceUnavailable, match="left alone"):
            await client.get("/list", place="list")
        assert len(system.asked) == 3
        await asyncio.sleep(0.35)
        assert (await client.get("/list", place="list")).body == {"ok": True}


async def test_a_refusal_says_that_the_source_is_up(system: System, tmp_path: Path) -> None:
    config = source(tmp_path, system.url, LIMITS + "breaker_failures = 2\n")
    async with SourceClient(config) as client:
        for _ in range(4):
            system.then(403)
            with pytest.raises(SourceRefused):
                await client.get("/list", place="list")
    assert len(system.asked) == 4


async def test_no_more_requests_at_once_than_allowed(system: System, tmp_path: Path) -> None:
    async def unhurried(request: Request) -> Response:
        await asyncio.sleep(0.02)
        return JSONResponse({})

    system.always = unhurried
    async with SourceClient(source(tmp_path, system.url, LIMITS + "concurrency = 2\n")) as client:
        await asyncio.gather(*(client.get("/list", place="list") for _ in range(10)))
    assert system.most_at_once == 2


async def test_a_proxy_in_the_environment_is_not_used(system: System, config: SourceConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with SourceClient(config) as client:
        assert (await client.get("/list", place="list")).body == {"ok": True}


OAUTH = '[auth]\nkind = "oauth2_client_credentials"\ntoken_url = "/token"\nclient_id = "relhub"\nsecret = { env = "TEST_KEY" }\n'


async def test_a_token_is_asked_once_and_again_when_it_is_refused(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "the-secret")
    valid = ["t0"]

    async def oauth(request: Request) -> Response:
        if request.url.path == "/token":
            assert await request.body() == b"grant_type=client_credentials"
            valid[0] = f"t{len(system.asked)}"
            return JSONResponse({"access_token": valid[0], "expires_in": 300})
        known = request.headers.get("authorization") == f"Bearer {valid[0]}"
        return JSONResponse({"ok": True}) if known else JSONResponse({}, 401)

    system.always = oauth
    async with SourceClient(source(tmp_path, system.url, LIMITS + OAUTH)) as client:
        await asyncio.gather(*(client.get("/list", place="list") for _ in range(5)))
        assert sum(request.url.path == "/token" for request in system.asked) == 1
        valid[0] = "forgotten"
        assert (await client.get("/list", place="list")).body == {"ok": True}
    assert sum(request.url.path == "/token" for request in system.asked) == 2


async def test_wrong_client_credentials_are_for_a_person_to_mend(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "the-secret")
    system.then(401, {"error": "invalid_client"})
    async with SourceClient(source(tmp_path, system.url, LIMITS + OAUTH)) as client:
        with pytest.raises(SourceRefused, match="token endpoint answers 401: check") as error:
            await client.get("/list", place="list")
    assert "the-secret" not in str(error.value)


async def test_a_secret_that_is_not_there_is_named_at_the_start(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="TEST_KEY"):
        async with SourceClient(source(tmp_path, system.url, OAUTH)):
            pass


async def test_basic_authentication_from_a_file(system: System, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("geheim\n")
    config = source(tmp_path, system.url, '[auth]\nkind = "basic"\nuser = "relhub"\nsecret = { file = "password" }\n')
    async with SourceClient(config) as client:
        await client.get("/list", place="list")
    assert system.asked[0].headers["authorization"] == "Basic cmVsaHViOmdlaGVpbQ=="


def _certificate(
    directory: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate with its key, written beside each other; its own issuer when there is none."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed_by, signing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signed_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    (directory / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (directory / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return made, key


async def test_a_client_certificate_is_shown_and_the_sources_is_verified(tmp_path: Path) -> None:
    authority = _certificate(tmp_path, "authority", None)
    for name in ("server", "client"):
        _certificate(tmp_path, name, authority)
    system = System()
    tls = {
        "ssl_certfile": tmp_path / "server.pem",
        "ssl_keyfile": tmp_path / "server.key",
        "ssl_ca_certs": str(tmp_path / "authority.pem"),
    }
    mtls = '[auth]\nkind = "mtls"\ncertificate = "client.pem"\nkey = "client.key"\nca = "authority.pem"\n'
    async with serving(system.app, None, **tls, ssl_cert_reqs=ssl.CERT_REQUIRED) as url:
        async with SourceClient(source(tmp_path, url, LIMITS + mtls)) as client:
            assert (await client.get("/list", place="list")).body == {"ok": True}
        for less in ("", mtls.replace('ca = "authority.pem"\n', "")):
            async with SourceClient(source(tmp_path, url, LIMITS + less)) as client:
                with pytest.raises(SourceUnavailable, match="connection failed"):
                    await client.get("/list", place="list")
    assert len(system.asked) == 1


async def test_a_certificate_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    mtls = '[auth]\nkind = "mtls"\ncertificate = "none.pem"\nkey = "none.key"\n'
    with pytest.raises(ConfigurationError, match="certificate, key or ca"):
        async with SourceClient(source(tmp_path, "https://a.example", mtls)):
            pass
