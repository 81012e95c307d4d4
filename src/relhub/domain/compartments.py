"""What access rules can tell apart: compartments of cases, and what a processing activity opens of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from relhub.domain.record import Capacity

Regime = Literal["avg", "wpg"]
Category = Literal["ordinary", "criminal", "special"]

OWN = "hub:"
"""Before the name of an organisation: as source of what its officials record in relhub itself."""

CONFIDENTIALITIES = (
    "openbaar",
    "beperkt_openbaar",
    "intern",
    "zaakvertrouwelijk",
    "vertrouwelijk",
    "confidentieel",
    "geheim",
    "zeer_geheim",
)
"""Vertrouwelijkheidaanduidingen of ZGW, from public to most secret."""


class Level(IntEnum):
    """How much of a domain is shown. Domains are the seven capacities."""

    none = 0
    referral = 1  # a colleague is involved: ask through the coordinator; no domain named
    existence = 2  # the domain is named, and who to reach; nothing of the case itself
    summary = 3
    full = 4


_RANKS = {word: rank for rank, word in enumerate(CONFIDENTIALITIES)}


def ceiling(word: str) -> int:
    """The rank of a confidentiality; a word that is not known is above all."""
    return _RANKS.get(word, len(CONFIDENTIALITIES))


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Under which law cases are processed (regime), and of what sort they are (category)."""

    regime: Regime = "avg"
    category: Category = "ordinary"


@dataclass(frozen=True, slots=True)
class Compartment:
    """Cases that no access rule tells apart: of one source, capacity, kind and confidentiality."""

    id: int
    source: str
    organisation: str
    capacity: Capacity
    kind: str
    confidentiality: str
    sensitivity: Sensitivity = Sensitivity()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a source may have: all that is known of it before any case is."""

    organisation: str
    capacities: frozenset[Capacity]
    sensitivities: frozenset[Sensitivity]


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule of a processing activity: which cases it fits, and at which level those are seen."""

    level: Level
    capacities: frozenset[Capacity]
    kinds: frozenset[str] = frozenset()  # empty: any
    organisations: frozenset[str] = frozenset()  # empty: the consumer's own
    regimes: frozenset[Regime] = frozenset({"avg"})
    categories: frozenset[Category] = frozenset({"ordinary"})
    confidentiality: str = "vertrouwelijk"  # at most

    def fits(self, case: Compartment, own: str) -> bool:
        return (
            case.capacity in self.capacities
            and (not self.kinds or case.kind in self.kinds)
            and self.reaches(case.organisation, case.sensitivity, own)
            and ceiling(case.confidentiality) <= ceiling(self.confidentiality)
        )

    def reaches(self, organisation: str, sensitivity: Sensitivity, own: str) -> bool:
        return (
            organisation in (self.organisations or {own}) and sensitivity.regime in self.regimes and sensitivity.category in self.categories
        )

    @property
    def unconditional(self) -> bool:
        """Whether it fits every case of a capacity, regime and category."""
        return not self.kinds and ceiling(self.confidentiality) >= len(CONFIDENTIALITIES) - 1


def level_of(openings: Sequence[Opening], case: Compartment, own: str) -> Level:
    """The level of the first rule that fits; none when no rule does. `own`: the organisation of the consumer."""
    return next((opening.level for opening in openings if opening.fits(case, own)), Level.none)


def levels_of(openings: Sequence[Opening], cases: Iterable[Compartment], own: str) -> dict[int, Level]:
    """`level_of` for many: a rule is only looked at for what it could fit."""
    by_capacity: dict[Capacity, list[tuple[int, Opening]]] = {}
    for at, opening in enumerate(openings):
        for capacity in opening.capacities:
            by_capacity.setdefault(capacity, []).append((at, opening))
    tables: dict[tuple[Capacity, str, Sensitivity], _Table] = {}
    found = {}
    for case in cases:
        key = (case.capacity, case.organisation, case.sensitivity)
        table = tables.get(key)
        if table is None:
            of_capacity = by_capacity.get(case.capacity, ())
            table = tables[key] = _Table(rule for rule in of_capacity if rule[1].reaches(case.organisation, case.sensitivity, own))
        found[case.id] = table.level(case.kind, ceiling(case.confidentiality))
    return found


class _Table:
    """Rules that differ in kinds and confidentiality only, by kind; "" has those that fit every kind."""

    def __init__(self, openings: Iterable[tuple[int, Opening]]) -> None:
        self._rules: dict[str, list[tuple[int, int, Level]]] = {"": []}
        for at, opening in openings:
            for kind in opening.kinds or {""}:
                self._rules.setdefault(kind, []).append((at, ceiling(opening.confidentiality), opening.level))

    def level(self, kind: str, rank: int) -> Level:
        fitting = [rule for rule in self._rules[""] if rank <= rule[1]][:1]
        if kind in self._rules:
            fitting += [rule for rule in self._rules[kind] if rank <= rule[1]][:1]
        return min(fitting)[2] if fitting else Level.none


def highest_level(openings: Sequence[Opening], scope: Scope, own: str) -> Level:
    """The highest level at which a case of this scope could be seen, whether or not there is one."""
    found = (
        level
        for capacity in scope.capacities
        for sensitivity in scope.sensitivities
        for level in _possible(openings, capacity, scope.organisation, sensitivity, own)
    )
    return max(found, default=Level.none)


def _possible(openings: Iterable[Opening], capacity: Capacity, organisation: str, sensitivity: Sensitivity, own: str) -> Iterator[Level]:
    for opening in openings:
        if capacity in opening.capacities and opening.reaches(organisation, sensitivity, own):
            yield opening.level
            if opening.unconditional:
                return
