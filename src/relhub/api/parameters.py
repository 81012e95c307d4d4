"""What can be asked, as parameters of requests. Strict: nothing unbounded, nothing unprintable."""

from typing import Annotated, Literal

from fastapi import Query, Request

from relhub.api.answer_cases import Capacity
from relhub.api.questions import PRINTABLE, SOURCE
from relhub.errors import InvalidInput, Problem
from relhub.services.asked import (
    CaseQuery,
    DepartmentQuery,
    EntryQuery,
    EventQuery,
    PageQuery,
    PlaceQuery,
    RelationQuery,
    RequestQuery,
    ViewOptions,
)

_SECTION = "(summary|party|cases|contact-moments|tasks|commitments|alerts)"


async def view_options(
    request: Request,
    sections: Annotated[
        str | None,
        Query(
            pattern=f"^{_SECTION}(,{_SECTION}){{0,6}}$",
            title="Onderdelen",
            description="The sections that you need, with commas between; without this all.",
            examples=["summary,cases"],
        ),
    ] = None,
    include: Annotated[
        Literal["origins"] | None,
        Query(title="Ook", description="`origins`: for each attribute of `party` who says so, since when and with which trust (herkomst)."),
    ] = None,
) -> ViewOptions:
    """Which parts of the view, and how old copies may be (`Cache-Control: max-age=<seconds>`)."""
    max_age = _max_age(request.headers.getlist("cache-control"))
    if sections is None and include is None and max_age is None:
        return _ALL
    return ViewOptions(frozenset(sections.split(",")) if sections else _ALL.sections, include == "origins", max_age)


_ALL = ViewOptions()


def _max_age(cache_control: list[str]) -> int | None:
    """Other directives, and a max-age that can't be read, are ignored: so says RFC 9111 of what one does not understand."""
    for directive in ",".join(cache_control).lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "max-age" and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
    return None


def idempotency_key(request: Request) -> str:
    """As it was sent, without quotes; empty when there is none."""
    return request.headers.get("idempotency-key", "").strip('"')


Cursor = Annotated[
    str | None,
    Query(pattern=r"^[A-Za-z0-9._~=-]{1,500}$", title="Cursor", description="`next` of the page before; say nothing for the first page."),
]
Limit = Annotated[int, Query(ge=1, le=100, title="Aantal", description="At most this many on a page.")]


Phase = Annotated[
    Literal["open", "closed"] | None,
    Query(
        title="Fase",
        description="`open`: only cases that are not closed (lopend, the suspended ones included). `closed`: only those (afgehandeld). Without it all.",
    ),
]
CapacityFilter = Annotated[
    Capacity | None, Query(title="Hoedanigheid", description="Only cases in this capacity; without it in all that you may see.")
]


async def department_query(
    department: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=PRINTABLE,
            title="Afdeling",
            description="The department that deals with the cases; without it your own. Another only with a processing activity that may search.",
            examples=["Vergunningen"],
        ),
    ] = None,
    source: Annotated[
        str | None, Query(pattern=SOURCE, title="Bron", description="Only cases of this source.", examples=["permits"])
    ] = None,
    capacity: CapacityFilter = None,
    phase: Phase = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> DepartmentQuery:
    """Whose cases, which, and which page of them."""
    return DepartmentQuery(department or "", source or "", capacity or "", phase or "", cursor or "", limit)


async def place_query(
    capacity: CapacityFilter = None,
    phase: Phase = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> PlaceQuery:
    """Which of the cases at a place, and which page of them."""
    return PlaceQuery(capacity or "", phase or "", cursor or "", limit)


async def relation_query(
    kind: Annotated[
        Literal["organisation", "branch"],
        Query(title="Soort partij", description="organisation (organisatie) or branch (vestiging). People are never listed."),
    ],
    capacity: CapacityFilter = None,
    phase: Phase = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> RelationQuery:
    """Which relations, and which page of them."""
    return RelationQuery(kind, capacity or "", phase or "", cursor or "", limit)


async def event_query(
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, title="Aantal", description="At most this many on a page.")] = 100,
    start: Annotated[
        Literal["oldest", "now"],
        Query(
            title="Begin",
            description="Where to begin without a cursor: with the oldest event that is kept, or now, which gives a cursor and no events.",
        ),
    ] = "oldest",
) -> EventQuery:
    """From where on, and how many."""
    return EventQuery(cursor or "", limit, start)


async def entry_query(
    state: Annotated[
        Literal["open", "done"] | None,
        Query(title="Stand", description="`open` (lopend): not done with. `done` (afgedaan): those that are. Without it both."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> EntryQuery:
    """Which entries of a relation, and which page of them."""
    return EntryQuery({"open": True, "done": False}.get(state or ""), "department", cursor or "", limit)


async def assigned_query(
    assignee: Annotated[
        Literal["me", "department"] | None,
        Query(
            title="Behandelaar",
            description="`me`: the official on whose behalf you ask, with what nobody in the department has taken. `department`: your department.",
        ),
    ] = None,
    recorder: Annotated[
        Literal["me", "department"] | None,
        Query(title="Vastgelegd door", description="In place of `assignee`: what you recorded yourself, or your department."),
    ] = None,
    state: Annotated[
        Literal["open", "done"] | None,
        Query(title="Stand", description="`open` (lopend): not done with. `done` (afgedaan): those that are. Without it both."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> EntryQuery:
    """Whose tasks or commitments, and which page of them."""
    if assignee and recorder:
        raise InvalidInput(Problem("query recorder", "can't be given beside assignee: ask for one of the two"))
    whose = f"by-{recorder}" if recorder else assignee or "department"
    return EntryQuery({"open": True, "done": False}.get(state or ""), whose, cursor or "", limit)


async def request_query(
    state: Annotated[
        Literal["open", "granted", "refused", "withdrawn", "ended"],
        Query(title="Stand", description="Requests in this state."),
    ] = "open",
    sort: Annotated[
        Literal["contest", "correction", "restriction", "objection"] | None, Query(title="Soort", description="Only requests of this sort.")
    ] = None,
    source: Annotated[
        str | None, Query(pattern=SOURCE, title="Bron", description="Only requests about what this source says.", examples=["permits"])
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> RequestQuery:
    """Which requests, and which page of them."""
    return RequestQuery(state, sort or "", source or "", cursor or "", limit)


async def page_query(cursor: Cursor = None, limit: Limit = 20) -> PageQuery:
    """Which page of a list."""
    return PageQuery(cursor or "", limit)


async def case_query(
    phase: Phase = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> CaseQuery:
    """Which cases, and which page of them."""
    return CaseQuery(phase or "", cursor or "", limit)
