"""The alerts file: which rules are on, with which parameters. Read strictly, checked at start and whenever it changes; without a file there are no alerts."""

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from relhub.config.toml import checked, parsed, read
from relhub.domain.access import AccessRules
from relhub.domain.alerts import RULES, AlertRules, RuleName, RuleSettings
from relhub.domain.record import CAPACITIES, Capacity
from relhub.errors import ConfigurationError

_Days = Annotated[int, Field(ge=0, le=366)]
_Capacities = Annotated[frozenset[Capacity], Field(min_length=1)]


class _Rule(BaseModel):
    """`organisations`: of the access rules, whose officials are told; empty for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: bool = True
    organisations: frozenset[str] = frozenset()

    def settings(self) -> RuleSettings:
        return RuleSettings(**self.model_dump(exclude={"on"}))


class _CaseElsewhere(_Rule):
    capacities: _Capacities = frozenset(CAPACITIES) - {"project", "policy"}


class _VisitsMeet(_Rule):
    days: _Days = 14


class _UnansweredContacts(_Rule):
    days: _Days = 30
    count: Annotated[int, Field(ge=2, le=20)] = 3


class _CommitmentDue(_Rule):
    days: _Days = 2


class _ProjectAtAddress(_Rule):
    capacities: _Capacities = frozenset({"licensing", "advice", "enforcement", "supervision"})


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class _AlertsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=_dashed)

    case_elsewhere: _CaseElsewhere | None = None
    visits_meet: _VisitsMeet | None = None
    register_says: _Rule | None = None
    unanswered_contacts: _UnansweredContacts | None = None
    commitment_due: _CommitmentDue | None = None
    project_at_address: _ProjectAtAddress | None = None

    def rules(self) -> dict[RuleName, RuleSettings]:
        """Those that are on: a rule that is not named is off."""
        given: dict[RuleName, _Rule | None] = {name: getattr(self, name.replace("-", "_")) for name in RULES}
        return {name: rule.settings() for name, rule in given.items() if rule and rule.on}


def load_alert_rules(path: Path | None) -> AlertRules:
    """The rules for alerts; their version is the hash of the file. Raises ConfigurationError."""
    if path is None:
        return AlertRules()
    raw = read(path)
    return AlertRules(hashlib.sha256(raw).hexdigest()[:12], checked(path, _AlertsFile, parsed(path, raw)).rules())


def check_alert_rules(alerts: AlertRules, rules: AccessRules) -> None:
    """Raises ConfigurationError when a rule is for an organisation that the access rules do not know: nobody would be told."""
    for name, settings in alerts.rules.items():
        if unknown := sorted(settings.organisations - rules.organisations.keys()):
            raise ConfigurationError(f"alerts, {name}: the access rules know no organisation {', '.join(unknown)}")
