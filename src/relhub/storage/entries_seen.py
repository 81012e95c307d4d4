"""entry: what of the entries of one relation may be seen, as steps of the statements that show it (storage/seen.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.entries import SORTS, Sort
from relhub.storage.database import Driver
from relhub.storage.entries import own_departments
from relhub.storage.log import Look
from relhub.storage.seen import ID, see, statement

IN_A_VIEW = 20


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Rendered entries, and the place of the last when there are more: (moment, number)."""

    parts: Sequence[bytes]
    last: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class SeenEntries:
    """What a view shows of the entries. `referral`: there are more, behind a referral."""

    pages: dict[Sort, EntryPage]
    last_contact: datetime | None
    open_tasks: int
    due_commitments: int
    referral: bool


NONE = SeenEntries({sort: EntryPage((), None) for sort in SORTS}, None, 0, 0, referral=False)


def entries_step(full: str, own: str) -> str:
    """The step `entry_seen`: the entries of this relation, also of those merged into it. `full`: a parameter with compartments, `own`: one with departments.

    A department sees what it recorded or deals with, for an activity that may record such; for others an entry is as open as the least open of its compartments,
    and of someone with non-disclosure, whose address may be in its words, only that it is there.
    """
    shown = "NOT (SELECT hidden FROM target)"
    return f"""
, entry_seen AS (
    SELECT e.number, e.id, e.sort, e.at, e.open, e.due, own OR e.compartments <@ $3 visible, own OR (e.compartments <@ $2 AND {shown}) told,
        CASE WHEN own AND e.handlers && {own} THEN e."full" WHEN own OR (e.compartments <@ {full} AND {shown}) THEN coalesce(e.outside, e."full")
            WHEN e.compartments <@ $2 AND {shown} THEN e.summary ELSE e.existence END part
    FROM entry e CROSS JOIN LATERAL (SELECT e.departments && {own} own OFFSET 0) once
    WHERE e.relation_id = ANY(ARRAY(SELECT id FROM target UNION ALL SELECT r.id FROM target t JOIN relation r ON r.merged_into = t.id))
        AND e.state <> 'deleted' AND (own OR e.compartments <@ ($3::int[] || $4::int[]))
)"""


def any_entry(own: str) -> str:
    """The condition that `entry_seen` has any, of a relation to which none was merged."""
    return f"""EXISTS (SELECT FROM entry e WHERE e.relation_id = {ID}
        AND e.state <> 'deleted' AND (e.departments && {own} OR e.compartments <@ ($3::int[] || $4::int[])))"""


SHOWN_ENTRIES = f"""
, shown_entry AS (
    SELECT array_agg(part) FILTER (WHERE n <= {IN_A_VIEW}) entry_parts, array_agg(sort) FILTER (WHERE n <= {IN_A_VIEW}) entry_sorts,
        array_agg(id) FILTER (WHERE n <= {IN_A_VIEW}) entry_ids,
        array_agg(sort) FILTER (WHERE n = {IN_A_VIEW}) full_sorts, array_agg(at) FILTER (WHERE n = {IN_A_VIEW}) full_at, array_agg(number) FILTER (WHERE n = {IN_A_VIEW}) full_numbers,
        array_agg(sort) FILTER (WHERE n = {IN_A_VIEW} + 1) longer_sorts,
        max(at) FILTER (WHERE sort = 'contact-moment' AND told) last_contact, count(*) FILTER (WHERE sort = 'task') open_tasks,
        count(*) FILTER (WHERE sort = 'commitment' AND due <= (now() AT TIME ZONE 'Europe/Amsterdam')::date + 7) due_commitments,
        (SELECT coalesce(bool_or(NOT visible), false) FROM entry_seen) more_entries
    FROM (SELECT *, row_number() OVER (PARTITION BY sort ORDER BY at DESC, number DESC) n FROM entry_seen WHERE visible AND (open OR sort = 'contact-moment')) s
)"""
"""The step `shown_entry`, after `entry_seen`: one row with what a view shows: contact moments, the last first, and what is open."""


def seen_entries(row: Any) -> SeenEntries:
    """What `shown_entry` gave."""
    places = zip(*(row[name] or () for name in ("full_sorts", "full_at", "full_numbers")), strict=True)
    last = {sort: (at, number) for sort, at, number in places if sort in (row["longer_sorts"] or ())}
    parts: dict[Sort, list[bytes]] = {sort: [] for sort in SORTS}
    for sort, part in zip(row["entry_sorts"] or (), row["entry_parts"] or (), strict=True):
        parts[sort].append(part)
    pages = {sort: EntryPage(parts[sort], last.get(sort)) for sort in SORTS}
    return SeenEntries(pages, row["last_contact"], row["open_tasks"], row["due_commitments"], row["more_entries"])


_LISTED = f"""{entries_step("$15", "$16")}, listed AS (
    SELECT * FROM entry_seen WHERE visible AND sort = $17 AND ($18::bool IS NULL OR open = $18) AND ($19::timestamptz IS NULL OR (at, number) < ($19, $20::bigint))
    ORDER BY at DESC, number DESC LIMIT $21
)"""
_COLUMNS = """ARRAY(SELECT part FROM listed ORDER BY at DESC, number DESC) parts, ARRAY(SELECT at FROM listed ORDER BY at DESC, number DESC) moments,
    ARRAY(SELECT number FROM listed ORDER BY at DESC, number DESC) numbers"""
_LIST = statement(
    _LISTED, "SELECT 'entry/' || id FROM (SELECT * FROM listed ORDER BY at DESC, number DESC LIMIT $21 - 1) page", _COLUMNS, 22
)


@dataclass(frozen=True, slots=True)
class ListedEntries:
    outcome: str
    relation_id: str
    page: EntryPage


async def listed_entries(
    driver: Driver,
    relation_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *,
    sort: Sort,
    is_open: bool | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> ListedEntries:
    """The visible entries of this sort after this place, the last first; logged."""
    own = own_departments(profile, look)
    place = after or (None, None)
    row = await see(
        driver, _LIST, relation_id, profile, occasion, look, profile.at_least(Level.full), own, sort, is_open, *place, limit + 1
    )
    if row["outcome"] != "shown":
        return ListedEntries(row["outcome"], row["id"] or "", EntryPage((), None))
    shown = row["parts"][:limit]
    last = (row["moments"][limit - 1], row["numbers"][limit - 1]) if len(row["parts"]) > limit else None
    return ListedEntries("shown", row["id"], EntryPage(shown, last))
