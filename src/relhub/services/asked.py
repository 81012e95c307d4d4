"""Who asks what, and how an answer is given: shared by all services that show something."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from relhub.domain.access import Consumer


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: by whom, for which processing activity, on which occasion, at what time."""

    consumer: Consumer
    official: str
    activity: str
    occasion: str
    trace_id: str
    at: datetime
    span_id: str = ""  # of this question within its trace
    parent_span_id: str = ""  # of what it was asked for
    own_token: bool = False  # the official asks with a token of their own, not named by an application


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """`max_age`: seconds; an older copy is fetched again first."""

    sections: frozenset[str] = frozenset({"summary", "party", "cases", "contact-moments", "tasks", "commitments", "alerts"})
    origins: bool = False
    max_age: int | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The sections by name, as the log has them."""
        return (*sorted(self.sections), *(("origins",) if self.origins else ()))


@dataclass(frozen=True, slots=True)
class Reference:
    """What a consumer knows a relation by: a case, an official number, its own record key, or the id. Exactly one is filled."""

    case: tuple[str, str] | None = None  # (source, case id)
    identifier: tuple[str, str] | None = None  # (scheme, value as typed)
    record: tuple[str, str] | None = None  # (source, the source's own number of the party)
    relation: str = ""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """At least two facts are needed. Names are matched without accents and capitals; nothing is guessed."""

    name: str = ""
    birth_date: str = ""
    postcode: str = ""
    house_number: str = ""
    email: str = ""
    phone: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PageQuery:
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Requests of subjects, in this state, of this sort, about this source; empty for any."""

    state: str = ""
    sort: str = ""
    source: str = ""
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Entries that are open, that are not, or either (None). `whose`: me, department, by-me or by-department, where it is not of one relation."""

    is_open: bool | None = None
    whose: str = "department"
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class EventQuery:
    """`start`: where to begin without a cursor."""

    cursor: str = ""
    limit: int = 100
    start: Literal["oldest", "now"] = "oldest"


@dataclass(frozen=True, slots=True)
class CaseQuery:
    phase: str = ""
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class DepartmentQuery:
    """`department`: empty for the consumer's own."""

    department: str = ""
    source: str = ""
    capacity: str = ""
    phase: str = ""
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class PlaceQuery:
    """Which of the cases at a place."""

    capacity: str = ""
    phase: str = ""
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class RelationQuery:
    """Organisations or branches, with a visible case in this capacity and phase."""

    kind: str
    capacity: str = ""
    phase: str = ""
    cursor: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True)
class View:
    """A rendered answer: JSON in UTF-8, and the relation it is of (another than asked when relations were merged).

    `tag`: the same as long as the answer says the same.
    """

    relation_id: str
    body: bytes
    tag: str
