"""From the token endpoint of an authorisation server that nobody here wrote (oidc-provider, OpenID Certified, on Node) to the view.

npm installs it, once, into .relhub. Without Node these tests are skipped; in CI they fail.
"""

import asyncio
import base64
import hashlib
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import orjson
import pytest
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from tests.issuers import settings_in
from tests.processes import ROOT
from tests.towns import rows

from relhub.main import create_app
from relhub.services import follow_issuer
from relhub.services.hub import Hub

SECRET, VERIFIER = "s" * 32, "v" * 64
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
name = "permits-desk"
issuer = "real"
client_id = "desk"
application = "vergunningen"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
roles = ["case-handler", "team-leader"]
activities = ["permit-handling"]

[[consumer]]
name = "night-job"
issuer = "real"
application = "night-job"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
activities = ["permit-handling"]
may_name_official = true
"""
ID_TOKENS = RSAKey.generate_key(2048, {"kid": "id", "use": "sig"})  # which this server signs with RSA, whatever access tokens have
LOOKUP = {"case": "permits/V-2026-00001"}


@pytest.fixture(scope="session")
async def installed() -> Path:
    """The folder in which npm has installed the server."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        if os.environ.get("CI"):
            pytest.fail("these tests need Node with npm")
        pytest.skip("these tests need Node with npm")
    folder = ROOT / ".relhub" / "issuer"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (ROOT / "tests" / "issuer" / "package.json").read_text()
    shutil.copy(ROOT / "tests" / "issuer" / "issuer.mjs", folder)
    done = folder / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        (folder / "package.json").write_text(wanted)
        command = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
        process = await asyncio.create_subprocess_exec(*command, cwd=folder)
        assert await process.wait() == 0, "npm could not install the server"
        done.write_text(wanted)
    return folder


class RealIssuer:
    """The running authorisation server."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.url, self.port = folder, f"http://127.0.0.1:{port}", port

    @asynccontextmanager
    async def signing_with(self, key: RSAKey | ECKey, algorithm: str, keys: Path) -> AsyncIterator[None]:
        published: list[Key] = [key] if isinstance(key, RSAKey) else [key, ID_TOKENS]
        keys.write_bytes(orjson.dumps(KeySet(published).as_dict(private=True)))
        process = await asyncio.create_subprocess_exec(
            "node", "issuer.mjs", str(self.port), str(keys), cwd=self.folder, env=os.environ | {"SIGN": algorithm},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            async with asyncio.timeout(20):
                while b"listening" not in (line := await process.stdout.readline()):
                    assert line, "the server ended"
            yield
        finally:
            process.kill()
            await process.wait()

    async def for_the_application(self, client: str = "night-job") -> str:
        """A token by client credentials."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            form = {"grant_type": "client_credentials", "scope": "relhub"}
            answer = await http.post(f"{self.url}/token", data=form, auth=(client, SECRET))
            return str(answer.json()["access_token"])

    async def for_an_official(self, account: str) -> dict[str, Any]:
        """The tokens of someone who logged in, by authorisation code with PKCE."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": "desk", "response_type": "code", "redirect_uri": f"{self.url}/back", "scope": "openid relhub",
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{self.url}/auth", params=asked)
            while "/back?" not in (to := answer.headers.get("location", "")):
                if answer.is_redirect:
                    answer = await http.get(to if to.startswith("http") else self.url + to)
                else:
                    answer = await _filled_in(http, answer.text, account)
            form = {
                "grant_type": "authorization_code", "code": parse_qs(urlsplit(to).query)["code"][0], "redirect_uri": f"{self.url}/back",
                "code_verifier": VERIFIER,
            }  # fmt: skip
            return dict((await http.post(f"{self.url}/token", data=form, auth=("desk", SECRET))).json())


async def _filled_in(http: httpx2.AsyncClient, page: str, account: str) -> httpx2.Response:
    """The login form, or the one that asks for consent, as a person would."""
    action = re.search(r'action="([^"]+)"', page)
    prompt = re.search(r'name="prompt" value="([^"]+)"', page)
    assert action is not None
    assert prompt is not None
    return await http.post(action[1], data={"prompt": prompt[1], "login": account, "password": "any"})


@pytest.fixture(scope="module")
def real(installed: Path) -> RealIssuer:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return RealIssuer(installed, int(probe.getsockname()[1]))


@pytest.fixture
async def client(hub: Hub, real: RealIssuer, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings_in(tmp_path, CONSUMERS.replace("{url}", real.url)))
    app.state.hub = hub
    headers = {"X-Processing-Activity": "permit-handling", "X-Occasion": "case:permits/V-2026-00001"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub/v1", headers=headers) as opened:
        yield opened


async def look(client: httpx2.AsyncClient, token: str, **headers: str) -> httpx2.Response:
    return await client.post("/relations/_lookup", json=LOOKUP, headers={"Authorization": f"Bearer {token}", **headers})


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, {"kid": "r", "use": "sig"}), "RS256"),
        (RSAKey.generate_key(2048, {"kid": "p", "use": "sig"}), "PS256"),
        (ECKey.generate_key("P-256", {"kid": "e", "use": "sig"}), "ES256"),
    ],
)
async def test_an_official_who_logged_in_sees_the_view_and_is_the_one_in_the_log(
    client: httpx2.AsyncClient, hub: Hub, real: RealIssuer, tmp_path: Path, key: RSAKey | ECKey, algorithm: str
) -> None:
    async with real.signing_with(key, algorithm, tmp_path / "keys.json"):
        tokens = await real.for_an_official("m.visser")
        answer = await look(client, tokens["access_token"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["cases"]["items"]
        last = await rows(hub, "SELECT official, consumer FROM consultation_log ORDER BY at DESC LIMIT 1")
        assert [tuple(row) for row in last] == [("m.visser", "permits-desk")]
        assert (await look(client, tokens["access_token"], **{"X-Official": "j.jansen"})).status_code == 400
        refused = await look(client, tokens["id_token"])
        assert (refused.status_code, 'error="invalid_token"' in refused.headers["www-authenticate"]) == (401, True)


async def test_an_application_by_itself_names_its_official_and_one_that_is_not_known_sees_nothing(
    client: httpx2.AsyncClient, real: RealIssuer, tmp_path: Path
) -> None:
    async with real.signing_with(RSAKey.generate_key(2048, {"kid": "r", "use": "sig"}), "RS256", tmp_path / "keys.json"):
        token = await real.for_the_application()
        assert (await look(client, token, **{"X-Official": "j.jansen"})).status_code == 200
        assert (await look(client, token)).status_code == 400
        assert (await look(client, await real.for_the_application("stranger"))).status_code == 401


async def test_its_keys_are_replaced_without_a_restart_of_relhub_and_its_absence_is_said(
    client: httpx2.AsyncClient, real: RealIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_issuer, "BETWEEN", 0.0)
    official, file = {"X-Official": "j.jansen"}, tmp_path / "keys.json"
    old, new = (RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("old", "new"))
    async with real.signing_with(old, "RS256", file):
        before = await real.for_the_application()
        assert (await look(client, before, **official)).status_code == 200
    async with real.signing_with(new, "RS256", file):
        after = await real.for_the_application()
    assert (await look(client, before, **official)).status_code == 200  # it is gone, and its key is known
    absent = await look(client, after, **official)
    assert (absent.status_code, absent.json()["type"]) == (503, "urn:problem-type:relhub:issuer-unavailable")
    async with real.signing_with(new, "RS256", file):
        assert (await look(client, after, **official)).status_code == 200
        assert (await look(client, before, **official)).status_code == 401
