"""The access rules file: read strictly, checked at start."""

import hashlib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from relhub.config.toml import read_toml
from relhub.domain.access import AccessRules, Activity, FieldGroup, Level
from relhub.domain.record import Capacity
from relhub.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
        )


class _RulesFile(_Strict):
    coordinator: str
    activity: tuple[_ActivityConfig, ...]


def load_access_rules(path: Path) -> AccessRules:
    """The access rules; their version is the hash of the file. Raises ConfigurationError."""
    rules = read_toml(path, _RulesFile)
    activities = {config.id: config.activity() for config in rules.activity}
    if len(activities) != len(rules.activity):
        raise ConfigurationError(f"{path}: two activities have one id")
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return AccessRules(version, rules.coordinator, activities)
