"""The consumers file and the access rules file: read strictly, checked at start."""

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from relhub.domain.access import AccessRules, Activity, Consumer, FieldGroup, Level
from relhub.domain.record import Capacity
from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Example(_Strict):
    """What the demo prints beside a consumer."""

    activity: str
    occasion: str = "none"


class ConsumerConfig(_Strict):
    name: str
    token: str | None = None  # for the demo only
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    application: str
    organisation: str
    department: str
    roles: frozenset[str] = frozenset()
    activities: frozenset[str]
    may_name_official: bool = False
    example: _Example | None = None

    def fingerprint(self) -> str:
        """The SHA-256 of the token, in hexadecimal: all that is kept of it."""
        if self.token_sha256:
            return self.token_sha256
        if not self.token:
            raise ConfigurationError(f"consumer {self.name}: token_sha256 is missing")
        return hashlib.sha256(self.token.encode()).hexdigest()

    def consumer(self) -> Consumer:
        return Consumer(
            self.name, self.application, self.organisation, self.department, self.roles, self.activities, self.may_name_official
        )


class _ConsumersFile(_Strict):
    consumer: tuple[ConsumerConfig, ...] = ()


LevelName = Literal["none", "referral", "existence", "summary", "full"]


class _ActivityConfig(_Strict):
    id: str
    register_uri: str
    purpose: str
    legal_basis: str
    occasions: frozenset[Literal["case", "none"]]
    levels: dict[Capacity, LevelName] = {}
    groups: frozenset[FieldGroup] = frozenset()
    departments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    search: bool = False
    pull: bool = False
    follow: bool = False
    inspect_log: bool = False
    subject_log: bool = False
    disclosable: bool = True

    @model_validator(mode="after")
    def _follows_without_an_occasion(self) -> Self:
        if self.follow and "none" not in self.occasions:
            raise ValueError('follow: changes are followed without an occasion: add "none" to occasions')
        return self

    def activity(self) -> Activity:
        levels: dict[Capacity, Level] = {capacity: Level[name] for capacity, name in self.levels.items()}
        return Activity(
            self.id,
            self.register_uri,
            self.purpose,
            self.legal_basis,
            frozenset(self.occasions),
            levels,
            self.groups,
            self.departments,
            self.roles,
            self.search,
            self.pull,
            self.follow,
            self.inspect_log,
            self.subject_log,
            self.disclosable,
        )


class _RulesFile(_Strict):
    coordinator: str
    activity: tuple[_ActivityConfig, ...]


_Model = TypeVar("_Model", bound=BaseModel)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{path}: {wrong}") from error


def load_consumer_configs(path: Path) -> tuple[ConsumerConfig, ...]:
    """The consumers as the file gives them. Raises ConfigurationError."""
    return _read(path, _ConsumersFile).consumer


def load_consumers(path: Path) -> Mapping[str, Consumer]:
    """Consumers by the SHA-256 of their token. Raises ConfigurationError, also when two share a token."""
    configs = load_consumer_configs(path)
    consumers = {config.fingerprint(): config.consumer() for config in configs}
    if len(consumers) != len(configs):
        raise ConfigurationError(f"{path}: two consumers have one token")
    return consumers


def load_access_rules(path: Path) -> AccessRules:
    """The access rules; their version is the hash of the file. Raises ConfigurationError."""
    rules = _read(path, _RulesFile)
    activities = {config.id: config.activity() for config in rules.activity}
    if len(activities) != len(rules.activity):
        raise ConfigurationError(f"{path}: two activities have one id")
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return AccessRules(version, rules.coordinator, activities)
