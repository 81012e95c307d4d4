"""An issuer of the tests' own, which signs whatever a test wants, and the consumers file that trusts it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.towns import DEMO, KEYS

from relhub.config.access_rules import load_access_rules
from relhub.config.settings import Settings
from relhub.services.authenticate import Authenticated, Authentication
from relhub.services.decide_access import Access
from relhub.services.hub import Hub
from relhub.storage.database import Database
from relhub.storage.sealing import Sealer

NOWHERE = "postgresql://nobody@127.0.0.1:1/relhub"
_ALL = [*jws.JWSRegistry.algorithms]
RSA_1, RSA_2 = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "two"})
EC = ECKey.generate_key("P-256", {"kid": "curve"})

Key = RSAKey | ECKey


class Issuer:
    """What it publishes, how it misbehaves, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.published: list[Any] = [self.public(RSA_1), self.public(EC)]
        self.fault = ""
        self.only_rfc_8414 = False
        self.said: dict[str, str] = {}
        self.asked: list[str] = []

    @staticmethod
    def public(key: RSAKey | ECKey, **members: str) -> dict[str, Any]:
        return {**key.as_dict(private=False), "use": "sig", **members}

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.asked.append(path)
        if self.fault == "hangs":
            await asyncio.sleep(30)
        if self.fault == "redirects":
            return RedirectResponse("http://127.0.0.1:1/keys")
        if self.fault in ("500", "garbage", "large"):
            return Response({"large": b" " * 300_000}.get(self.fault, b"<html>"), 500 if self.fault == "500" else 200)
        if path.endswith("/keys"):
            return JSONResponse({"keys": self.published})
        if path.endswith("openid-configuration") and self.only_rfc_8414:
            return Response(status_code=404)
        places = {"jwks_uri": f"{self.url}/keys", "authorization_endpoint": f"{self.url}/begin", "token_endpoint": f"{self.url}/token"}
        return JSONResponse({"issuer": "https://other.example" if self.fault == "other" else self.url, **places, **self.said})

    def claims(self, **more: Any) -> dict[str, Any]:
        """Of an application that asks by itself; None leaves a claim out."""
        now = int(time.time())
        plain = {
            "iss": self.url, "aud": "relhub", "azp": "desk", "sub": "desk", "jti": "a" * 22, "iat": now, "nbf": now, "exp": now + 300,
            **more,
        }  # fmt: skip
        return {name: value for name, value in plain.items() if value is not None}

    def token(self, key: Key = RSA_1, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Signed with this key, also with what no issuer would use."""
        plain = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid, "typ": "at+jwt", **(header or {})}
        given = {name: value for name, value in plain.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=_ALL, strict_check_header=False)
        return jwt.encode(given, self.claims(**claims), key, registry=registry, default_type=None)

    def for_an_official(self, **claims: Any) -> str:
        return self.token(**{"sub": "5f0c", "preferred_username": "j.jansen", **claims})


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    async with serving(Starlette(routes=[Route("/{path:path}", issuer.answer, methods=["GET", "POST"])])) as url:
        issuer.url = url
        yield issuer


CONSUMER = """
[[consumer]]
name = "permits-desk"
issuer = "ours"
client_id = "desk"
application = "vergunningen"
organisation = "Gemeente Voorbeeld"
department = "Vergunningen"
departments = ["Toezicht", "Advies"]
roles = ["case-handler", "team-leader"]
activities = ["permit-handling", "source-health"]
"""


def issuer_table(url: str, more: str = "", claims: str = 'official = "preferred_username"') -> str:
    return f'[[issuer]]\nname = "ours"\nissuer = "{url}"\naudience = ["relhub"]\n{more}\n[issuer.claims]\n{claims}\n'


def settings_in(folder: Path, consumers: str, **more: Any) -> Settings:
    """The demo's settings with this consumers file, and a database that is not there unless `more` names one."""
    file = folder / "consumers.toml"
    file.write_text(consumers)
    (folder / "sources").mkdir(exist_ok=True)
    given = {
        "database_url": NOWHERE,
        "sources_dir": folder / "sources",
        "access_rules": DEMO / "access-rules.toml",
        "consumers": file,
        "keys_file": DEMO / "keys.toml",
        **more,
    }
    return Settings.load(**given)


class Door:
    """Authentication as the gate uses it, without HTTP."""

    def __init__(self, settings: Settings) -> None:
        self.authentication = Authentication(settings)
        access = Access(load_access_rules(settings.access_rules), {}, {})
        self.hub = Hub(Database(settings.database_url), {}, {}, access, Sealer(KEYS), AsyncExitStack())

    async def opens(self, token: str | None, address: str = "192.0.2.1", oin: str = "") -> Authenticated:
        return await self.authentication.authenticate(self.hub, token, address, oin)
