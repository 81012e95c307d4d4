"""Entries (vastleggingen): what officials record here about their dealings with a relation, and how it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, cast

from relhub.domain.compartments import Level
from relhub.domain.record import Capacity
from relhub.errors import WrongState

Sort = Literal["contact-moment", "task", "commitment"]
SORTS: Final[tuple[Sort, ...]] = ("contact-moment", "task", "commitment")
State = Literal["recorded", "asked", "accepted", "answered", "closed", "promised", "kept", "broken", "withdrawn", "deleted"]
Step = Literal[
    "recorded",
    "corrected",
    "identified",
    "accepted",
    "answered",
    "remarked",
    "handed-over",
    "closed",
    "withdrawn",
    "kept",
    "broken",
    "moved",
    "deleted",
]
Side = Literal["recorder", "handler"]
"""Whose step it is: of the department that recorded it, or of the one that deals with it."""

CONTACT_OPENS: Final = timedelta(days=7)  # so long a contact moment is an occasion for the department that recorded it
ANSWER_OPENS: Final = timedelta(days=30)  # so long an answer is one for who asked, when it says so

_Steps = Mapping[Step, tuple[State | None, frozenset[Side]]]
"""The state after each step (None: as it was), and who may take it."""

_BOTH: Final[frozenset[Side]] = frozenset({"recorder", "handler"})
_RECORDER: Final[frozenset[Side]] = frozenset({"recorder"})
_HANDLER: Final[frozenset[Side]] = frozenset({"handler"})
_WHILE_ASKED: Final[_Steps] = {
    "accepted": ("accepted", _HANDLER),
    "answered": ("answered", _HANDLER),
    "handed-over": ("asked", _HANDLER),
    "remarked": (None, _BOTH),
    "withdrawn": ("withdrawn", _RECORDER),
    "deleted": ("deleted", _RECORDER),
}
_NEXT: Final[Mapping[State, _Steps]] = {
    "recorded": {"corrected": (None, _RECORDER), "identified": (None, _RECORDER), "deleted": ("deleted", _RECORDER)},
    "asked": _WHILE_ASKED,
    "accepted": _WHILE_ASKED,
    "answered": {
        "remarked": (None, _BOTH),
        "closed": ("closed", _RECORDER),
        "handed-over": ("asked", _HANDLER),
        "deleted": ("deleted", _RECORDER),
    },
    "promised": {
        "kept": ("kept", _HANDLER),
        "broken": ("broken", _HANDLER),
        "moved": (None, _HANDLER),
        "handed-over": (None, _HANDLER),
        "remarked": (None, _BOTH),
        "withdrawn": ("withdrawn", _HANDLER),
        "deleted": ("deleted", _RECORDER),
    },
}
_OPEN: Final = frozenset({"asked", "accepted", "answered", "promised"})
BEGINS: Final[Mapping[Sort, State]] = {"contact-moment": "recorded", "task": "asked", "commitment": "promised"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What was recorded. `said`: what only this sort has, by the names of the API; `cases`: refs (`source/case id`) that it is about.

    `relation_id`: empty as long as it is not known whom a contact was with. `assignee`, `assignee_department`: who deals with it now.
    `through`: it was asked through the coordinator, and who asked does not learn of whom.
    """

    id: str
    sort: Sort
    relation_id: str
    organisation: str
    department: str
    official: str
    capacity: Capacity
    confidentiality: str
    at: datetime
    said: dict[str, Any] = field(default_factory=dict)
    cases: tuple[str, ...] = ()
    state: State = "recorded"
    due: date | None = None
    assignee: str = ""
    assignee_department: str = ""
    through: bool = False
    opens: bool = False  # the answer is an occasion for who asked
    answered_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN


def side_of(entry: Entry, organisation: str, department: str) -> frozenset[Side]:
    """On which sides of it a department is; on none, it may take no step."""
    if organisation != entry.organisation:
        return frozenset()
    recorder: frozenset[Side] = _RECORDER if department == entry.department else frozenset()
    handler: frozenset[Side] = _HANDLER if department == entry.assignee_department else frozenset()
    return recorder | handler


def steps_from(state: str, sides: frozenset[Side]) -> list[Step]:
    """What can follow on this state, for who is on these sides."""
    return [name for name, (_, whose) in _NEXT.get(cast(State, state), {}).items() if whose & sides]


def follows(entry: Entry, step: Step, sides: frozenset[Side]) -> State:
    """The state after this step. Raises WrongState with what can follow, for who is on these sides."""
    possible = set(steps_from(entry.state, sides))
    if entry.sort == "contact-moment" and entry.relation_id:
        possible.discard("identified")
    if step not in possible:
        raise WrongState(f"This is {entry.state}; what your department can do is: {', '.join(sorted(possible)) or 'nothing'}.")
    return _NEXT[entry.state][step][0] or entry.state


_IN_SUMMARY: Final[Mapping[Sort, Sequence[str]]] = {
    "contact-moment": ("channel", "direction", "subject"),
    "task": ("kind", "subject"),
    "commitment": ("subject",),
}


def entry_part(entry: Entry, level: Level, *, outside: bool = False) -> dict[str, Any]:
    """The entry as an object of the API at `existence`, `summary` or `full`. `outside`: for who asked through the coordinator. Empty values are left out."""
    part: dict[str, Any] = {"level": level.name, "capacity": entry.capacity, "department": entry.department, "official": entry.official}
    if level >= Level.summary:
        part |= {"id": entry.id, "at": entry.at.isoformat(timespec="seconds").replace("+00:00", "Z"), "state": entry.state}
        part |= {name: entry.said.get(name) for name in _IN_SUMMARY[entry.sort]}
        part |= {"due": entry.due and entry.due.isoformat(), "cases": list(entry.cases), "assignedTo": _assigned(entry, outside=outside)}
    if level >= Level.full:
        part |= entry.said | {"confidentiality": entry.confidentiality, "version": entry.version, "opens": entry.opens or None}
    return {key: value for key, value in part.items() if value not in (None, "", [], {})}


def _assigned(entry: Entry, *, outside: bool) -> dict[str, str]:
    if outside:
        return {"via": "coordinator"}
    parts = {"department": entry.assignee_department, "official": entry.assignee}
    return {key: value for key, value in parts.items() if value}
