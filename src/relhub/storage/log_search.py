"""consultation_log: finding who looked, for privacy officers and for whom it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.storage.database import Driver
from relhub.storage.log import Look
from relhub.storage.seen import see, statement


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What a look has to meet; what is empty does not count. `since` is included, `until` is not."""

    relation: str = ""
    official: str = ""
    application: str = ""
    activity: str = ""
    outcome: str = ""
    trace_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A look as it is kept."""

    id: int
    at: datetime
    trace_id: str
    consumer: str
    application: str
    organisation: str
    department: str
    official: str
    activity: str
    register_uri: str
    rules_version: str
    occasion: str
    operation: str
    outcome: str
    sections: Sequence[str]
    levels: dict[str, str]
    relation_ids: Sequence[str]
    records: Sequence[str]
    disclosable: bool


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What the one it is about may know of a look."""

    id: int
    at: str
    organisation: str
    department: str
    activity: str
    register_uri: str
    operation: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Looks:
    outcome: str
    relation_id: str
    entries: list[Disclosed]


# The ids under which this relation was looked at: its own, of what was merged into it, and those that its records had for a time. A change
# of ids commits a little after its time, so that a look of then may still name the id of before.
_THEIRS = """theirs AS (
    SELECT t.id, '-infinity'::timestamptz since, 'infinity'::timestamptz until FROM target t
    UNION ALL SELECT r.id, '-infinity', 'infinity' FROM target t JOIN relation r ON r.merged_into = t.id
    UNION ALL SELECT m.relation_id, m.from_at - interval '1 minute', coalesce(m.until_at, 'infinity') + interval '1 minute'
    FROM target t JOIN party_record p ON p.relation_id = t.id JOIN membership m ON (m.source, m.key, m.variant) = (p.source, p.key, p.variant)
    WHERE m.relation_id <> t.id
)"""
_IS_THEIRS = """l.relation_ids && ARRAY(SELECT id FROM theirs)
    AND EXISTS (SELECT FROM theirs h WHERE h.id = ANY(l.relation_ids) AND l.at >= h.since AND l.at < h.until)"""
_TARGET = "target AS (SELECT coalesce(r.merged_into, r.id) id FROM relation r WHERE r.id = %s)"
_COLUMNS = (
    "l.id, l.at, l.trace_id, l.consumer, l.application, l.organisation, l.department, l.official, l.activity, l.register_uri, l.rules_version, "
    "l.occasion, l.operation, l.outcome, l.sections, l.levels::text, l.relation_ids, l.records, l.disclosable"
)


async def search_looks(driver: Driver, wanted: LogFilter, before: int | None, limit: int) -> list[Entry]:
    """The looks that meet all of it, before this one, the last first."""
    values: list[Any] = []

    def value(given: Any) -> str:
        values.append(given)
        return f"${len(values)}"

    steps = f"WITH {_TARGET % value(wanted.relation)}, {_THEIRS}" if wanted.relation else ""
    conditions = [_IS_THEIRS] if wanted.relation else []
    conditions += [f"l.{name} = {value(getattr(wanted, name))}" for name in _EQUAL if getattr(wanted, name)]
    conditions += [f"l.at {sign} {value(moment)}" for sign, moment in ((">=", wanted.since), ("<", wanted.until)) if moment]
    conditions += [f"l.id < {value(before)}"] if before is not None else []
    # Few looks are of one relation or trace, and no index has those in order: `+ 0` keeps the database from reading all looks until it met enough.
    order = "l.id + 0" if wanted.relation or wanted.trace_id else "l.id"
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = await driver.fetch(
        f"{steps} SELECT {_COLUMNS} FROM consultation_log l {where} ORDER BY {order} DESC LIMIT {value(limit)}", *values
    )
    return [_entry(list(row)) for row in rows]


def _entry(values: list[Any]) -> Entry:
    values[_LEVELS] = orjson.loads(values[_LEVELS])
    return Entry(*values)


_LEVELS = _COLUMNS.split(", ").index("l.levels::text")
_EQUAL = ("official", "application", "activity", "outcome", "trace_id")

_STEPS = f""", {_THEIRS}, entry AS (
    SELECT l.id, l.at, l.organisation, l.department, l.activity, l.register_uri, l.operation, l.outcome FROM consultation_log l
    WHERE l.disclosable AND {_IS_THEIRS} AND ($16::bigint IS NULL OR l.id < $16) ORDER BY l.id + 0 DESC LIMIT $15
)"""
_ENTRIES = """(SELECT json_agg(json_build_array(e.id, e.at, e.organisation, e.department, e.activity, e.register_uri, e.operation, e.outcome) ORDER BY e.id DESC)
    FROM entry e)::text entries"""
_DISCLOSED = statement(_STEPS, "SELECT ''::text WHERE false", _ENTRIES, 17)


async def disclosed_looks(
    driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look, *, before: int | None, limit: int
) -> Looks:
    """Who looked at one relation, as far as it may know, before that look, the last first; logged."""
    row = await see(driver, _DISCLOSED, relation_id, profile, occasion, look, limit, before)
    entries = [Disclosed(*entry) for entry in orjson.loads(row["entries"] or "[]")]
    return Looks(row["outcome"], row["id"] or "", entries if row["outcome"] == "shown" else [])
