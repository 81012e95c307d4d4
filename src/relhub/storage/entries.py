"""entry, entry_step: what officials record here, every step of how it went on, and its parts as they are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.entries import Entry, Sort, Step, entry_part
from relhub.storage.database import Driver, Store
from relhub.storage.log import Look


@dataclass(frozen=True, slots=True)
class KeptStep:
    """A step of an entry. `inside`: of who deals with what was asked through the coordinator."""

    step: Step
    at: datetime
    organisation: str
    department: str
    official: str
    text: str
    inside: bool
    before: dict[str, Any]


COLUMNS = (
    "id, sort, relation_id, organisation, department, official, capacity, confidentiality, at, said, cases, state, due, assignee, "
    "assignee_department, through, opens, answered_at, version"
)


def department_key(sort: Sort, organisation: str, department: str) -> str:
    """A department that is in an entry of this sort, as entries name it."""
    return f"{sort}:{organisation}/{department}"


def own_departments(profile: Profile, look: Look) -> list[str]:
    """By which an entry is one's own: for what this activity may record. For any other, one's own department is as another."""
    return [department_key(sort, look.organisation, look.department) for sort in sorted(profile.activity.records)]


async def compartments_of_cases(store: Store, refs: Collection[str]) -> list[int]:
    """The compartments of these cases (`source/case id`)."""
    names = [ref.partition("/") for ref in refs]
    rows = await store.driver.fetch(
        """
        SELECT DISTINCT c.compartment FROM unnest($1::text[], $2::text[]) q (source, case_id)
        JOIN case_record c ON (c.source, c.case_id) = (q.source, q.case_id) ORDER BY 1
        """,
        [name[0] for name in names],
        [name[2] for name in names],
    )
    return [row["compartment"] for row in rows]


async def save_entry(store: Store, entry: Entry, compartments: Sequence[int], step: KeptStep) -> None:
    """Keeps the entry as it is now, and the step by which it became so; who dealt with it before may go on seeing it."""
    inside = [department_key(entry.sort, entry.organisation, entry.assignee_department)] if entry.assignee_department else []
    values = [
        entry.id,
        entry.sort,
        entry.relation_id or None,
        entry.organisation,
        entry.department,
        entry.official,
        entry.capacity,
        entry.confidentiality,
        entry.at,
        orjson.dumps(entry.said).decode(),
        list(entry.cases),
        entry.state,
        entry.due,
        entry.assignee,
        entry.assignee_department,
        entry.through,
        entry.opens,
        entry.answered_at,
        entry.version,
        sorted(compartments),
        entry.is_open,
        [department_key(entry.sort, entry.organisation, entry.department), *inside],
        inside,
        *shown_parts(entry),
        step.at,
    ]
    number = await store.driver.fetchval(_SAVE, *values)
    await store.driver.execute(
        "INSERT INTO entry_step (entry, version, step, at, organisation, department, official, text, inside, before) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb)",
        number,
        entry.version,
        step.step,
        step.at,
        step.organisation,
        step.department,
        step.official,
        step.text,
        step.inside,
        orjson.dumps(step.before).decode(),
    )


_NAMES = f'{COLUMNS}, compartments, open, departments, handlers, "full", summary, existence, outside, changed_at'
_VALUES = ", ".join(f"${n}::text::jsonb" if n == 10 else f"${n}" for n in range(1, 29))
_KEPT = {"id", "sort", "at", "organisation", "department", "official", "departments", "handlers"}
_SAVE = f"""
INSERT INTO entry ({_NAMES}) VALUES ({_VALUES}) ON CONFLICT (id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _NAMES.split(", ") if name not in _KEPT)},
    departments = ARRAY(SELECT DISTINCT unnest(entry.departments || excluded.departments) ORDER BY 1),
    handlers = ARRAY(SELECT DISTINCT unnest(entry.handlers || excluded.handlers) ORDER BY 1)
RETURNING number
"""


def shown_parts(entry: Entry) -> tuple[bytes, bytes, bytes, bytes | None]:
    """`full`, `summary`, `existence` and `outside`. Of what was asked through the coordinator only who deals with it sees who that is."""
    return (
        _rendered(entry, Level.full),
        _rendered(entry, Level.summary, outside=entry.through),
        _rendered(entry, Level.existence),
        _rendered(entry, Level.full, outside=True) if entry.through else None,
    )


def _rendered(entry: Entry, level: Level, *, outside: bool = False) -> bytes:
    return orjson.dumps(entry_part(entry, level, outside=outside))


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry that a row with COLUMNS says."""
    values = dict(zip(COLUMNS.split(", "), list(row.values())[: len(COLUMNS.split(", "))], strict=True))
    return Entry(
        **values | {"relation_id": values["relation_id"] or "", "said": orjson.loads(values["said"]), "cases": tuple(values["cases"])}
    )


async def find_entry(store: Store, id_: str, *, to_change: bool = False) -> Entry | None:
    """An entry that was not deleted. `to_change`: nobody else changes it meanwhile."""
    row = await store.driver.fetchrow(
        f"SELECT {COLUMNS.replace('said', 'said::text')} FROM entry WHERE id = $1 AND state <> 'deleted'{' FOR UPDATE' if to_change else ''}",
        id_,
    )
    return entry_of(row) if row else None


