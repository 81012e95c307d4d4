"""case_place: what goes on at a place, in one statement that verifies the occasion, selects what may be seen, and writes the log row."""

from dataclasses import dataclass
from typing import Any

import orjson

from relhub import metrics
from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.domain.places import OF_AN_ADDRESS, PlaceName
from relhub.storage.database import Driver
from relhub.storage.log import LOOK_COLUMNS, Look, look_parameters
from relhub.storage.seen import ENTRY, part
from relhub.storage.views import Position

MOST_PARTIES = 20


@dataclass(frozen=True, slots=True)
class PlaceFilter:
    """`wanted`: the compartments to list, all of which may be seen; `lies_there`: whether the case that is the occasion must."""

    place: PlaceName
    wanted: list[int]
    is_open: bool | None
    lies_there: bool


@dataclass(frozen=True, slots=True)
class PlaceCase:
    """A visible case, rendered without its closing brace; `also`: other visible records of the same zaak, rendered, with commas between.

    `parties`: the first ones, and whether there are `more`; none below summary.
    """

    part: bytes
    also: bytes
    ref: str
    compartment: int
    parties: list[dict[str, Any]]
    more: bool
    position: Position


@dataclass(frozen=True, slots=True)
class PlaceParts:
    """What the statement gave. `outcome`: shown | refused | unknown-occasion | outdated; the rest is empty unless shown."""

    outcome: str
    cases: list[PlaceCase]
    open_cases: int
    by_capacity: dict[str, int]
    referral: bool
    named_sources: set[str]
    sources: dict[str, dict[str, Any]]


_ADDRESS_TYPES = ", ".join(f"'{digits}'" for digits in OF_AN_ADDRESS)
_THERE = "NOT (c.protected AND NOT $10) AND (c.marks && $20) IS NOT TRUE"
_SEEN = f"{_THERE} AND c.compartment = ANY($3)"

# A source may know the BAG id, the address or both: `named` and `object` are the other names of what is asked for, as far as cases that may be
# seen say so. `here`: the cases at any of these. One that is protected is at no place for who may not see what non-disclosure hides, and one of
# somebody with a mark that bars this activity is at none for it.
_HERE = f"""
named AS MATERIALIZED (
    SELECT $2::text address WHERE $2 <> '' UNION
    SELECT p.address FROM case_place p JOIN case_record c ON c.id = p.case_id
    WHERE p.bag_id = $1 AND p.bag_id <> '' AND p.address <> '' AND substr(p.bag_id, 5, 2) IN ({_ADDRESS_TYPES}) AND {_SEEN}
), object AS MATERIALIZED (
    SELECT $1::text bag_id WHERE $1 <> '' UNION
    SELECT p.bag_id FROM case_place p JOIN case_record c ON c.id = p.case_id
    WHERE p.address = ANY(ARRAY(SELECT address FROM named)) AND p.address <> '' AND substr(p.bag_id, 5, 2) IN ({_ADDRESS_TYPES}) AND {_SEEN}
), here AS MATERIALIZED (
    SELECT c.id, c.open, c.on_date, c.compartment, c.capacity, c.zaak, c.source, c.compartment = ANY($3) named, c.compartment = ANY($5) told FROM (
        SELECT case_id FROM case_place WHERE address = ANY(ARRAY(SELECT address FROM named)) AND address <> '' UNION
        SELECT case_id FROM case_place WHERE bag_id = ANY(ARRAY(SELECT bag_id FROM object)) AND bag_id <> ''
    ) p JOIN case_record c ON c.id = p.case_id WHERE {_THERE} AND c.compartment = ANY($3::int[] || $4::int[])
)"""

_VERDICT = f"""
occasion AS (
    SELECT (c.open OR NOT $12) AND ($9::text IS NULL OR $9 = ANY(c.departments)) AND (NOT $13 OR EXISTS (SELECT FROM here h WHERE h.id = c.id)) holds
    FROM case_record c WHERE c.source = $7 AND c.case_id = $8 AND c.compartment = ANY($3)
    UNION ALL SELECT NOT $13 WHERE $7 = '{ENTRY}'
), verdict AS (
    SELECT CASE
        WHEN $11 < (SELECT max(id) FROM compartment) THEN 'outdated'
        WHEN $7 <> '' AND o.holds IS NULL THEN 'unknown-occasion'
        WHEN $7 <> '' AND NOT o.holds THEN 'refused'
        ELSE 'shown' END outcome
    FROM (VALUES (true)) one LEFT JOIN occasion o ON true
)"""

