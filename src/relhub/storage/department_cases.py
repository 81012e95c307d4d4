"""case_record: the cases of one department, and one case with the other records of its zaak."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver
from relhub.storage.seen import ENTRY, part


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A visible case, rendered without its closing brace; `also`: other visible records of the same zaak, rendered, with commas between."""

    part: bytes
    also: bytes
    refs: list[str]
    relation_ids: list[str]
    place: tuple[bool, date, int]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """`compartments`: those to list, all of which may be seen; `phase`: open, closed or both (None)."""

    department: str
    compartments: Sequence[int]
    source: str
    is_open: bool | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """`records`: (part, ref, compartment, parties) of a case and of the other visible records of its zaak, empty when it is not there.

    `holds`: whether the occasion does; None when it is a case that is not known. `restricted`: it is there, and someone in it has a mark that
    bars this activity.
    """

    records: list[tuple[bytes, str, int, list[dict[str, Any]]]]
    holds: bool | None
    restricted: bool


def _listed(case: str) -> str:
    return f"{case}.department = $1 AND {case}.compartment = ANY($2) AND ($3 = '' OR {case}.source = $3) AND ($4::bool IS NULL OR {case}.open = $4) AND ({case}.marks && $12) IS NOT TRUE"


_CASES = f"""
WITH page AS MATERIALIZED (
    SELECT c.id, c.open, c.on_date, c.zaak, c.source || '/' || c.case_id ref, {part("c", "$6", "$5", "NOT $11", "$12")} part FROM case_record c
    WHERE {_listed("c")} AND ($7::bool IS NULL OR (c.open, c.on_date, c.id) < ($7, $8::date, $9::bigint)) AND (c.zaak = '' OR NOT EXISTS (
        SELECT FROM case_record o WHERE o.zaak = c.zaak AND o.id <> c.id AND {_listed("o")}
        AND (o.open, o.compartment = ANY($6), c.on_date, c.id) > (c.open, c.compartment = ANY($6), o.on_date, o.id)))
    ORDER BY c.open DESC, c.on_date DESC, c.id DESC LIMIT $10
)
SELECT page.*, also.parts, also.refs, ARRAY(SELECT DISTINCT i.relation_id FROM involvement i WHERE i.case_id = page.id OR i.case_id = ANY(also.ids)) relation_ids
FROM page LEFT JOIN LATERAL (
    SELECT string_agg({part("k", "$6", "$5", "NOT $11", "$12")} || '}}'::bytea, ',' ORDER BY k.source, k.case_id) parts, array_agg(k.source || '/' || k.case_id) refs, array_agg(k.id) ids
    FROM case_record k WHERE k.zaak = page.zaak AND k.zaak <> '' AND k.id <> page.id AND k.compartment = ANY($5) AND (k.marks && $12) IS NOT TRUE
) also ON true
ORDER BY page.open DESC, page.on_date DESC, page.id DESC
"""


async def department_cases(
    driver: Driver, wanted: CaseFilter, profile: Profile, after: Sequence[Any] | None, limit: int
) -> list[ListedCase]:
    """Cases that a department deals with, open ones first, newest first; one zaak that it knows in two systems comes once."""
    place = after or (None, None, None)
    levels = profile.at_least(Level.summary), profile.at_least(Level.full)
    asked = wanted.department, wanted.compartments, wanted.source, wanted.is_open
    rows = await driver.fetch(_CASES, *asked, *levels, *place, limit, profile.shows_non_disclosed, profile.bars)
    return [
        ListedCase(
            row["part"],
            row["parts"] or b"",
            [row["ref"], *(row["refs"] or ())],
            row["relation_ids"],
            (row["open"], row["on_date"], row["id"]),
        )
        for row in rows
    ]


OCCASION = f"""(SELECT (c.open OR NOT $9) AND ($7::text IS NULL OR $7 = ANY(c.departments)) AND (NOT $10 OR EXISTS (SELECT FROM asked a WHERE a.id = c.id OR EXISTS (
        SELECT FROM involvement i JOIN involvement j ON j.relation_id = i.relation_id WHERE i.case_id = a.id AND j.case_id = c.id)))
    FROM case_record c WHERE c.source = $5 AND c.case_id = $6 AND c.compartment = ANY($11)
    UNION ALL SELECT EXISTS (SELECT FROM asked a JOIN involvement i ON i.case_id = a.id WHERE i.relation_id = $6) WHERE $5 = '{ENTRY}') holds"""
"""Whether the occasion is the case `asked` or shares a relation with it. Parameters $1 to $12 are filled by `parameters_of_case`."""

_ONE = f"""
WITH asked AS (SELECT * FROM case_record WHERE source = $1 AND case_id = $2 AND compartment = ANY($3)), record AS (
    SELECT 0 place, * FROM asked UNION ALL
    SELECT 1, k.* FROM asked a JOIN case_record k ON k.zaak = a.zaak AND k.zaak <> '' AND k.id <> a.id AND k.compartment = ANY($3)
), shown AS (
    SELECT r.place, r.compartment, r.source || '/' || r.case_id ref, {part("r", "$4", "$3", "NOT $8", "$12")} part, (
        SELECT json_agg(json_build_object('role', i.role, 'relation', p.relation_id, 'kind', p.kind, 'name', p.display) ORDER BY i.position)
        FROM involvement i JOIN party_record p ON p.id = i.party_id WHERE i.case_id = r.id) parties
    FROM record r WHERE (r.marks && $12) IS NOT TRUE
)
SELECT array_agg(part ORDER BY place, ref) parts, array_agg(ref ORDER BY place, ref) refs, array_agg(compartment ORDER BY place, ref) compartments, array_agg(coalesce(parties::text, '[]') ORDER BY place, ref) parties,
    EXISTS (SELECT FROM asked WHERE marks && $12) restricted,
    {OCCASION}
FROM shown
"""


async def one_case(
    driver: Driver,
    source: str,
    case_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    department: str,
) -> CaseView:
    """A case that may be seen from `summary` on, with its parties, and whether the occasion is this case or shares a relation with it."""
    row = await driver.fetchrow(_ONE, *parameters_of_case(source, case_id, profile, occasion, department))
    assert row is not None  # an aggregate
    columns = [row[name] or () for name in ("parts", "refs", "compartments", "parties")]
    return CaseView([(*record, orjson.loads(parties)) for *record, parties in zip(*columns, strict=True)], row["holds"], row["restricted"])


def parameters_of_case(source: str, case_id: str, profile: Profile, occasion: tuple[str, str], department: str) -> list[Any]:
    """$1 to $12 of a statement about one case: which, at which levels, on which occasion, under which conditions, barred by which marks."""
    condition, levels = profile.activity.case, (profile.at_least(Level.summary), profile.at_least(Level.full))
    conditions = profile.shows_non_disclosed, condition.open, condition.involves_relation, profile.at_least(Level.existence), profile.bars
    return [source, case_id, *levels, *occasion, department if condition.own_department else None, *conditions]
