"""The view: one statement that verifies the occasion, takes the visible parts of a relation, and writes the log row."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from relhub.domain.access import Level, Profile
from relhub.storage.database import Driver
from relhub.storage.log import LOOK_COLUMNS, Look, look_parameters


@dataclass(frozen=True, slots=True)
class Position:
    """After which case a page starts: open ones first, newest first."""

    open: bool
    on_date: date
    number: int


@dataclass(frozen=True, slots=True)
class CasePart:
    """A visible case: its rendered part (without the closing brace), the roles of this relation in it, and its place in the order."""

    part: bytes
    roles: list[str]
    ref: str
    position: Position


@dataclass(frozen=True, slots=True)
class ViewParts:
    """What the statement gave. `outcome`: shown | refused | unknown-occasion | not-found; the rest is empty unless shown."""

    outcome: str
    relation_id: str
    kind: str
    non_disclosure: bool
    parties: list[dict[str, Any]]
    named_sources: set[str]
    referral: bool
    open_cases: dict[str, int]
    cases: list[CasePart]
    sources: dict[str, dict[str, Any]]


_TARGET = """
target AS (
    SELECT coalesce(s.id, r.id) id, coalesce(s.kind, r.kind) kind, coalesce(s.non_disclosure, r.non_disclosure) non_disclosure
    FROM relation r LEFT JOIN relation s ON s.id = r.merged_into WHERE r.id = $1
), occasion AS (
    SELECT c.open AND $7 = ANY(c.departments) AND EXISTS (SELECT FROM involvement i JOIN target t ON t.id = i.relation_id WHERE i.case_id = c.id) holds
    FROM case_record c WHERE c.source = $5 AND c.case_id = $6
), heard AS (
    SELECT p.id, p.source, p.key, p.kind, p.body, said.* FROM target t JOIN party_record p ON p.relation_id = t.id CROSS JOIN LATERAL (
        SELECT max(latest.at) FILTER (WHERE k.capacity = ANY($2)) at, coalesce(bool_or(k.capacity = ANY($2)), false) seen,
            coalesce(bool_or(k.capacity = ANY($3)), false) named, coalesce(bool_or(k.capacity = ANY($4)), false) referred
        FROM unnest($3::text[] || $4::text[]) k (capacity) CROSS JOIN LATERAL (
            SELECT i.modified_at at FROM involvement i WHERE i.party_id = p.id AND i.capacity = k.capacity ORDER BY i.modified_at DESC NULLS LAST LIMIT 1
        ) latest
    ) said
), verdict AS (
    SELECT CASE
        WHEN $5 <> '' AND NOT EXISTS (SELECT FROM occasion) THEN 'unknown-occasion'
        WHEN $5 <> '' AND NOT (SELECT holds FROM occasion) THEN 'refused'
        WHEN NOT EXISTS (SELECT FROM heard WHERE named OR referred) THEN 'not-found'
        ELSE 'shown' END outcome
), page AS (
    SELECT i.open, i.on_date, i.case_id, array_agg(DISTINCT i.role) roles FROM target t JOIN involvement i ON i.relation_id = t.id
    WHERE i.capacity = ANY($3) AND ($9::bool IS NULL OR i.open = $9) AND ($10::bool IS NULL OR (i.open, i.on_date, i.case_id) < ($10, $11::date, $12::bigint))
    GROUP BY i.open, i.on_date, i.case_id ORDER BY i.open DESC, i.on_date DESC, i.case_id DESC LIMIT $8
), shown_case AS (
    SELECT page.*, c.source || '/' || c.case_id ref,
        CASE WHEN c.capacity = ANY($13) THEN c."full" WHEN c.capacity = ANY($2) THEN c.summary ELSE c.existence END part
    FROM page JOIN case_record c ON c.id = page.case_id ORDER BY page.open DESC, page.on_date DESC, page.case_id DESC
)"""

_PARTIES = """
(SELECT json_agg(json_build_object('id', h.id, 'source', h.source, 'key', h.key, 'kind', h.kind, 'body', h.body, 'at', h.at,
    'numbers', (SELECT json_agg(json_build_array(n.scheme, n.shown, encode(n.token, 'hex')) ORDER BY n.scheme) FROM party_identifier n WHERE n.party_id = h.id),
    'contacts', (SELECT json_agg(o.body ORDER BY o.display, o.id) FROM party_record o WHERE o.source = h.source AND o.contact_of = h.key AND o.contact_of <> ''
        AND o.kind = 'contact_person' AND NOT o.protected AND EXISTS (SELECT FROM involvement i WHERE i.party_id = o.id AND i.capacity = ANY($2))))
    ORDER BY h.source, h.key, h.id) FROM heard h WHERE h.seen)::text"""

_STATEMENT = f"""
WITH {_TARGET}, looked AS (
    INSERT INTO consultation_log ({LOOK_COLUMNS}, outcome, relation_ids, records)
    SELECT {look_parameters(14)}, v.outcome, ARRAY(SELECT id FROM target),
        CASE v.outcome WHEN 'shown' THEN ARRAY(SELECT ref FROM shown_case UNION ALL SELECT source || ':' || key FROM heard WHERE seen) ELSE '{{}}' END
    FROM verdict v
)
SELECT v.outcome, t.id, t.kind, t.non_disclosure, {_PARTIES} parties,
    ARRAY(SELECT DISTINCT source FROM heard WHERE named) named_sources, EXISTS (SELECT FROM heard WHERE referred) referral,
    (SELECT json_object_agg(o.capacity, o.n) FROM (SELECT i.capacity, count(DISTINCT i.case_id) n FROM involvement i
        WHERE i.relation_id = t.id AND i.open AND i.capacity = ANY($3) GROUP BY 1 ORDER BY 1) o)::text open_cases, shown.*,
    (SELECT json_object_agg(source, json_build_object('asOf', last_success_at, 'unavailableSince', unavailable_since)) FROM source_state)::text sources
