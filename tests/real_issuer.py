"""An authorisation server that nobody here wrote (oidc-provider, OpenID Certified, on Node), which npm installs once, into .relhub."""

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
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import orjson
import pytest
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from tests.processes import ROOT

SECRET, VERIFIER = "s" * 32, "v" * 64
ID_TOKENS = RSAKey.generate_key(2048, {"kid": "id", "use": "sig"})  # which this server signs with RSA, whatever access tokens have


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
            to = await self.log_in(http, f"{self.url}/auth?{urlencode(asked)}", account)
            form = {
                "grant_type": "authorization_code", "code": parse_qs(urlsplit(to).query)["code"][0], "redirect_uri": f"{self.url}/back",
                "code_verifier": VERIFIER,
            }  # fmt: skip
            return dict((await http.post(f"{self.url}/token", data=form, auth=("desk", SECRET))).json())

    async def log_in(self, http: httpx2.AsyncClient, address: str, account: str) -> str:
        """Where the server leads who logs in with this account, as a person would."""
        answer = await http.get(address)
        while "/back?" not in (to := answer.headers.get("location", "")):
            if answer.is_redirect:
                answer = await http.get(to if to.startswith("http") else self.url + to)
            else:
                answer = await _filled_in(http, answer.text, account)
        return to

    async def sign_out(self, http: httpx2.AsyncClient, address: str) -> str:
        """Where the server leads who signs out, as a person would."""
        answer = await _confirmed(http, (await http.get(address)).text)
        return str(answer.headers["location"])


async def _confirmed(http: httpx2.AsyncClient, page: str) -> httpx2.Response:
    """The form that asks whether to sign out, as a person would."""
    action, xsrf = re.search(r'action="([^"]+)"', page), re.search(r'name="xsrf" value="([^"]+)"', page)
    assert action is not None
    assert xsrf is not None
    return await http.post(action[1], data={"xsrf": xsrf[1], "logout": "yes"})


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
