"""What an access token must be (NL GOV profile for OAuth 2.0, RFC 9068), and what follows from what it says."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from relhub.domain.access import Consumer
from relhub.errors import NotAllowed, NotAuthenticated

Claims = Mapping[str, Any]
Reading = Callable[[Claims], object]
"""Where something stands among the claims; None when it is not there."""

OFFICIAL: Final = r"[!-~]([ -~]{0,98}[!-~])?"
_LEADS_ELSEWHERE: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "enc", "zip"})
_ACCESS_TOKEN: Final = "at+jwt"
_TYPES: Final = frozenset({_ACCESS_TOKEN, "jwt", ""})
_OF_ID_TOKENS: Final = frozenset({"at_hash", "c_hash", "s_hash"})
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What the tokens of one issuer must be, and where they say what."""

    issuer: str
    audience: frozenset[str]
    algorithms: frozenset[str]
    only_access_tokens: bool  # `typ` must be at+jwt
    leeway: int  # seconds
    application: Reading
    token_id: Reading
    official: Reading
    alone: Reading | None  # true of a token of an application without an official
    organisation: Reading | None
    departments: Reading | None
    roles: Reading | None
    department_names: Mapping[str, str]  # what they are called in the tokens: what they are called here
    role_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What a token says that holds. None: this issuer's tokens do not say it."""

    application: str
    official: str  # "": the application itself
    organisation: str | None
    departments: frozenset[str] | None
    roles: frozenset[str] | None
    until: float


def key_id(header: Claims, rules: TokenRules) -> str:
    """The id of the key with which the token must have been signed. Raises NotAuthenticated for a header that is not an access token's."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        raise NotAuthenticated("algorithm")
    if not _LEADS_ELSEWHERE.isdisjoint(header):
        raise NotAuthenticated("header")
    kind = header.get("typ", "")
    kind = kind.lower().removeprefix("application/") if isinstance(kind, str) else None
    if kind not in _TYPES or (rules.only_access_tokens and kind != _ACCESS_TOKEN):
        raise NotAuthenticated("type")
    return _text(header.get("kid"), "key id")


def said(claims: Claims, rules: TokenRules, now: float) -> Said:
    """What a token with a good signature says. Raises NotAuthenticated when it is for another, not now, or not an access token."""
    until = _check_times(claims, rules.leeway, now)
    if claims.get("iss") != rules.issuer:
        raise NotAuthenticated("issuer")
    if rules.audience.isdisjoint(_texts(claims.get("aud"))):
        raise NotAuthenticated("audience")
    if claims.get("typ", "Bearer") != "Bearer" or not _OF_ID_TOKENS.isdisjoint(claims):
        raise NotAuthenticated("type")
    _text(rules.token_id(claims), "token id")
    application = _text(rules.application(claims), "application")
    return Said(
        application,
        _official(claims, rules, application),
        None if rules.organisation is None else _text(rules.organisation(claims), "organisation"),
        _named(claims, rules.departments, rules.department_names),
        _named(claims, rules.roles, rules.role_names),
        until,
    )


def check_id_token(claims: Claims, rules: TokenRules, client_id: str, nonce: str, now: float) -> None:
    """That an ID token with a good signature is for this client, and of the sign-in that had this nonce. Raises NotAuthenticated."""
    _check_times(claims, rules.leeway, now)
    if claims.get("iss") != rules.issuer:
        raise NotAuthenticated("issuer")
    if client_id not in _texts(claims.get("aud")) or claims.get("azp", client_id) != client_id:
        raise NotAuthenticated("audience")
    if claims.get("nonce") != nonce:
        raise NotAuthenticated("nonce")


def _check_times(claims: Claims, leeway: int, now: float) -> float:
    """Until when the token may be believed."""
    until = _moment(claims.get("exp"))
    if until + leeway <= now:
        raise NotAuthenticated("expired")
    if any(_moment(claims[name]) - leeway > now for name in ("nbf", "iat") if name in claims):
        raise NotAuthenticated("not yet valid")
    return until + leeway


def _moment(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise NotAuthenticated("time")
    return float(value)


def _official(claims: Claims, rules: TokenRules, application: str) -> str:
    subject = claims.get("sub")
    alone = subject in (None, application) if rules.alone is None else bool(rules.alone(claims))
    if alone:
        return ""
    official = rules.official(claims)
    if not isinstance(official, str) or not re.fullmatch(OFFICIAL, official):
        raise NotAuthenticated("official")
    return official


def _named(claims: Claims, reading: Reading | None, names: Mapping[str, str]) -> frozenset[str] | None:
    if reading is None:
        return None
    found = _texts(reading(claims))
    return frozenset(names[text] for text in found if text in names) if names else frozenset(found)


def _texts(value: object) -> list[str]:
    """One text or a list of them; nothing when it is anything else."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        raise NotAuthenticated(name)
    return value


def narrowed(agreed: Consumer, departments: frozenset[str], token: Said) -> Consumer:
    """The consumer as this token makes it: within what was agreed, never beyond. Raises NotAllowed.

    `departments`: those that a token may choose beside the consumer's own.
    """
    if token.organisation not in (None, agreed.organisation):
        raise NotAllowed("Your token is of another organisation than the one that was agreed for this application.")
    roles = agreed.roles if token.roles is None else agreed.roles & token.roles
    return replace(agreed, department=_department(agreed.department, departments, token), roles=roles)


def _department(own: str, others: frozenset[str], token: Said) -> str:
    if token.departments is None or (not token.departments and not token.official):
        return own
    found = token.departments & (others | {own})
    if own in found:
        return own
    if len(found) == 1:
        return next(iter(found))
    if found:
        raise NotAllowed(
            "Your token names more than one department that was agreed for this application; it must name the one you work for."
        )
    raise NotAllowed(
        "Your token names no department that was agreed for this application; ask the administrator of relhub, or of the accounts."
    )