async def contact_is_seen(driver: Driver, profile: Profile, own: Sequence[str], id_: str, relation_id: str) -> bool:
    """Whether this is a contact moment with this relation that may be seen to be there."""
    statement = """
        SELECT EXISTS (SELECT FROM entry e JOIN relation r ON r.id = e.relation_id WHERE e.id = $1 AND e.sort = 'contact-moment' AND e.state <> 'deleted'
            AND coalesce(r.merged_into, r.id) = $2 AND (e.departments && $3 OR e.compartments <@ $4))
    """
    return bool(await driver.fetchval(statement, id_, relation_id, list(own), profile.at_least(Level.existence)))


async def is_barred(store: Store, entry: Entry, bars: Sequence[str]) -> bool:
    """Whether the one it is about has a mark by which it is closed."""
    statement = """
        SELECT EXISTS (SELECT FROM relation r LEFT JOIN relation s ON s.id = r.merged_into
            WHERE r.id = $1 AND CASE WHEN s.id IS NULL THEN r.marks ELSE s.marks END && $2)
    """
    return bool(await store.driver.fetchval(statement, entry.relation_id, list(bars)))


async def steps_of(driver: Driver, id_: str) -> list[KeptStep]:
    """How an entry went on, in order."""
    rows = await driver.fetch(
        """
        SELECT s.step, s.at, s.organisation, s.department, s.official, s.text, s.inside, s.before::text before
        FROM entry_step s JOIN entry e ON e.number = s.entry WHERE e.id = $1 ORDER BY s.version
        """,
        id_,
    )
    return [KeptStep(**{**row, "before": orjson.loads(row["before"])}) for row in rows]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Which tasks or commitments: of this organisation, dealt with by this department (and official), or recorded by it (`recorded`)."""

    sort: Sort
    organisation: str
    department: str
    official: str
    recorded: bool
    is_open: bool | None


async def assigned_entries(
    store: Store, wanted: Assigned, bars: Sequence[str], after: tuple[date, int] | None, limit: int
) -> list[tuple[bytes, str, tuple[date, int]]]:
    """(part, present relation id or empty, place): what is due first goes first; of nobody whose data is restricted."""
    whose = (
        "e.department = $3 AND ($4 = '' OR e.official = $4)"
        if wanted.recorded
        else "e.assignee_department = $3 AND ($4 = '' OR e.assignee IN ('', $4))"
    )
    part = 'coalesce(e.outside, e."full")' if wanted.recorded else 'e."full"'
    rows = await store.driver.fetch(
        f"""
        SELECT {part} part, coalesce(r.merged_into, r.id, '') relation_id, coalesce(e.due, '9999-12-31') due, e.number
        FROM entry e LEFT JOIN relation r ON r.id = e.relation_id LEFT JOIN relation s ON s.id = r.merged_into
        WHERE e.sort = $1 AND e.organisation = $2 AND {whose} AND e.state <> 'deleted' AND ($5::bool IS NULL OR e.open = $5)
            AND (CASE WHEN s.id IS NULL THEN r.marks ELSE s.marks END && $6) IS NOT TRUE AND ($7::date IS NULL OR (coalesce(e.due, '9999-12-31'), e.number) > ($7, $8::bigint))
        ORDER BY coalesce(e.due, '9999-12-31'), e.number LIMIT $9
        """,
        wanted.sort,
        wanted.organisation,
        wanted.department,
        wanted.official,
        wanted.is_open,
        list(bars),
        *(after or (None, None)),
        limit,
    )
    return [(row["part"], row["relation_id"], (row["due"], row["number"])) for row in rows]


async def unidentified(store: Store, organisation: str, department: str, after: int | None, limit: int) -> list[tuple[bytes, int]]:
    """(part, place): the contact moments of this department of which it is not known whom they were with, the last first."""
    rows = await store.driver.fetch(
        """
        SELECT "full" part, number FROM entry WHERE relation_id IS NULL AND organisation = $1 AND department = $2 AND state <> 'deleted'
            AND ($3::bigint IS NULL OR number < $3) ORDER BY number DESC LIMIT $4
        """,
        organisation,
        department,
        after,
        limit,
    )
    return [(row["part"], row["number"]) for row in rows]


async def opened_by(
    driver: Driver, sort: str, id_: str, organisation: str, department: str, contact_since: datetime, answer_since: datetime
) -> str | None:
    """The relation that this entry is an occasion for, to this department now; None when it is none."""
    holds = {
        "task": "e.sort = 'task' AND e.state IN ('asked', 'accepted') AND e.assignee_department = $3 AND e.department <> $3",
        "question": "e.sort = 'task' AND e.opens AND e.state = 'answered' AND e.answered_at >= $5 AND e.department = $3 AND e.assignee_department <> $3",
        "contact-moment": "e.sort = 'contact-moment' AND e.state = 'recorded' AND e.at >= $4 AND e.department = $3",
    }[sort]
    found: str | None = await driver.fetchval(
        f"""
        SELECT coalesce(r.merged_into, r.id) FROM entry e JOIN relation r ON r.id = e.relation_id
        WHERE e.id = $1 AND e.organisation = $2 AND {holds} AND $4::timestamptz IS NOT NULL AND $5::timestamptz IS NOT NULL
        """,
        id_,
        organisation,
        department,
        contact_since,
        answer_since,
    )
    return found


async def forget_entries(store: Store, before: datetime, today: date) -> int:
    """Those that were last changed before, and are not open; with their steps. Returns how many went."""
    done = await store.driver.execute("DELETE FROM entry WHERE changed_at < $1 AND NOT open AND (due IS NULL OR due < $2)", before, today)
    return int(done.rpartition(" ")[2])
