"""case_record, entry, party_record: what the rules of alerts read of relations, many at once."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import orjson

from relhub.domain.alert_causes import Known, KnownEntry, KnownParty, OpenCase, Touching
from relhub.domain.places import address_name
from relhub.storage.database import Store


async def known_of(
    store: Store, relation_ids: Collection[str], registers: Collection[str], today: date, contacts_since: datetime
) -> dict[str, Known]:
    """What there is of each of these relations that are in use, with what was recorded under ids that were merged into them. `registers`: sources that are a copy of a base register."""
    ids, copies = sorted(relation_ids), sorted(registers)
    cases: dict[str, dict[int, OpenCase]] = {}
    for row in await store.driver.fetch(_CASES, ids, copies, f"{today}"):
        cases.setdefault(row["relation_id"], {})[row["id"]] = _case(row)
    entries: dict[str, list[KnownEntry]] = {}
    for row in await store.driver.fetch(_ENTRIES, ids, contacts_since):
        entries.setdefault(row["relation"], []).append(_entry(row))
    parties: dict[str, list[KnownParty]] = {}
    if copies:
        for row in await store.driver.fetch(_PARTIES, sorted(cases), copies):
            parties.setdefault(row["relation_id"], []).append(_party(row))
    touching: dict[str, list[Touching]] = {}
    for row in await store.driver.fetch(_TOUCHING, sorted(cases)):
        case = cases[row["relation_id"]].get(row["case_id"])
        if case:
            touching.setdefault(row["relation_id"], []).append(Touching(row["id"], row["ref"], row["department"], case))
    return {
        id_: Known(list(cases.get(id_, {}).values()), entries.get(id_, ()), parties.get(id_, ()), touching.get(id_, ()))
        for id_ in {*cases, *entries}
    }


_CASES = """
SELECT i.relation_id, c.id, c.source || '/' || c.case_id ref, c.compartment, c.capacity, c.department, c.on_date, i.roles, c.source = ANY($2) register, c.marks, c.protected,
    CASE WHEN c.body ? 'findings' THEN ARRAY(SELECT f->>'on' FROM jsonb_array_elements(c.body->'findings') f WHERE f->>'sort' = 'inspection' AND f->>'on' >= $3 ORDER BY 1) END visits
FROM (SELECT relation_id, case_id, array_agg(DISTINCT role) roles FROM involvement WHERE relation_id = ANY($1) AND open GROUP BY 1, 2) i
JOIN relation r ON r.id = i.relation_id AND r.retired_at IS NULL JOIN case_record c ON c.id = i.case_id AND c.open ORDER BY c.id
"""
_ENTRIES = """
SELECT t.id relation, e.number, e.id, e.sort, e.at, e.due, e.version, e.department, e.assignee_department, e.through, e.said->>'kind' kind,
    e.said->>'direction' direction, e.said->>'subject' subject, e.compartments, e.departments
