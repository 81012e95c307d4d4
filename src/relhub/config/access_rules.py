"""The access rules file: read strictly, checked at start and whenever it changes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from relhub.config.settings import over_tls
from relhub.config.sources import SourceConfig
from relhub.config.toml import checked, parsed, read
from relhub.domain.access import AccessRules, Activity, Consumer, FieldGroup, Organisation
from relhub.domain.compartments import CONFIDENTIALITIES, Category, Level, Opening, Regime
from relhub.domain.entries import Sort as EntrySort
from relhub.domain.occasions import CaseCondition
from relhub.domain.occasions import Sort as OccasionSort
from relhub.domain.record import CAPACITIES, Capacity
from relhub.errors import ConfigurationError

LevelName = Literal["none", "referral", "existence", "summary", "full"]
Confidentiality = Literal[
    "openbaar", "beperkt_openbaar", "intern", "zaakvertrouwelijk", "vertrouwelijk", "confidentieel", "geheim", "zeer_geheim"
]
_EVERY_REGIME: frozenset[Regime] = frozenset({"avg", "wpg"})
_EVERY_CATEGORY: frozenset[Category] = frozenset({"ordinary", "criminal", "special"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Organisation(_Strict):
    name: str
    oin: Annotated[str, Field(pattern=r"^[0-9]{20}$")]
    controllers: Annotated[frozenset[str], Field(min_length=1)]


class _Rule(_Strict):
    """A rule that closes (level none) holds for all regimes, categories and confidentialities unless it names them; one that opens does not."""

    level: LevelName
    domains: Annotated[frozenset[Capacity], Field(min_length=1)] = frozenset(CAPACITIES)
    kinds: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    regimes: frozenset[Regime] | None = None
    categories: frozenset[Category] | None = None
    confidentiality: Confidentiality | None = None  # at most

    def opening(self, confidentiality: str) -> Opening:
        closes = self.level == "none"
        return Opening(
            level=Level[self.level],
            capacities=self.domains,
            kinds=self.kinds,
            organisations=self.organisations,
            regimes=self.regimes or (_EVERY_REGIME if closes else frozenset({"avg"})),
            categories=self.categories or (_EVERY_CATEGORY if closes else frozenset({"ordinary"})),
            confidentiality=self.confidentiality or (CONFIDENTIALITIES[-1] if closes else confidentiality),
        )


class _Case(_Strict):
    open: bool = True
    own_department: bool = True
    involves_relation: bool = True


class _Activity(_Strict):
    id: str
    register_uri: str
    purpose: str
    legal_basis: str
    occasions: Annotated[frozenset[OccasionSort], Field(min_length=1)]
    case: _Case = _Case()
    rule: tuple[_Rule, ...] = ()
    levels: dict[Capacity, LevelName] = {}
    confidentiality: Confidentiality = "vertrouwelijk"  # at most, where a rule says nothing of it
    groups: frozenset[FieldGroup] = frozenset()
    organisations: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    applications: frozenset[str] = frozenset()
    search: bool = False
    searches_per_day: Annotated[int, Field(ge=0)] = 0
    unusual_searches: Annotated[int, Field(ge=0)] = 30
    places: bool = False
    health: bool = False
    pull: bool = False
    follow: bool = False
    inspect_log: bool = False
    subject_log: bool = False
    export: bool = False
    records: frozenset[EntrySort] = frozenset()
    manage: bool = False
    make_requests: bool = False
    handle_requests: bool = False
    restricted: bool = False
    disclosable: bool = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.follow and "none" not in self.occasions:
            raise ValueError('follow: changes are followed without an occasion: add "none" to occasions')
        if "break-glass" in self.occasions and len(self.occasions) > 1:
            raise ValueError("occasions: break-glass is an activity of its own, without other occasions")
        if "break-glass" in self.occasions and self.export:
            raise ValueError("export: what is held of somebody is not put together in an emergency: leave break-glass out of occasions")
        if self.make_requests and (self.occasions != {"none"} or not self.restricted):
            raise ValueError(
                'make_requests: who it is about needs no occasion, and asks while their data is restricted as well: occasions = ["none"], restricted = true'
            )
        if self.places and "contact-details" not in self.groups:
            raise ValueError("places: who asks what goes on at an address sees addresses: add contact-details to groups")
        if self.searches_per_day and not self.search:
            raise ValueError("searches_per_day: means nothing without search = true")
        return self

    def activity(self) -> Activity:
        levels = (_Rule(level=level, domains=frozenset({capacity})) for capacity, level in self.levels.items())
        same = ("id", "register_uri", "purpose", "legal_basis", "groups", "organisations", "departments", "roles", "applications")
        rights = ("search", "searches_per_day", "unusual_searches", "places", "health", "pull", "follow")
        log = ("inspect_log", "subject_log", "disclosable")
        for_the_subject = ("records", "manage", "export", "make_requests", "handle_requests", "restricted")
        return Activity(
            **{name: getattr(self, name) for name in (*same, *rights, *log, *for_the_subject)},
            occasions=frozenset(self.occasions),
            case=CaseCondition(**self.case.model_dump()),
            openings=tuple(rule.opening(self.confidentiality) for rule in (*self.rule, *levels)),
        )


class _BreakGlass(_Strict):
    """Where the privacy officer is told: `tell` is an address that takes a POST. It names officials, so it has TLS or stays on the machine."""

    tell: Annotated[str, Field(min_length=1), AfterValidator(over_tls)]


class _RulesFile(_Strict):
    coordinator: str
    coordinator_department: str = ""
    organisation: Annotated[tuple[_Organisation, ...], Field(min_length=1)]
    privacy_officer: _BreakGlass | None = None
    activity: tuple[_Activity, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [organisation.name for organisation in self.organisation]
        known = set(names)
        for what, given in (("organisation", names), ("activity", [activity.id for activity in self.activity])):
            if twice := sorted({name for name in given if given.count(name) > 1}):
                raise ValueError(f"two of one {what}: {', '.join(twice)}")
        for activity in self.activity:
            named = activity.organisations.union(*(rule.organisations for rule in activity.rule))
            if unknown := sorted(named - known):
                raise ValueError(f"activity {activity.id}: no organisation of this file: {', '.join(unknown)}")
            if "break-glass" in activity.occasions and self.privacy_officer is None:
                raise ValueError(f"activity {activity.id}: break-glass needs [privacy_officer] tell, an address where it is told")
        return self


def load_access_rules(path: Path) -> AccessRules:
    """The access rules; their version is the hash of the file. Raises ConfigurationError."""
    raw = read(path)
    file = checked(path, _RulesFile, parsed(path, raw))
    return AccessRules(
        version=hashlib.sha256(raw).hexdigest()[:12],
        coordinator=file.coordinator,
        coordinator_department=file.coordinator_department,
        activities={config.id: config.activity() for config in file.activity},
        organisations={one.name: Organisation(one.name, one.oin, one.controllers) for one in file.organisation},
        tell=file.privacy_officer.tell if file.privacy_officer else "",
    )


def check_sources(rules: AccessRules, sources: Mapping[str, SourceConfig]) -> None:
    """Raises ConfigurationError when a source is of an organisation or controller that the rules do not know."""
    if wrong := [*_strange_sources(rules, sources)]:
        raise ConfigurationError("; ".join(wrong))


def _strange_sources(rules: AccessRules, sources: Mapping[str, SourceConfig]) -> Iterator[str]:
    for name, config in sources.items():
        known = rules.organisations.get(config.organisation)
        if known is None:
            yield f"source {name}: the access rules know no organisation {config.organisation!r}"
        elif unknown := sorted(config.controllers - known.controllers):
            yield f"source {name}: {config.organisation} has no controller {', '.join(unknown)} in the access rules"


def check_consumers(rules: AccessRules, consumers: Iterable[Consumer]) -> None:
    """Raises ConfigurationError when a consumer is of an organisation, or may use an activity, that the rules do not know: it would see nothing by it."""
    if wrong := [*_strange_consumers(rules, consumers)]:
        raise ConfigurationError("; ".join(wrong))


def _strange_consumers(rules: AccessRules, consumers: Iterable[Consumer]) -> Iterator[str]:
    for consumer in consumers:
        if consumer.organisation not in rules.organisations:
            yield f"consumer {consumer.name}: the access rules know no organisation {consumer.organisation!r}"
        if unknown := sorted(consumer.activities - rules.activities.keys()):
            yield f"consumer {consumer.name}: the access rules know no activity {', '.join(unknown)}"
