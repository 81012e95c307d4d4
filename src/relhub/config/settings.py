"""The settings of one installation: environment variables that begin with RELHUB_."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from relhub.errors import ConfigurationError

# The standard wants TLS; without it only to a collector on the same machine.
_OVER_TLS = r"^(https://\S+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?)?$"


class Settings(BaseSettings):
    """Read with `Settings.load()`, which raises ConfigurationError instead of pydantic's error."""

    model_config = SettingsConfigDict(env_prefix="RELHUB_", frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str
    database_owner_url: str
    sources_dir: Path
    access_rules: Path
    consumers: Path
    keys_file: Path
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    internal_host: str = "127.0.0.1"
    internal_port: Annotated[int, Field(ge=1, le=65535)] | None = None  # None: no metrics and no health of sources
    database_pool_size: Annotated[int, Field(ge=5, le=200)] = 10
    database_pool_timeout: Annotated[float, Field(gt=0, le=60)] = 10  # seconds
    statement_timeout: Annotated[float, Field(gt=0, le=600)] = 10  # seconds; of the API: pulls and commands take their time
    drain_timeout: Annotated[float, Field(gt=0, le=600)] = 30  # seconds
    otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""  # where traces go; "": nowhere
    event_source: Annotated[str, Field(pattern=r"^urn:[!-~]{1,200}$")] = "urn:nld:relhub"  # who says so, in events
    own_activity: Annotated[str, Field(pattern=r"^([a-z][a-z0-9+.-]*:\S+)?$")] = ""  # URI in the register of processing activities
    ldv_endpoint: Annotated[str, Field(pattern=_OVER_TLS)] = ""  # where the log goes as Logboek Dataverwerkingen; "": nowhere
    ldv_headers_file: Path | None = None  # headers that the collector wants, such as Authorization
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _owner_is_the_same_when_not_given(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {"database_owner_url": values.get("database_url"), **values} if values.get("database_url") else values

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings; what is given here goes before the environment. Raises ConfigurationError naming the variables."""
        try:
            return cls(**given)
        except ValidationError as error:
            wrong = "; ".join(
                f"RELHUB_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
                for e in error.errors()
                if e["loc"] and (e["loc"], e["type"]) != (("database_owner_url",), "missing")
            )
            raise ConfigurationError(f"settings: {wrong or 'the environment variables can not be read'}") from None