FROM (
    SELECT id, id own FROM relation WHERE id = ANY($1) AND retired_at IS NULL
    UNION ALL SELECT s.id, r.id FROM relation s JOIN relation r ON r.merged_into = s.id WHERE s.id = ANY($1) AND s.retired_at IS NULL
) t JOIN entry e ON e.relation_id = t.own AND e.state <> 'deleted' AND (e.open AND e.due IS NOT NULL OR e.sort = 'contact-moment' AND e.at >= $2)
ORDER BY e.number
"""
_PARTIES = """
SELECT p.relation_id, p.id, p.source || ':' || p.key name, (p.body->'flags')::text flags, (p.body->'addresses')::text addresses, p.source = ANY($2) register FROM party_record p
WHERE p.relation_id = ANY($1) AND EXISTS (SELECT FROM party_record b WHERE b.relation_id = p.relation_id AND b.source = ANY($2))
ORDER BY p.id
"""
# Of a building (pand) or a public space all cases in it would be at one place; as for places, an address is what is compared.
_TOUCHING = """
WITH pending AS MATERIALIZED (
    SELECT DISTINCT i.relation_id, i.case_id, p.bag_id, p.address FROM involvement i JOIN case_place p ON p.case_id = i.case_id
    WHERE i.relation_id = ANY($1) AND i.open AND i.capacity <> 'project'
), project AS MATERIALIZED (
    SELECT c.id, c.source || '/' || c.case_id ref, c.department, there.* FROM (
        SELECT p.case_id, n.bag_id, '' address FROM (SELECT DISTINCT bag_id FROM pending WHERE bag_id <> '') n JOIN case_place p ON p.bag_id = n.bag_id AND p.bag_id <> ''
        UNION SELECT p.case_id, '', n.address FROM (SELECT DISTINCT address FROM pending WHERE address <> '') n JOIN case_place p ON p.address = n.address AND p.address <> ''
    ) there JOIN case_record c ON c.id = there.case_id AND c.capacity = 'project' AND c.open
)
SELECT DISTINCT n.relation_id, n.case_id, p.id, p.ref, p.department FROM project p JOIN pending n ON n.bag_id = p.bag_id AND p.bag_id <> ''
UNION SELECT n.relation_id, n.case_id, p.id, p.ref, p.department FROM project p JOIN pending n ON n.address = p.address AND p.address <> ''
ORDER BY 1, 3, 2
"""


def _case(row: Mapping[str, Any]) -> OpenCase:
    return OpenCase(
        row["id"],
        row["ref"],
        row["compartment"],
        row["capacity"],
        row["department"],
        row["on_date"],
        frozenset(row["roles"]),
        tuple(date.fromisoformat(day) for day in row["visits"] or ()),
        row["register"],
        (*sorted(row["marks"] or ()), *(("protected",) if row["protected"] else ())),
    )


def _entry(row: Mapping[str, Any]) -> KnownEntry:
    return KnownEntry(
        number=row["number"],
        id=row["id"],
        sort=row["sort"],
        at=row["at"],
        due=row["due"],
        version=row["version"],
        department=row["department"],
        handler=row["assignee_department"],
        through=row["through"],
        kind=row["kind"] or "",
        direction=row["direction"] or "",
        subject=row["subject"] or "",
        shared=(*map(str, row["compartments"]), *row["departments"]),
    )


def _party(row: Mapping[str, Any]) -> KnownParty:
    addresses = orjson.loads(row["addresses"] or "[]")
    homes = {address_name(one.get("postcode", ""), one.get("number", "")) for one in addresses if one["function"] == "residence"} - {""}
    return KnownParty(row["id"], row["name"], frozenset(orjson.loads(row["flags"] or "[]")), frozenset(homes), row["register"])


async def relations_at_places_of(store: Store, cases: Collection[str]) -> set[str]:
    """The relations with a case where one of these (`source/case id`) lies, if that is a project, and those that had an alert by it."""
    names = [ref.partition("/") for ref in sorted(cases)]
    rows = await store.driver.fetch(_AROUND, [name[0] for name in names], [name[2] for name in names])
    return {row["relation_id"] for row in rows}


_AROUND = """
WITH project AS MATERIALIZED (
    SELECT c.id FROM unnest($1::text[], $2::text[]) q (source, case_id) JOIN case_record c ON (c.source, c.case_id) = (q.source, q.case_id) WHERE c.capacity = 'project'
), here AS MATERIALIZED (SELECT p.bag_id, p.address FROM project JOIN case_place p ON p.case_id = project.id)
SELECT i.relation_id FROM here h JOIN case_place p ON p.bag_id = h.bag_id AND p.bag_id <> '' JOIN involvement i ON i.case_id = p.case_id WHERE h.bag_id <> ''
UNION SELECT i.relation_id FROM here h JOIN case_place p ON p.address = h.address AND p.address <> '' JOIN involvement i ON i.case_id = p.case_id WHERE h.address <> ''
UNION SELECT a.relation_id FROM project JOIN alert_cause a ON a.number = project.id AND a.sort = 'place'
"""


async def relations_of_former_projects(store: Store) -> set[str]:
    """The relations with an alert by a case that is no project any more, or is gone."""
    rows = await store.driver.fetch(
        """
        SELECT DISTINCT a.relation_id FROM alert_cause a WHERE a.sort = 'place' AND a.side = 'project'
            AND NOT EXISTS (SELECT FROM case_record c WHERE c.id = a.number AND c.capacity = 'project')
        """
    )
    return {row["relation_id"] for row in rows}
