"""membership, party_record: the records of one relation one by one, and which id each of them had when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.storage.database import Driver
from relhub.storage.log import Look
from relhub.storage.seen import CONTACTS, PARTIES, heard_of, see, statement


@dataclass(frozen=True, slots=True)
class RecordParts:
    """The visible party records, since when each is in the relation, and which of them a steward said are the same."""

    outcome: str
    relation_id: str
    non_disclosure: bool
    marks: list[str]
    parties: list[dict[str, Any]]
    since: dict[str, str]
    decided: set[tuple[tuple[str, str], tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Period:
    """A record (source, key) had this id from when until when (None: still), and has `now` now; no record named when that is elsewhere."""

    relation_id: str
    from_at: datetime
    until_at: datetime | None
    now: str
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Periods:
    outcome: str
    relation_id: str
    periods: list[Period]


_RECORDS = "SELECT source || ':' || key FROM heard WHERE seen"
_ONE_BY_ONE = statement(
    CONTACTS,
    _RECORDS,
    f"""t.non_disclosure, t.marks, {PARTIES} parties,
    (SELECT json_object_agg(h.id, m.from_at) FROM heard h JOIN membership m ON (m.source, m.key, m.variant) = (h.source, h.key, h.variant)
        WHERE h.seen AND m.until_at IS NULL)::text since,
    (SELECT json_agg(json_build_array(a.source, a.key, b.source, b.key)) FROM heard a
        JOIN decision d ON (d.a_source, d.a_key) = (a.source, a.key) AND d.withdrawn_at IS NULL AND d.verdict = 'same'
        JOIN heard b ON (b.source, b.key) = (d.b_source, d.b_key) WHERE a.seen AND b.seen)::text decided""",
    15,
)

# Of the records that are here now all periods, whichever id they had. Of visible records that are elsewhere now: that they were here.
_PERIODS = """, period AS (
    SELECT h.source, h.key, m.relation_id, m.from_at, m.until_at, t.id now_id
    FROM target t CROSS JOIN heard h JOIN membership m ON (m.source, m.key, m.variant) = (h.source, h.key, h.variant) WHERE h.seen
    UNION
    SELECT '', '', m.relation_id, m.from_at, m.until_at, p.relation_id
    FROM target t JOIN membership m ON m.relation_id = t.id AND m.until_at IS NOT NULL
    JOIN party_record p ON (p.source, p.key, p.variant) = (m.source, m.key, m.variant) AND p.relation_id <> t.id
    WHERE EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($2))
        AND NOT EXISTS (SELECT FROM relation r WHERE r.id = p.relation_id AND r.marks && $14)
)"""
_HISTORY = statement(_PERIODS, _RECORDS, "ARRAY(SELECT period FROM period) periods", 15)


async def records_one_by_one(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> RecordParts:
    """All visible party records of one relation, logged."""
    row = await see(driver, _ONE_BY_ONE, relation_id, profile, occasion, look, groups=profile.groups & {"identifiers"})
    if row["outcome"] != "shown":
        return RecordParts(row["outcome"], row["id"] or "", False, [], [], {}, set())
    decided = {((a, b), (c, d)) for a, b, c, d in orjson.loads(row["decided"] or "[]")}
    return RecordParts(
        "shown",
        row["id"],
        row["non_disclosure"],
        row["marks"] or [],
        heard_of(row["parties"]).parties,
        orjson.loads(row["since"] or "{}"),
        decided,
    )


async def periods(driver: Driver, relation_id: str, profile: Profile, occasion: tuple[str, str], look: Look) -> Periods:
    """Which ids the visible records of one relation had, and which records it had that are elsewhere now; logged."""
    row = await see(driver, _HISTORY, relation_id, profile, occasion, look)
    found = [Period(id_, from_at, until_at, now, source, key) for source, key, id_, from_at, until_at, now in row["periods"] or ()]
    return Periods(row["outcome"], row["id"] or "", found if row["outcome"] == "shown" else [])
