"""How a request is signed, per kind of authentication that a source file can name."""

import asyncio
import hmac
import ssl
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from relhub.config.authentication import ApiKeyAuth, Auth, BasicAuth, MutualTlsAuth, OAuth2Auth, ZgwJwtAuth
from relhub.errors import ConfigurationError, SourceRefused

PostForm = Callable[[str, dict[str, str], dict[str, str]], Awaitable[tuple[int, bytes]]]
"""(address, form, headers) -> (status, body): asks for a token by the same client as everything else."""


class Signer(Protocol):
    async def headers(self) -> dict[str, str]:
        """What goes with the next request."""
        ...

    def expired(self) -> bool:
        """After a 401: True when another try with a fresh token makes sense."""
        ...


class Fixed:
    """The same headers each time."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> dict[str, str]:
        return self._headers

    def expired(self) -> bool:
        return False


class ZgwJwt:
    """A token of our own making, with a fresh `iat` each time: a source refuses one that is older than an hour."""

    def __init__(self, auth: ZgwJwtAuth) -> None:
        self._secret = auth.secret.read().encode()
        self._claims = {
            "iss": auth.client_id,
            "client_id": auth.client_id,
            "user_id": auth.user_id,
            "user_representation": auth.user_representation,
        }
        self._head = _base64url(b'{"alg":"HS256","typ":"JWT"}')

    async def headers(self) -> dict[str, str]:
        signed = b".".join((self._head, _base64url(orjson.dumps({**self._claims, "iat": int(time.time())}))))
        signature = _base64url(hmac.digest(self._secret, signed, sha256))
        return {"Authorization": f"Bearer {signed.decode()}.{signature.decode()}"}

    def expired(self) -> bool:
        return False


def _base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


class ClientCredentials:
    """A token from the source's own token endpoint, kept until shortly before it ends."""

    EARLY = 30.0  # seconds
    ASSUMED = 300.0  # how long a token holds when the endpoint does not say

    def __init__(self, source: str, auth: OAuth2Auth, address: str, post_form: PostForm) -> None:
        self._source, self._auth, self._address, self._post_form = source, auth, address, post_form
        self._secret = auth.secret.read()
        self._token, self._until = "", 0.0
        self._asking = asyncio.Lock()

    async def headers(self) -> dict[str, str]:
        async with self._asking:
            if not self._token or time.monotonic() >= self._until:
                await self._ask()
            return {"Authorization": f"Bearer {self._token}"}

    def expired(self) -> bool:
        self._token = ""
        return True

    async def _ask(self) -> None:
        form = {"grant_type": "client_credentials", **({"scope": self._auth.scope} if self._auth.scope else {})}
        headers = {"Accept": "application/json"}
        if self._auth.send == "basic":
            headers["Authorization"] = _basic(quote(self._auth.client_id, safe=""), quote(self._secret, safe=""))
        else:
            form |= {"client_id": self._auth.client_id, "client_secret": self._secret}
        status, body = await self._post_form(self._address, form, headers)
        answer = self._read(status, body)
        self._token = answer["access_token"]
        lifetime = answer.get("expires_in", self.ASSUMED)
        lifetime = float(lifetime) if isinstance(lifetime, int | float) else self.ASSUMED
        self._until = time.monotonic() + max(lifetime - self.EARLY, lifetime / 2)

    def _read(self, status: int, body: bytes) -> dict[str, Any]:
        if status != 200:
            raise SourceRefused(self._source, f"the token endpoint answers {status}: check [auth] client_id, secret and token_url")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise SourceRefused(self._source, "the token endpoint answers without an access_token: check [auth] token_url")
        return answer


def _basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(f"{user}:{secret}".encode()).decode()


def signer(source: str, auth: Auth, token_address: str, post_form: PostForm) -> Signer:
    """What signs this source's requests. Reads the secret: raises ConfigurationError when it is not there."""
    match auth:
        case ApiKeyAuth():
            return Fixed({auth.header: f"{auth.prefix}{auth.secret.read()}"})
        case BasicAuth():
            return Fixed({"Authorization": _basic(auth.user, auth.secret.read())})
        case OAuth2Auth():
            return ClientCredentials(source, auth, token_address, post_form)
        case ZgwJwtAuth():
            return ZgwJwt(auth)
        case _:
            return Fixed({})


def tls(source: str, auth: Auth) -> ssl.SSLContext:
    """Certificates are always verified, against the system's authorities or the one that [auth] names."""
    try:
        if not isinstance(auth, MutualTlsAuth):
            return ssl.create_default_context()
        context = ssl.create_default_context(cafile=str(auth.ca) if auth.ca else None)
        context.load_cert_chain(auth.certificate, auth.key)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(f"source {source}: [auth]: certificate, key or ca can't be read, or do not belong together") from None
    return context
