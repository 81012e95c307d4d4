"""Many relations at once, for list screens: always the same few statements, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver
from relhub.storage.seen import ENTRY


@dataclass(frozen=True, slots=True)
class Candidate:
    """A relation that the `place`-th reference may mean; `role`: of its party, where the reference is a case."""

    place: int
    relation_id: str
    role: str


@dataclass(frozen=True, slots=True)
class Glance:
    """A relation at a glance. `holds`: whether the occasion does, None when it is not known; `seen`: whether anything of it may be; `restricted`: by a mark."""

    relation_id: str
    kind: str
    holds: bool | None
    seen: bool
    restricted: bool
    referral: bool
    open_cases: int
    by_capacity: dict[str, int]


_CANDIDATES = """
SELECT q.place, p.relation_id, '' "role", 0 position FROM unnest($2::int[], $3::text[], $4::bytea[]) q (place, scheme, token)
    JOIN party_identifier n ON n.token = q.token AND n.scheme = q.scheme JOIN party_record p ON p.id = n.party_id
    WHERE EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($1))
UNION
SELECT q.place, i.relation_id, i.role, i.position FROM unnest($5::int[], $6::text[], $7::text[]) q (place, source, case_id)
    JOIN case_record c ON c.source = q.source AND c.case_id = q.case_id AND c.compartment = ANY($1) JOIN involvement i ON i.case_id = c.id
ORDER BY 1, 4, 2
"""

# What `seen.py` says of one relation, for many: the same verdict and the same counts.
_GLANCES = f"""
WITH target AS (
    SELECT q.id asked, coalesce(s.id, r.id) id, coalesce(s.kind, r.kind) kind,
        coalesce(CASE WHEN s.id IS NULL THEN r.marks ELSE s.marks END && $10, false) restricted FROM unnest($1::text[]) q (id)
    LEFT JOIN relation r ON r.id = q.id LEFT JOIN relation s ON s.id = r.merged_into
)
SELECT t.asked, t.id, t.kind, t.restricted, (
        SELECT (c.open OR NOT $8) AND ($7::text IS NULL OR $7 = ANY(c.departments))
            AND (NOT $9 OR EXISTS (SELECT FROM involvement i WHERE i.relation_id = t.id AND i.case_id = c.id))
        FROM case_record c WHERE c.source = $5 AND c.case_id = $6 AND c.compartment = ANY($3)
        UNION ALL SELECT t.id = $6 WHERE $5 = '{ENTRY}') holds,
    EXISTS (SELECT FROM involvement i WHERE i.relation_id = t.id AND i.compartment = ANY($3)) named,
    EXISTS (SELECT FROM involvement i WHERE i.relation_id = t.id AND i.compartment = ANY($4)) referred,
    (SELECT json_object_agg(coalesce(o.capacity, ''), o.n) FROM (
        SELECT i.capacity, count(DISTINCT CASE WHEN i.zaak = '' OR i.compartment <> ALL($2) THEN i.case_id::text ELSE i.zaak END) n
        FROM involvement i WHERE i.relation_id = t.id AND i.open AND i.compartment = ANY($3) GROUP BY GROUPING SETS ((i.capacity), ()) ORDER BY 1) o)::text counts
FROM target t
"""


async def candidates(
    driver: Driver, compartments: Sequence[int], numbers: Sequence[tuple[int, str, bytes]], cases: Sequence[tuple[int, str, str]]
) -> list[Candidate]:
    """What each reference may mean among what may be seen. `numbers`: (place, scheme, token); `cases`: (place, source, case id)."""
    columns = [[row[index] for row in rows] for rows in (numbers, cases) for index in range(3)]
    rows = await driver.fetch(_CANDIDATES, compartments, *columns)
    return [Candidate(row["place"], row["relation_id"], row["role"]) for row in rows]


async def glances(
    driver: Driver, relation_ids: Sequence[str], profile: Profile, occasion: tuple[str, str], department: str
) -> dict[str, Glance]:
    """Each of these relations at a glance, by the id that was asked for (after a merge it is another one's)."""
    rows = await driver.fetch(
        _GLANCES,
        relation_ids,
        profile.at_least(Level.summary),
        profile.at_least(Level.existence),
        profile.referred,
        *occasion,
        department if profile.activity.case.own_department else None,
        profile.activity.case.open,
        profile.activity.case.involves_relation,
        profile.bars,
    )
    found = {}
    for row in rows:
        counts = orjson.loads(row["counts"] or "{}")
        total, seen = counts.pop("", 0), row["named"] or row["referred"]
        found[row["asked"]] = Glance(
            row["id"] or "", row["kind"] or "", row["holds"], seen, row["restricted"], row["referred"], total, counts
        )
    return found
