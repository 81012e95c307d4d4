"""Verifying an access token: by the keys of its issuer, and by what it says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from relhub.domain.tokens import Said, check_id_token, key_id, said
from relhub.errors import NotAuthenticated
from relhub.services.follow_issuer import FollowedIssuer, SigningKey

MAX_TOKEN: Final = 8192  # characters
_UNREADABLE: Final = (JoseError, ValueError, TypeError, RecursionError)  # what a stranger's token can make a library stumble on
_ACCEPTED: Final = jws.JWSRegistry(algorithms=["RS256", "PS256", "ES256"], strict_check_header=False)


async def verify_token(issuers: Mapping[str, FollowedIssuer], token: str, now: float) -> tuple[str, Said]:
    """(name of the issuer, what the token says). Raises NotAuthenticated, or IssuerUnavailable when its key can't be had."""
    header, unverified = _parts(token)
    issuer = _issuer(issuers, unverified)
    kid = key_id(header, issuer.rules)
    claims = _signed(token, await issuer.key(kid, header["alg"]))
    return issuer.config.name, said(claims, issuer.rules, now)


async def verify_id_token(issuer: FollowedIssuer, token: str, client_id: str, nonce: str, now: float) -> None:
    """That an ID token is of who has just signed in here (OIDC Core 3.1.3.7). Raises NotAuthenticated, IssuerUnavailable."""
    header, _ = _parts(token)
    claims = _signed(
        token, await issuer.key(key_id({**header, "typ": "JWT"}, replace(issuer.rules, only_access_tokens=False)), header["alg"])
    )
    check_id_token(claims, issuer.rules, client_id, nonce, now)


def _issuer(issuers: Mapping[str, FollowedIssuer], claims: Mapping[str, Any]) -> FollowedIssuer:
    named = claims.get("iss")
    found = issuers.get(named) if isinstance(named, str) else None
    if found is None:
        raise NotAuthenticated("issuer")
    return found


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, neither to be believed yet."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN:
        raise NotAuthenticated("form")
    return _object(parts[0]), _object(parts[1])


def _object(part: str) -> dict[str, Any]:
    try:
        found = orjson.loads(urlsafe_b64decode(part.encode()))
    except _UNREADABLE:
        found = None
    if not isinstance(found, dict):
        raise NotAuthenticated("form")
    return found


def _signed(token: str, key: SigningKey) -> dict[str, Any]:
    """The claims, which the issuer has signed."""
    try:
        payload = jws.deserialize_compact(token, key, registry=_ACCEPTED).payload
    except _UNREADABLE:
        raise NotAuthenticated("signature") from None
    claims: dict[str, Any] = orjson.loads(payload or b"")  # it could be read before
    return claims
