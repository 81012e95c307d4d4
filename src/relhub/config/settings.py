"""The settings of one installation: environment variables that begin with RELHUB_."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from relhub.domain.callbacks import read_rules
from relhub.errors import ConfigurationError

_OVER_TLS = re.compile(r"https://\S+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/\S*)?")
_RATE = r"[1-9][0-9]{0,7}/([1-9][0-9]{0,3} )?(second|minute|hour|day)"
RATES = rf"^({_RATE}(;{_RATE})*)?$"
"""`6000/minute`, `100/10 second`, or several with a semicolon between: as the library limits reads them."""


def over_tls(address: str) -> str:
    """A validator of addresses to which what is personal may go: with TLS, or on this machine; empty for none."""
    if address and not _OVER_TLS.fullmatch(address):
        raise ValueError("must begin with https:// (http:// only to this machine)")
    return address


def public_address(address: str) -> str:
    """A validator: the address at which browsers find relhub, without a slash at its end; empty for none."""
    if over_tls(address) and (address.endswith("/") or "?" in address or "#" in address):
        raise ValueError("must have no slash at its end, no query and no fragment: https://relhub.voorbeeld.example")
    return address


def networks_only(text: str) -> str:
    """A validator: addresses or networks, with commas between."""
    for part in filter(None, text.split(",")):
        ip_network(part.strip())  # raises ValueError
    return text


def listed(text: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def callbacks_only(text: str) -> str:
    """A validator: hosts of subscribers, with commas between."""
    read_rules(listed(text), [])  # raises ValueError
    return text


class Settings(BaseSettings):
    """Read with `Settings.load()`, which raises ConfigurationError instead of pydantic's error."""

    model_config = SettingsConfigDict(env_prefix="RELHUB_", frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: Annotated[str, Field(repr=False)]  # with a password, as a rule
    database_owner_url: Annotated[str, Field(repr=False)]
    sources_dir: Path
    access_rules: Path
    alerts: Path | None = None  # None: no alerts
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
    ldv_endpoint: Annotated[str, AfterValidator(over_tls)] = ""  # where the log goes as Logboek Dataverwerkingen; "": nowhere
    ldv_headers_file: Path | None = None  # headers that the collector wants, such as Authorization
    rate_limit: Annotated[str, Field(pattern=RATES)] = "6000/minute"  # of a consumer whose table says nothing; "": none
    failure_limit: Annotated[str, Field(pattern=RATES)] = "60/minute"  # tokens that are not accepted, per address; "": none
    trusted_proxies: Annotated[str, AfterValidator(networks_only)] = ""  # networks whose headers about the caller are believed
    client_oin_header: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]+)?$")] = ""  # in which they say whose certificate it is
    subscribers: Annotated[str, AfterValidator(callbacks_only)] = ""  # hosts that may be told of changes; "": none
    subscriber_networks: Annotated[str, AfterValidator(networks_only)] = ""  # where they may be besides the public internet
    keep_events_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    keep_notices_days: Annotated[int, Field(ge=1, le=36_500)] = 365  # after the privacy officer was told
    keep_requests_days: Annotated[int, Field(ge=1, le=36_500)] = 1826  # of subjects, after they were decided
    keep_entries_days: Annotated[int, Field(ge=1, le=36_500)] = 1826  # contact moments, tasks, commitments, after they last changed
    keep_managers_days: Annotated[int, Field(ge=1, le=36_500)] = 1826  # who was the relation manager, after they no longer are
    lately_days: Annotated[int, Field(ge=0, le=36_500)] = 180  # so long after a case ended its officials dealt with it lately
    keep_former_days: Annotated[int, Field(ge=0, le=36_500)] = 90  # which ids a party had that its source has no more
    exports_hours: Annotated[int, Field(ge=1, le=720)] = 72  # after which an export is deleted
    console_url: Annotated[str, AfterValidator(public_address)] = ""  # where officials' browsers find relhub; "": there is no console
    console_demo: bool = False  # whether anybody may sign in there as one of the demo's people
    console_consumer: str = ""  # in the consumers file: as which application officials sign in there
    console_secret: SecretStr | None = None  # of that application at its issuer, here or in a file; neither: a public client
    console_secret_file: Path | None = None
    console_scope: Annotated[str, Field(pattern=r"^openid( [!-~]+)*$")] = "openid"
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

    @model_validator(mode="after")
    def _believes_no_stranger(self) -> Self:
        if self.client_oin_header and not self.trusted_proxies:
            raise ValueError("RELHUB_CLIENT_OIN_HEADER is believed from the addresses in RELHUB_TRUSTED_PROXIES only: set that as well")
        return self

    @model_validator(mode="after")
    def _console_has_a_way_in(self) -> Self:
        if self.console_url and not self.console_consumer and not self.console_demo:
            raise ValueError("RELHUB_CONSOLE_URL: officials can't sign in without RELHUB_CONSOLE_CONSUMER")
        if self.console_secret is not None and self.console_secret_file is not None:
            raise ValueError("RELHUB_CONSOLE_SECRET and RELHUB_CONSOLE_SECRET_FILE: choose one place")
        if self.console_demo and not self.console_url.startswith("http://"):
            raise ValueError("RELHUB_CONSOLE_DEMO: anybody could sign in as anybody; only with a RELHUB_CONSOLE_URL on this machine")
        return self

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
                if (e["loc"] or e["type"] == "value_error") and (e["loc"], e["type"]) != (("database_owner_url",), "missing")
            )
            raise ConfigurationError(f"settings: {wrong or 'the environment variables can not be read'}") from None
