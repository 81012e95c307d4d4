"""The settings of one installation: environment variables that begin with RELHUB_."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
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
    keys_file: Path | None  # or else the two that follow, for platforms that hand out secrets as environment variables
    index_key: SecretStr | None = None
    seals: SecretStr | None = None
    seal_with: int | None = None  # with `seals`: the id of the one that seals; None: the highest
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
    non_disclosure_when_unknown: bool = False  # of people of whom no source tells it
    own_activity: Annotated[str, Field(pattern=r"^([a-z][a-z0-9+.-]*:\S+)?$")] = ""  # URI in the register of processing activities
    ldv_endpoint: Annotated[str, Field(pattern=_OVER_TLS)] = ""  # where the log goes as Logboek Dataverwerkingen; "": nowhere
    ldv_headers_file: Path | None = None  # headers that the collector wants, such as Authorization
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="before")
    @classmethod
    def _owner_is_the_same_when_not_given(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {"database_owner_url": values.get("database_url"), **values} if values.get("database_url") else values

    @model_validator(mode="before")
    @classmethod
    def _keys_in_one_place(cls, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("index_key") is None and values.get("seals") is None and values.get("seal_with") is None:
            return values
        if values.get("keys_file") is not None:
            raise ValueError("RELHUB_KEYS_FILE: the keys are in the environment as well (RELHUB_INDEX_KEY, RELHUB_SEALS): choose one place")
        if values.get("index_key") is None or values.get("seals") is None:
            raise ValueError("RELHUB_INDEX_KEY and RELHUB_SEALS go together")
        return {"keys_file": None, **values}

    @classmethod
    def load(cls, **given: Any) -> "Settings":
        """The settings; what is given here goes before the environment. Raises ConfigurationError naming the variables."""
        if "keys_file" in given:
            given = {"index_key": None, "seals": None, "seal_with": None, **given}
        try:
            return cls(**given)
        except ValidationError as error:
            wrong = "; ".join(
                f"RELHUB_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" if e["loc"] else e["msg"].removeprefix("Value error, ")
                for e in error.errors()
                if (e["loc"], e["type"]) != (("database_owner_url",), "missing")
            )
            raise ConfigurationError(f"settings: {wrong or 'the environment variables can not be read'}") from None
