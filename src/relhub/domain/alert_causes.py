"""From what is known of a relation to the causes of its alerts: of records that nobody sees apart, one stands for all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from relhub.domain.alerts import AlertRules, Cause, RuleName, RuleSettings, worth_keeping
from relhub.domain.compartments import Level
from relhub.domain.dates import AMSTERDAM
from relhub.domain.record import Capacity

APPLICANTS: Final = frozenset({"applicant", "co-applicant"})
_ON_ACCOUNT: Final = frozenset({"deceased", "dissolved", "bankrupt"})  # flags of a party in a base register

Hashed = Callable[[str], str]
"""A text that only says whether two are the same."""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of the relation that is not closed. `visits`: the days of inspections that are still to come; `register`: of a copy of a base register; `apart`: what besides its compartment decides who sees it."""

    number: int
    ref: str
    compartment: int
    capacity: Capacity
    department: str
    on_date: date
    roles: frozenset[str]
    visits: tuple[date, ...]
    register: bool
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What officials recorded, as far as rules read it. `shared`: what decides who sees it."""

    number: int
    id: str
    sort: str
    at: datetime
    due: date | None
    version: int
    department: str
    handler: str
    through: bool
    kind: str
    direction: str
    subject: str
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownParty:
    """A party record. `flags` and `homes` (addresses, as places name them) of what it says; `register`: in a copy of a base register."""

    number: int
    name: str
    flags: frozenset[str]
    homes: frozenset[str]
    register: bool


@dataclass(frozen=True, slots=True)
class Touching:
    """A project that lies where a case of the relation does."""

    project: int
    project_ref: str
    project_department: str
    case: OpenCase


@dataclass(frozen=True, slots=True)
class Known:
    """All that rules read of one relation."""

    cases: Sequence[OpenCase] = ()
    entries: Sequence[KnownEntry] = ()
    parties: Sequence[KnownParty] = ()
    touching: Sequence[Touching] = ()


def causes_of(known: Known, rules: AlertRules, hashed: Hashed) -> list[Cause]:
    """The causes of all alerts that anybody could be told of this relation. The same whenever it is computed from the same."""
    found = [cause for name, settings in rules.rules.items() for cause in _GATHER[name](known, settings, hashed)]
    return worth_keeping(found, rules.rules)


def _case_elsewhere(known: Known, settings: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    own = [case for case in known.cases if case.roles & APPLICANTS and case.department and not case.register]
    others = [case for case in known.cases if case.capacity in settings.capacities and case.department and not case.register]
    for side, cases, needs in (("applicant", own, Level.summary), ("elsewhere", others, Level.existence)):
        for case in _newest(cases):
            yield Cause("case-elsewhere", "", side, "case", case.number, needs, hashed(f"{side} {case.ref}"), case.department)


def _visits_meet(known: Known, settings: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    """Inspections that are planned, and tasks and commitments that have a day."""
    before = timedelta(days=settings.days)
    for case in known.cases:
        for day in case.visits:
            mark = hashed(f"visit {case.ref} {day}")
            yield _planned(Cause("visits-meet", "", f"visit {day}", "finding", case.number, Level.full, mark, case.department), day, before)
    for entry in known.entries:
        if entry.due and not entry.through and entry.handler and (entry.sort == "commitment" or entry.kind == "task"):
            mark = hashed(f"planned {entry.id} {entry.due}")
            cause = Cause("visits-meet", "", "planned", "entry", entry.number, Level.summary, mark, entry.handler)
            yield _planned(cause, entry.due, before)


def _planned(cause: Cause, day: date, before: timedelta) -> Cause:
    return _between(cause, _midnight(day - before), _midnight(day + timedelta(days=1)))


def _register_says(known: Known, _: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    said = [party for party in known.parties if party.register]
    for party in said:
        for topic in sorted(party.flags & _ON_ACCOUNT):
            mark = hashed(f"{topic} {party.name} ")
            yield Cause("register-says", topic, "register", "party", party.number, Level.summary, mark)
        for other in _elsewhere(party, known.parties):
            for side, one, by in (("register", party, other), ("otherwise", other, party)):
                mark = hashed(f"{'moved' if side == 'register' else side} {one.name} {sorted(one.homes)}")
                yield Cause("register-says", "moved", side, "address", one.number, Level.summary, mark, via=by.number)
    for topic in [*sorted(_ON_ACCOUNT), "moved"]:
        for case in _newest(case for case in known.cases if not case.register):
            mark = hashed(f"open {case.ref}")
            yield Cause("register-says", topic, "open-case", "case", case.number, Level.existence, mark, case.department)


def _elsewhere(party: KnownParty, parties: Sequence[KnownParty]) -> list[KnownParty]:
    """Who says that they live where this register does not."""
    return [other for other in parties if party.homes and other.homes and not other.register and not other.homes & party.homes]


def _unanswered_contacts(known: Known, settings: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    while_it_counts = timedelta(days=settings.days)
    groups: dict[tuple[str, str, tuple[str, ...]], list[KnownEntry]] = {}
    for entry in known.entries:
        subject = " ".join(entry.subject.casefold().split())
        if entry.sort == "contact-moment" and subject:
            groups.setdefault((subject, entry.direction, entry.shared), []).append(entry)
    for (subject, direction, _), entries in groups.items():
        side, most = ("contact", settings.count) if direction == "inbound" else ("answer", 1)
        for entry in sorted(entries, key=lambda one: (one.at, one.number))[-most:]:
            topic, mark = hashed(f"subject {subject}"), hashed(f"{side} {entry.id}")
            cause = Cause("unanswered-contacts", topic, side, "entry", entry.number, Level.summary, mark, entry.department)
            yield _between(cause, entry.at, entry.at + while_it_counts if side == "contact" else None)


def _commitment_due(known: Known, settings: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    for entry in known.entries:
        if entry.sort == "commitment" and entry.due:
            mark = hashed(f"promised {entry.id} {entry.due}")
            cause = Cause("commitment-due", entry.id, "promised", "entry", entry.number, Level.existence, mark, entry.department)
            yield _between(cause, _midnight(entry.due - timedelta(days=settings.days)), None)


def _project_at_address(known: Known, settings: RuleSettings, hashed: Hashed) -> Iterator[Cause]:
    projects = {touching.project: touching for touching in known.touching}
    for project, one in sorted(projects.items()):
        there = [touching.case for touching in known.touching if touching.project == project]
        topic = hashed(f"project {one.project_ref}")
        for case in _newest(case for case in there if case.capacity in settings.capacities and case.number != project):
            marks = [hashed(f"project {one.project_ref} {case.ref}"), hashed(f"pending {case.ref} {one.project_ref}")]
            sides = (("project", project, case.number, one.project_department), ("pending", case.number, project, case.department))
            for mark, (side, number, via, department) in zip(marks, sides, strict=True):
                yield Cause("project-at-address", topic, side, "place", number, Level.existence, mark, department, via=via)


_GATHER: Final[Mapping[RuleName, Callable[[Known, RuleSettings, Hashed], Iterator[Cause]]]] = {
    "case-elsewhere": _case_elsewhere,
    "visits-meet": _visits_meet,
    "register-says": _register_says,
    "unanswered-contacts": _unanswered_contacts,
    "commitment-due": _commitment_due,
    "project-at-address": _project_at_address,
}


def _newest(cases: Iterable[OpenCase]) -> list[OpenCase]:
    """One of those that the same readers see, of each department: who sees one of them sees them all."""
    found: dict[tuple[int, str, tuple[str, ...]], OpenCase] = {}
    for case in sorted(cases, key=lambda case: (case.on_date, case.number)):
        found[case.compartment, case.department, case.apart] = case
    return list(found.values())


def _between(cause: Cause, from_at: datetime, until_at: datetime | None) -> Cause:
    return Cause(
        cause.rule,
        cause.topic,
        cause.side,
        cause.sort,
        cause.number,
        cause.needs,
        cause.mark,
        cause.department,
        from_at,
        until_at,
        cause.via,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), AMSTERDAM)
