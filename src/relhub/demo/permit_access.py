"""Who may ask the permit system: a ZGW token (JWT, HS256) that the client makes itself; refused by `code` alone, as Open Zaak does."""

import hmac
import time
from base64 import urlsafe_b64decode
from binascii import Error
from hashlib import sha256
from typing import Any

import orjson

from relhub.demo.credentials import PERMITS_CLIENT_ID, PERMITS_SECRET

OLDEST = 3600  # seconds since `iat`
DENIED = "Je hebt geen toestemming om deze actie uit te voeren."
REASONS = {
    "permission_denied": DENIED,
    "jwt-decode-error": "Het JWT kon niet gedecodeerd worden. Mogelijks heb je een copy-paste fout gemaakt",
    "invalid-client-identifier": "Client identifier bestaat niet",
    "invalid-jwt-signature": "Client credentials zijn niet geldig",
    "jwt-expired": "De JWT die gebruikt is voor dit verzoek is verlopen",
}


def refusal(authorization: str) -> str:
    """The `code` why this header is not enough; empty when it is."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return "permission_denied"
    parts = token.split(".")
    if len(parts) != 3:
        return "jwt-decode-error"
    try:
        header, claims, signature = _object(parts[0]), _object(parts[1]), _decoded(parts[2])
    except (Error, ValueError):
        return "jwt-decode-error"
    if claims.get("client_id") != PERMITS_CLIENT_ID:
        return "invalid-client-identifier"
    expected = hmac.new(PERMITS_SECRET.encode(), f"{parts[0]}.{parts[1]}".encode(), sha256).digest()
    if header.get("alg") != "HS256" or not hmac.compare_digest(signature, expected):
        return "invalid-jwt-signature"
    issued = claims.get("iat")
    if not isinstance(issued, int | float):
        return "jwt-decode-error"
    return "jwt-expired" if time.time() - issued > OLDEST else ""


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _object(part: str) -> dict[str, Any]:
    found = orjson.loads(_decoded(part))
    return found if isinstance(found, dict) else {}