FROM verdict v LEFT JOIN target t ON true CROSS JOIN (
    SELECT array_agg(part) parts, array_agg(array_to_string(roles, chr(31))) roles, array_agg(ref) refs, array_agg(open) opens, array_agg(on_date) dates,
        array_agg(case_id) numbers FROM shown_case
) shown
"""


async def view_parts(
    driver: Driver,
    relation_id: str,
    profile: Profile,
    occasion: tuple[str, str],
    look: Look,
    *,
    limit: int,
    only_open: bool | None = None,
    after: Position | None = None,
) -> ViewParts:
    """The visible parts of one relation, logged. `occasion`: (source, case id) to verify, or two empty strings; `limit`: cases, one more is read."""
    place = (after.open, after.on_date, after.number) if after else (None, None, None)
    row = await driver.fetchrow(
        _STATEMENT,
        relation_id,
        profile.at_least(Level.summary),
        profile.at_least(Level.existence),
        [capacity for capacity, level in profile.levels.items() if level == Level.referral],
        *occasion,
        look.department,
        limit + 1,
        only_open,
        *place,
        profile.at_least(Level.full),
        *look.values(),
    )
    assert row is not None  # the verdict is always there
    return _parts(row)


def _parts(row: Any) -> ViewParts:
    if row["outcome"] != "shown":
        return ViewParts(row["outcome"], row["id"] or "", "", False, [], set(), False, {}, [], {})
    columns = [row[name] or () for name in ("parts", "roles", "refs", "opens", "dates", "numbers")]
    return ViewParts(
        outcome="shown",
        relation_id=row["id"],
        kind=row["kind"],
        non_disclosure=row["non_disclosure"],
        parties=orjson.loads(row["parties"] or "[]"),
        named_sources=set(row["named_sources"]),
        referral=row["referral"],
        open_cases=orjson.loads(row["open_cases"] or "{}"),
        cases=[CasePart(part, roles.split("\x1f"), ref, Position(*place)) for part, roles, ref, *place in zip(*columns, strict=True)],
        sources=orjson.loads(row["sources"] or "{}"),
    )


async def relations_of_occasion(driver: Driver, source: str, case_id: str, department: str) -> set[str]:
    """The relations that an open case of this department involves."""
    rows = await driver.fetch(
        """
        SELECT DISTINCT i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE c.source = $1 AND c.case_id = $2 AND c.open AND $3 = ANY(c.departments)
        """,
        source,
        case_id,
        department,
    )
    return {row["relation_id"] for row in rows}
