"""How a source wants to know us. Secrets are named in the source file, never written in it."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _beside_the_source_file(value: Path | None, info: ValidationInfo) -> Path | None:
    folder = (info.context or {}).get("folder")
    return folder / value if value is not None and folder is not None else value  # an absolute path stays what it is


class Secret(_Strict):
    """Where a secret is: an environment variable or a file (relative to the source file)."""

    env: str | None = None
    file: Path | None = None

    _place = field_validator("file")(_beside_the_source_file)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError('either {env = "NAME"} or {file = "path"} is needed')
        return self

    def read(self) -> str:
        """The secret itself. Raises ConfigurationError naming the variable or the file."""
        if self.env is not None:
            if value := os.environ.get(self.env, "").strip():
                return value
            raise ConfigurationError(f"the environment variable {self.env} is not set: a source file names it as the place of a secret")
        assert self.file is not None  # see _one_place
        try:
            value = self.file.read_text().strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{self.file}: can't be read: a source file names it as the place of a secret") from None
        if not value:
            raise ConfigurationError(f"{self.file}: is empty: a source file names it as the place of a secret")
        return value


class NoAuth(_Strict):
    kind: Literal["none"]


class ApiKeyAuth(_Strict):
    """A fixed key in a header; `prefix` goes before it ("Token ")."""

    kind: Literal["api_key"]
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Api-Key"
    prefix: str = ""
    secret: Secret


class BasicAuth(_Strict):
    kind: Literal["basic"]
    user: str
    secret: Secret


class OAuth2Auth(_Strict):
    """Client credentials (RFC 6749 §4.4). `token_url` may be a path on the source itself."""

    kind: Literal["oauth2_client_credentials"]
    token_url: str
    client_id: str
    secret: Secret
    scope: str = ""
    send: Literal["basic", "body"] = "basic"

    @field_validator("token_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value.startswith(("/", "https://", "http://")):
            raise ValueError("a path beginning with / or an address beginning with https:// is needed")
        return value


class MutualTlsAuth(_Strict):
    """A client certificate; `ca` only where the source's own certificate is signed by a private authority."""

    kind: Literal["mtls"]
    certificate: Path
    key: Path
    ca: Path | None = None

    _places = field_validator("certificate", "key", "ca")(_beside_the_source_file)


class ZgwJwtAuth(_Strict):
    """A token that we sign ourselves (HS256), as the ZGW APIs want it. `user_id` ends up in the source's audit trail."""

    kind: Literal["zgw_jwt"]
    client_id: str
    secret: Secret
    user_id: str = "relhub"
    user_representation: str = "relhub"


Auth = Annotated[NoAuth | ApiKeyAuth | BasicAuth | OAuth2Auth | MutualTlsAuth | ZgwJwtAuth, Field(discriminator="kind")]
