"""An issuer of access tokens (OIDC discovery, RFC 8414, RFC 7517): which keys it signs with."""

import asyncio
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson

from relhub.config.issuers import IssuerConfig, secure_address
from relhub.errors import IssuerUnavailable

_SECONDS: Final = 5.0
_MOST: Final = 262_144  # bytes of one answer
_MOST_KEYS: Final = 100


async def fetch_keys(issuer: IssuerConfig) -> list[dict[str, Any]]:
    """The keys as the issuer publishes them now. Raises IssuerUnavailable with the reason, within five seconds."""
    try:
        async with asyncio.timeout(_SECONDS), _client(issuer) as client:
            address = issuer.jwks_uri or await _discovered(client, issuer)
            found = await _json(client, address)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:  # OSError: TimeoutError and a `ca` that can't be read as well
        raise IssuerUnavailable(f"issuer {issuer.name} does not answer ({type(error).__name__})") from None
    keys = found.get("keys")
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise IssuerUnavailable(f"issuer {issuer.name}: what stands at its jwks_uri is not a set of keys, or has more than {_MOST_KEYS}")
    return [key for key in keys if isinstance(key, dict)]


def _client(issuer: IssuerConfig) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=ssl.create_default_context(cafile=str(issuer.ca) if issuer.ca else None),
        timeout=_SECONDS,
        trust_env=False,
        follow_redirects=False,
        headers={"User-Agent": "relhub", "Accept": "application/json", "Accept-Encoding": "identity"},  # so that its size is known
    )


async def _discovered(client: httpx2.AsyncClient, issuer: IssuerConfig) -> str:
    """The jwks_uri of the issuer's metadata, which must be of this very issuer."""
    base, parts = issuer.issuer.rstrip("/"), urlsplit(issuer.issuer)
    by_rfc_8414 = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path.rstrip('/')}"
    try:
        metadata = await _json(client, f"{base}/.well-known/openid-configuration")
    except _NotThere:
        metadata = await _json(client, by_rfc_8414)
    if metadata.get("issuer") != issuer.issuer:
        raise IssuerUnavailable(f"issuer {issuer.name}: its metadata is of another issuer; compare `issuer` in the consumers file")
    try:
        return secure_address(str(metadata.get("jwks_uri", "")))
    except ValueError as error:
        raise IssuerUnavailable(f"issuer {issuer.name}: the jwks_uri in its metadata can't be used: {error}") from None


class _NotThere(IssuerUnavailable):
    """404."""


async def _json(client: httpx2.AsyncClient, address: str) -> dict[str, Any]:
    body = b""
    async with client.stream("GET", address) as answer:
        if answer.status_code != 200:
            raise (_NotThere if answer.status_code == 404 else IssuerUnavailable)(f"{address} answers {answer.status_code}")
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
