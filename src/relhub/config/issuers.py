"""Issuers of access tokens: whose tokens are accepted, how they are checked, and where in them is what."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from relhub.domain.tokens import Claims, Reading, TokenRules

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
Algorithm = Literal["RS256", "PS256", "ES256"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def secure_address(text: str) -> str:
    """A validator: https, or http to this machine itself; without user, query or fragment."""
    parts = urlsplit(text)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("an address that begins with https:// is needed")
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a host is needed, and no user, query or fragment")
    return text


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {error}") from None
    return text


_Address = Annotated[str, AfterValidator(secure_address)]
_Expression = Annotated[str, AfterValidator(_expression)]


class _ClaimsConfig(_Strict):
    """JMESPath expressions over the claims. None: the tokens do not say it, and the consumers file alone does."""

    application: _Expression = "azp || client_id"
    token_id: _Expression = "jti"
    official: _Expression = "sub"
    application_alone: _Expression | None = None
    organisation: _Expression | None = None
    department: _Expression | None = None
    roles: _Expression | None = None


class IssuerConfig(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    issuer: _Address
    audience: Annotated[frozenset[str], Field(min_length=1)]
    jwks_uri: _Address | None = None  # None: found through the issuer's metadata
    algorithms: Annotated[frozenset[Algorithm], Field(min_length=1)] = frozenset({"RS256", "PS256", "ES256"})
    only_access_tokens: bool = False
    leeway: Annotated[int, Field(ge=0, le=120)] = 30  # seconds
    ca: Path | None = None
    claims: _ClaimsConfig = _ClaimsConfig()
    department_names: Mapping[str, str] = {}
    role_names: Mapping[str, str] = {}

    @field_validator("ca")
    @classmethod
    def _beside_the_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        folder = (info.context or {}).get("folder")
        return folder / value if value is not None and folder is not None else value

    @cached_property
    def rules(self) -> TokenRules:
        """What the domain checks tokens by."""
        claims = self.claims
        return TokenRules(
            self.issuer,
            self.audience,
            frozenset(self.algorithms),
            self.only_access_tokens,
            self.leeway,
            _reading(claims.application),
            _reading(claims.token_id),
            _reading(claims.official),
            _optional(claims.application_alone),
            _optional(claims.organisation),
            _optional(claims.department),
            _optional(claims.roles),
            self.department_names,
            self.role_names,
        )


def _optional(expression: str | None) -> Reading | None:
    return None if expression is None else _reading(expression)


def _reading(expression: str) -> Reading:
    compiled = jmespath.compile(expression)

    def read(claims: Claims) -> Any:
        try:
            return compiled.search(claims)
        except (JMESPathError, TypeError, ValueError, AttributeError):  # a function of JMESPath on a claim of another type
            return None

    return read
