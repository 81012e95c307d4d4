"""The source files: one TOML per source, its name is the source's name. Unknown keys are refused."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from relhub.config.authentication import Auth, NoAuth
from relhub.config.settings import over_tls
from relhub.config.toml import checked, parsed, read
from relhub.domain.behalf import check_template
from relhub.domain.compartments import CONFIDENTIALITIES, Category, Regime, Sensitivity
from relhub.domain.identifiers import rsin
from relhub.domain.retention import RetentionRule
from relhub.domain.schedule import check_schedule
from relhub.errors import ConfigurationError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
Seconds = Annotated[float, Field(gt=0, le=600)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Limits(_Strict):
    """What the source may cost us, and we it."""

    connect: Seconds = 5.0
    read: Seconds = 15.0
    write: Seconds = 5.0
    pool: Seconds = 15.0
    total: Seconds = 10.0  # for one fetch_one, retries included
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    longest_wait: Seconds = 30.0  # between two attempts, whatever Retry-After asks
    max_body_mb: Annotated[float, Field(gt=0, le=1024)] = 32.0
    max_pages: Annotated[int, Field(ge=1)] = 100_000
    max_redirects: Annotated[int, Field(ge=0, le=10)] = 3
    breaker_failures: Annotated[int, Field(ge=1)] = 8  # in a row, and the source is left alone …
    breaker_seconds: Seconds = 30.0  # … for so long


class Expect(_Strict):
    """What a complete pull should bring; one that brings less changes nothing."""

    minimum: Annotated[int, Field(ge=0)] = 0
    max_loss: Annotated[float, Field(ge=0, le=1)] = 0.1


class Kinds(_Strict):
    """Cases of these kinds have another regime, category or controller than the rest of the source."""

    names: Annotated[frozenset[str], Field(min_length=1)]
    regime: Regime | None = None
    category: Category | None = None
    controller: str = ""


class Retention(_Strict):
    """How long cases of these kinds are kept after they ended; of every kind, when none is named."""

    kinds: frozenset[str] = frozenset()
    years: Annotated[int, Field(ge=0, le=200)] | None = None
    days: Annotated[int, Field(ge=0, le=73_000)] | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> Self:
        if self.years is None and self.days is None:
            raise ValueError("say for how long: years, days or both")
        return self

    def as_rule(self) -> RetentionRule:
        return RetentionRule(self.kinds, self.years or 0, self.days or 0)


class SourceConfig(_Strict):
    """One source as its file describes it. `options`: the tables that are the adapter's own, which validates them."""

    name: str
    path: Path
    adapter: str
    base_url: str
    organisation: str
    organisation_rsin: str
    controller: str
    mode: Literal["copy", "live"] = "copy"
    schedule: str = ""
    trust: Annotated[int, Field(ge=0, le=100)] = 50
    base_register: Literal["", "brp", "hr"] = ""  # of which this is a copy: what it says of a party is an alert while a case runs
    identity: Literal["full", "leaf"] = "full"
    regime: Regime = "avg"
    category: Category = "ordinary"
    kinds: tuple[Kinds, ...] = ()  # cases of these kinds are otherwise
    confidentiality: str = "zaakvertrouwelijk"  # of cases of which the source does not say it
    retention: tuple[Retention, ...] = ()  # the first that fits the kind of a case decides; none: as long as the source has it
    tell_corrections: Annotated[str, AfterValidator(over_tls)] = (
        ""  # where the owner of the source hears that something is said to be wrong
    )
    auth: Auth = NoAuth(kind="none")
    limits: Limits = Limits()
    expect: Expect = Expect()
    departments: dict[str, str] = {}
    on_behalf: dict[HeaderName, Annotated[str, AfterValidator(check_template)]] = {}  # said when asked on account of a question
    options: dict[str, Any] = {}

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("an http or https address without user, query or fragment is needed")
        return value.rstrip("/")

    @field_validator("confidentiality")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in CONFIDENTIALITIES:
            raise ValueError(f"must be one of {', '.join(CONFIDENTIALITIES)}")
        return value

    @field_validator("organisation_rsin")
    @classmethod
    def _number(cls, value: str) -> str:
        return rsin(value)

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str) -> str:
        return check_schedule(value) if value else value

    @model_validator(mode="after")
    def _police_data_connects_nobody(self) -> Self:
        if self.regime == "wpg" and self.identity != "leaf":
            raise ValueError('identity: data under the wpg regime must not decide who others are: set identity = "leaf"')
        return self

    @cached_property
    def _by_kind(self) -> dict[str, Sensitivity]:
        return {name: Sensitivity(one.regime or self.regime, one.category or self.category) for one in self.kinds for name in one.names}

    def sensitivity(self, kind: str) -> Sensitivity:
        """Under which law a case of this kind is processed, and of what sort it is."""
        return self._by_kind.get(kind, Sensitivity(self.regime, self.category))

    def controller_of(self, kind: str) -> str:
        """Who answers for the data of a case of this kind."""
        return next((one.controller for one in self.kinds if kind in one.names and one.controller), self.controller)

    def sensitivities(self) -> frozenset[Sensitivity]:
        """All that its cases may have."""
        return frozenset({Sensitivity(self.regime, self.category), *self._by_kind.values()})

    def refuses(self, kind: str) -> bool:
        """Whether cases of this kind may not be kept: police data (Wpg) in a source whose records decide who others are."""
        return self.sensitivity(kind).regime == "wpg" and self.identity != "leaf"

    @property
    def retention_rules(self) -> tuple[RetentionRule, ...]:
        return tuple(one.as_rule() for one in self.retention)

    @property
    def controllers(self) -> frozenset[str]:
        return frozenset({self.controller, *(one.controller for one in self.kinds if one.controller)})


def load_sources(directory: Path) -> dict[str, SourceConfig]:
    """Every source in the directory by its name. Raises ConfigurationError naming file and key."""
    if not directory.is_dir():
        raise ConfigurationError(f"{directory}: no such directory; RELHUB_SOURCES_DIR names the one with the source files")
    return {path.stem: load_source(path) for path in sorted(directory.glob("*.toml"))}


def load_source(path: Path) -> SourceConfig:
    """One source file. Raises ConfigurationError naming file and key."""
    raw = parsed(path, read(path))
    if not _NAME.fullmatch(path.stem):
        raise ConfigurationError(
            f"{path}: the file's name is the source's name: lower-case letters, digits and hyphens, beginning with a letter"
        )
    if reserved := {"name", "path", "options"} & raw.keys():
        raise ConfigurationError(f"{path}: {', '.join(sorted(reserved))}: not a key of a source file")
    known = {key: value for key, value in raw.items() if key in SourceConfig.model_fields}
    options = {key: value for key, value in raw.items() if key not in SourceConfig.model_fields}
    return checked(path, SourceConfig, {**known, "name": path.stem, "path": path, "options": options})
