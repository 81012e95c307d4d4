"""An issuer of access tokens (OIDC discovery, RFC 8414, RFC 7517): which keys it signs with, and what it gives for a code."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx2
import orjson

from relhub.config.issuers import IssuerConfig, secure_address
from relhub.errors import IssuerUnavailable, NotAuthenticated

_SECONDS: Final = 5.0
_MOST: Final = 262_144  # bytes of one answer
_MOST_KEYS: Final = 100


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where officials sign in, and where a code of theirs becomes tokens; `by_post`: the secret goes in the form. `end_session`: where they sign out, empty when there is no such place."""

    authorization: str
    token: str
    by_post: bool
    end_session: str


async def find_endpoints(issuer: IssuerConfig) -> Endpoints:
    """As its metadata says. Raises IssuerUnavailable with the reason, within five seconds."""
    with _answers(issuer):
        async with asyncio.timeout(_SECONDS), _client(issuer) as client:
            metadata = await _metadata(client, issuer)
    methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Endpoints(
        _secure(issuer, metadata, "authorization_endpoint"),
        _secure(issuer, metadata, "token_endpoint"),
        "client_secret_basic" not in methods,
        _end_session(metadata),
    )


async def redeem(issuer: IssuerConfig, endpoints: Endpoints, form: Mapping[str, str], client_id: str, secret: str) -> dict[str, Any]:
    """What the issuer gives for a code. Raises IssuerUnavailable, and NotAuthenticated when it gives nothing for it."""
    sent, basic = {**form, "client_id": client_id}, None
    if secret and endpoints.by_post:
        sent["client_secret"] = secret
    elif secret:
        basic = httpx2.BasicAuth(quote(client_id, safe=""), quote(secret, safe=""))
    with _answers(issuer):
        async with asyncio.timeout(_SECONDS), _client(issuer) as client:
            try:
                return await _json(client, endpoints.token, sent, basic)
            except _Refused:
                raise NotAuthenticated("code") from None


async def fetch_keys(issuer: IssuerConfig) -> list[dict[str, Any]]:
    """The keys as the issuer publishes them now. Raises IssuerUnavailable with the reason, within five seconds."""
    with _answers(issuer):
        async with asyncio.timeout(_SECONDS), _client(issuer) as client:
            address = issuer.jwks_uri or _secure(issuer, await _metadata(client, issuer), "jwks_uri")
            found = await _json(client, address)
    keys = found.get("keys")
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise IssuerUnavailable(f"issuer {issuer.name}: what stands at its jwks_uri is not a set of keys, or has more than {_MOST_KEYS}")
    return [key for key in keys if isinstance(key, dict)]


@contextmanager
def _answers(issuer: IssuerConfig) -> Iterator[None]:
    """When it does not, that is said as IssuerUnavailable."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:  # OSError: TimeoutError and a `ca` that can't be read as well
        raise IssuerUnavailable(f"issuer {issuer.name} does not answer ({type(error).__name__})") from None


def _client(issuer: IssuerConfig) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=str(issuer.ca) if issuer.ca else None),
        timeout=_SECONDS,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "relhub", "Accept": "application/json", "Accept-Encoding": "identity"},  # so that its size is known
    )


async def _metadata(client: httpx2.AsyncClient, issuer: IssuerConfig) -> dict[str, Any]:
    """What the issuer says of itself, which must be of this very issuer."""
    base, parts = issuer.issuer.rstrip("/"), urlsplit(issuer.issuer)
    by_rfc_8414 = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
    try:
        metadata = await _json(client, f"{base}/.well-known/openid-configuration")
    except _NotThere:
        metadata = await _json(client, by_rfc_8414)
    if metadata.get("issuer") != issuer.issuer:
        raise IssuerUnavailable(f"issuer {issuer.name}: its metadata is of another issuer; compare `issuer` in the consumers file")
    return metadata


def _end_session(metadata: Mapping[str, Any]) -> str:
    """One that can't be used keeps nobody from signing in."""
    try:
        return secure_address(str(metadata.get("end_session_endpoint", "")))
    except ValueError:
        return ""


def _secure(issuer: IssuerConfig, metadata: Mapping[str, Any], name: str) -> str:
    try:
        return secure_address(str(metadata.get(name, "")))
    except ValueError as error:
        raise IssuerUnavailable(f"issuer {issuer.name}: the {name} in its metadata can't be used: {error}") from None


class _NotThere(IssuerUnavailable):
    """404."""


class _Refused(IssuerUnavailable):
    """400 or 401."""


_FAILED: Final = {400: _Refused, 401: _Refused, 404: _NotThere}


async def _json(
    client: httpx2.AsyncClient, address: str, form: Mapping[str, str] | None = None, auth: httpx2.Auth | None = None
) -> dict[str, Any]:
    body = b""
    async with client.stream("POST" if form else "GET", address, data=form, auth=auth) as answer:
        if answer.status_code != 200:
            raise _FAILED.get(answer.status_code, IssuerUnavailable)(f"{address} answers {answer.status_code}")
        async for part in answer.aiter_raw():
            body += part
            if len(body) > _MOST:
                raise IssuerUnavailable(f"{address} answers more than {_MOST} bytes")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise IssuerUnavailable(f"{address} does not answer a JSON object")
    return found
