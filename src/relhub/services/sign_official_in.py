"""Signing an official in at the issuer of the organisation: OpenID Connect, by authorization code with PKCE."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from relhub.adapters.issuer import redeem
from relhub.errors import InvalidInput, IssuerUnavailable, NotAuthenticated
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.follow_issuer import FollowedIssuer
from relhub.services.hub import Hub
from relhub.services.verify_token import verify_id_token

PATIENCE: Final = 600  # seconds in which somebody has to sign in
NOT_BEGUN: Final = "state"
"""Why somebody is not signed in who comes back from a sign-in that this browser did not begin."""
_ABOUT: Final = "console-sign-in"


@dataclass(frozen=True, slots=True)
class Client:
    """As which application officials sign in, and where they come back to: when they did, and when they signed out (`left`)."""

    issuer: FollowedIssuer
    client_id: str
    secret: str = field(repr=False)
    scope: str
    back: str
    left: str


async def begin_sign_in(hub: Hub, client: Client, *, anew: bool = False) -> tuple[str, str]:
    """(where to sign in, what the browser keeps until it comes back). `anew`: also who is still signed in there. Raises IssuerUnavailable."""
    endpoints = await client.issuer.endpoints()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.back,
        "scope": client.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
        **({"prompt": "login"} if anew else {}),
    }
    kept = seal_cursor(hub.sealer, _ABOUT, [state, nonce, verifier, time.time() + PATIENCE])
    return _with(endpoints.authorization, asked), kept


async def where_to_sign_out(client: Client) -> str:
    """At the issuer, which then asks whether that is meant: nothing of the official is in the address. Empty when it has no such place, or does not answer."""
    try:
        endpoints = await client.issuer.endpoints()
    except IssuerUnavailable:
        return ""
    asked = {"client_id": client.client_id, "post_logout_redirect_uri": client.left}
    return _with(endpoints.end_session, asked) if endpoints.end_session else ""


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


async def finish_sign_in(hub: Hub, client: Client, kept: str, state: str, issuer: str, code: str) -> str:
    """The access token of the official who came back. `kept`: by this browser; `issuer`: who says so (RFC 9207), empty when not said.

    Raises NotAuthenticated, IssuerUnavailable.
    """
    nonce, verifier = _remembered(hub, kept, state)
    if not code or issuer not in ("", client.issuer.config.issuer):
        raise NotAuthenticated("code")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.back, "code_verifier": verifier}
    endpoints = await client.issuer.endpoints()
    given = await redeem(client.issuer.config, endpoints, form, client.client_id, client.secret)
    access, identity = given.get("access_token"), given.get("id_token")
    if not isinstance(access, str) or not isinstance(identity, str):
        raise NotAuthenticated("code")
    await verify_id_token(client.issuer, identity, client.client_id, nonce, time.time())
    return access


def _remembered(hub: Hub, kept: str, state: str) -> tuple[str, str]:
    """(nonce, verifier) of the sign-in that this browser began with this state."""
    try:
        begun = open_cursor(hub.sealer, _ABOUT, kept)
    except InvalidInput:
        begun = None
    if begun is None or not secrets.compare_digest(str(begun[0]), state) or begun[3] < time.time():
        raise NotAuthenticated(NOT_BEGUN)
    return begun[1], begun[2]