# One zaak that two systems know at this place comes once, as in a view.
_PAGE = f"""
page AS MATERIALIZED (
    SELECT * FROM (
        SELECT *, told AND zaak <> '' AND dense_rank() OVER (PARTITION BY zaak, told ORDER BY open DESC, compartment = ANY($6) DESC, on_date, id) > 1 behind
        FROM here WHERE compartment = ANY($14)
    ) h WHERE NOT behind AND ($15::bool IS NULL OR open = $15) AND ($16::bool IS NULL OR (open, on_date, id) < ($16, $17::date, $18::bigint))
    ORDER BY open DESC, on_date DESC, id DESC LIMIT $19
), shown_case AS MATERIALIZED (
    SELECT page.*, c.source || '/' || c.case_id ref, {part("c", "$6", "$5", "NOT $10", "$20")} part, also.parts also, also.refs, party.parties, party.ids,
        page.told AND EXISTS (SELECT FROM involvement i WHERE i.case_id = page.id OFFSET {MOST_PARTIES}) more, row_number() OVER turn turn
    FROM page JOIN case_record c ON c.id = page.id
    LEFT JOIN LATERAL (
        SELECT string_agg({part("k", "$6", "$5", "NOT $10", "$20")} || '}}'::bytea, ',' ORDER BY k.source, k.case_id) parts, array_agg(k.source || '/' || k.case_id) refs
        FROM case_record k WHERE k.zaak = page.zaak AND k.zaak <> '' AND k.id <> page.id AND k.compartment = ANY($5)
    ) also ON page.told
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('role', i.role, 'relation', p.relation_id, 'kind', p.kind, 'name', p.display) ORDER BY i.position)::text parties,
            array_agg(p.relation_id) ids
        FROM (SELECT * FROM involvement i WHERE i.case_id = page.id ORDER BY i.position LIMIT {MOST_PARTIES}) i JOIN party_record p ON p.id = i.party_id
    ) party ON page.told
    WINDOW turn AS (ORDER BY page.open DESC, page.on_date DESC, page.id DESC)
), looked AS (
    INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records)
    SELECT {look_parameters(21)}, v.outcome,
        CASE v.outcome WHEN 'shown' THEN ARRAY(SELECT DISTINCT unnest(ids) FROM shown_case WHERE turn < $19) ELSE '{{}}' END,
        CASE v.outcome WHEN 'shown' THEN ARRAY(SELECT unnest(ref || refs) FROM shown_case WHERE turn < $19) ELSE '{{}}' END
    FROM verdict v WHERE v.outcome <> 'outdated'
)"""

_STATEMENT = f"""
WITH {_HERE}, {_VERDICT}, {_PAGE}
SELECT v.outcome, shown.*, EXISTS (SELECT FROM here WHERE NOT named) referral, ARRAY(SELECT DISTINCT source FROM here WHERE named) named_sources,
    (SELECT json_object_agg(coalesce(o.capacity, ''), o.n) FROM (
        SELECT capacity, count(DISTINCT CASE WHEN told AND zaak <> '' THEN zaak ELSE id::text END) n FROM here WHERE open AND named
        GROUP BY GROUPING SETS ((capacity), ()) ORDER BY 1) o)::text counts,
    (SELECT json_object_agg(source, json_build_object('asOf', last_success_at, 'unavailableSince', unavailable_since, 'failing', last_error <> '')) FROM source_state)::text sources
FROM verdict v CROSS JOIN (
    SELECT array_agg(part ORDER BY turn) parts, array_agg(also ORDER BY turn) also, array_agg(ref ORDER BY turn) refs, array_agg(compartment ORDER BY turn) compartments,
        array_agg(parties ORDER BY turn) parties, array_agg(more ORDER BY turn) more, array_agg(open ORDER BY turn) opens, array_agg(on_date ORDER BY turn) dates,
        array_agg(id ORDER BY turn) numbers FROM shown_case
) shown
"""


async def place_parts(
    driver: Driver, wanted: PlaceFilter, profile: Profile, occasion: tuple[str, str], look: Look, *, limit: int, after: Position | None
) -> PlaceParts:
    """The visible cases at a place, logged. `occasion`: (source, case id) to verify, or two empty strings. `limit`: one more is read."""
    condition = profile.activity.case
    place = (after.open, after.on_date, after.number) if after else (None, None, None)
    row = await driver.fetchrow(
        _STATEMENT,
        wanted.place.bag_id,
        wanted.place.address,
        profile.at_least(Level.existence),
        profile.referred,
        profile.at_least(Level.summary),
        profile.at_least(Level.full),
        *occasion,
        look.department if condition.own_department else None,
        profile.shows_non_disclosed,
        profile.newest,
        condition.open,
        wanted.lies_there,
        wanted.wanted,
        wanted.is_open,
        *place,
        limit + 1,
        profile.bars,
        *look.values(),
    )
    assert row is not None  # the verdict is always there
    if row["outcome"] != "outdated":
        metrics.consulted(look.operation, row["outcome"])
    return _parts(row)


def _parts(row: Any) -> PlaceParts:
    if row["outcome"] != "shown":
        return PlaceParts(row["outcome"], [], 0, {}, False, set(), {})
    names = ("parts", "also", "refs", "compartments", "parties", "more", "opens", "dates", "numbers")
    counts = orjson.loads(row["counts"] or "{}")
    return PlaceParts(
        outcome="shown",
        cases=[
            PlaceCase(part, also or b"", ref, compartment, orjson.loads(parties or "[]"), more, Position(*position))
            for part, also, ref, compartment, parties, more, *position in zip(*(row[name] or () for name in names), strict=True)
        ],
        open_cases=counts.pop("", 0),
        by_capacity=counts,
        referral=row["referral"],
        named_sources=set(row["named_sources"]),
        sources=orjson.loads(row["sources"] or "{}"),
    )
