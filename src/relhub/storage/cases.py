"""case_record: finding cases and the parties in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver, Store
from relhub.storage.seen import ENTRY


@dataclass(frozen=True, slots=True)
class CaseParty:
    relation_id: str
    role: str
    display: str
    kind: str
    compartment: int
    barred: bool  # by a mark on the relation


async def set_keys_of(store: Store, source: str, case_id: str) -> list[str]:
    """The set of documents that this case was read from."""
    rows = await store.driver.fetch("SELECT set_key FROM case_record WHERE source = $1 AND case_id = $2", source, case_id)
    return [row["set_key"] for row in rows]


async def cases_seen(driver: Driver, profile: Profile, refs: Sequence[str], relation_id: str) -> dict[str, int]:
    """The compartments of those of these cases (`source/case id`) that are seen from `summary` on and involve this relation."""
    names = [ref.partition("/") for ref in refs]
    rows = await driver.fetch(
        """
        SELECT c.source || '/' || c.case_id ref, c.compartment FROM unnest($1::text[], $2::text[]) q (source, case_id)
        JOIN case_record c ON (c.source, c.case_id) = (q.source, q.case_id) AND c.compartment = ANY($4)
        WHERE EXISTS (SELECT FROM involvement i WHERE i.case_id = c.id AND i.relation_id = $3)
        """,
        [name[0] for name in names],
        [name[2] for name in names],
        relation_id,
        profile.at_least(Level.summary),
    )
    return {row["ref"]: row["compartment"] for row in rows}


async def department_of_seen(driver: Driver, profile: Profile, ref: str, relation_id: str) -> str | None:
    """The department that deals with this case of this relation, for who sees it from `existence` on; None when there is none."""
    source, _, case_id = ref.partition("/")
    found: str | None = await driver.fetchval(
        """
        SELECT nullif(c.department, '') FROM case_record c WHERE c.source = $1 AND c.case_id = $2 AND c.compartment = ANY($4)
            AND EXISTS (SELECT FROM involvement i WHERE i.case_id = c.id AND i.relation_id = $3)
        """,
        source,
        case_id,
        relation_id,
        profile.at_least(Level.existence),
    )
    return found


async def is_case_of(driver: Driver, profile: Profile, relation_id: str, source: str, case_id: str) -> bool:
    """Whether this relation is in this case, for who sees it from `summary` on."""
    statement = """
        SELECT EXISTS (SELECT FROM case_record c JOIN involvement i ON i.case_id = c.id
            WHERE c.source = $2 AND c.case_id = $3 AND c.compartment = ANY($4) AND i.relation_id = $1)
    """
    return bool(await driver.fetchval(statement, relation_id, source, case_id, profile.at_least(Level.summary)))


async def owners(store: Store, source: str, case_ids: Sequence[str]) -> dict[str, str]:
    """The set that each of these cases was read from, as far as its closing document is still there."""
    rows = await store.driver.fetch(
        """
        SELECT c.case_id, c.set_key FROM case_record c WHERE c.source = $1 AND c.case_id = ANY($2)
            AND (SELECT true FROM document d WHERE d.source = $1 AND d.id = c.set_key)
        """,  # no join: planned when the tables were empty, it would go through all documents of the source for each case
        source,
        case_ids,
    )
    return {row["case_id"]: row["set_key"] for row in rows}


async def is_known(driver: Driver, profile: Profile, source: str, case_id: str) -> bool:
    """Whether this case is there for who sees so much: what is withheld is as what is not known. An entry is."""
    if source == ENTRY:
        return True
    statement = "SELECT EXISTS (SELECT FROM case_record WHERE source = $1 AND case_id = $2 AND compartment = ANY($3))"
    return bool(await driver.fetchval(statement, source, case_id, profile.at_least(Level.existence)))


async def is_open_with(driver: Driver, profile: Profile, source: str, case_id: str, department: str) -> bool | None:
    """Whether this case is open and dealt with by this department, as far as the activity asks that; None when it is not known, or withheld."""
    if source == ENTRY:
        return True
    statement = """
        SELECT (open OR NOT $4) AND ($3::text IS NULL OR $3 = ANY(departments)) FROM case_record
        WHERE source = $1 AND case_id = $2 AND compartment = ANY($5)
    """
    condition = profile.activity.case
    wanted = department if condition.own_department else None
    holds: bool | None = await driver.fetchval(statement, source, case_id, wanted, condition.open, profile.at_least(Level.existence))
    return holds


async def relations_of_occasion(driver: Driver, profile: Profile, source: str, case_id: str, department: str) -> set[str]:
    """The relations that this case involves, when it is all that the activity asks of a case."""
    if source == ENTRY:
        return {case_id}
    if not await is_open_with(driver, profile, source, case_id, department):
        return set()
    rows = await driver.fetch(
        """
        SELECT DISTINCT i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE c.source = $1 AND c.case_id = $2
        """,
        source,
        case_id,
    )
    return {row["relation_id"] for row in rows}


async def parties_of_case(driver: Driver, profile: Profile, source: str, case_id: str) -> list[CaseParty]:
    """The parties of a case that is seen from `summary` on, in the order of the source; empty when there is no such case."""
    rows = await driver.fetch(
        """
        SELECT p.relation_id, i.role, p.display, p.kind, c.compartment, coalesce(r.marks && $4, false) barred
        FROM case_record c JOIN involvement i ON i.case_id = c.id JOIN party_record p ON p.id = i.party_id JOIN relation r ON r.id = p.relation_id
        WHERE c.source = $1 AND c.case_id = $2 AND c.compartment = ANY($3) ORDER BY i.position
        """,
        source,
        case_id,
        profile.at_least(Level.summary),
        profile.bars,
    )
    return [CaseParty(row["relation_id"], row["role"], row["display"], row["kind"], row["compartment"], row["barred"]) for row in rows]


async def newest_cases(
    driver: Driver, relation_id: str, compartments: Sequence[int], sources: list[str], limit: int
) -> list[tuple[str, str]]:
    """(source, case id) of the visible cases of a relation, at most so many from each of these sources: open ones first, newest first."""
    rows = await driver.fetch(
        """
        SELECT newest.source, newest.case_id FROM unnest($3::text[]) s (name) CROSS JOIN LATERAL (
            SELECT DISTINCT i.open, i.on_date, c.id, c.source, c.case_id FROM involvement i JOIN case_record c ON c.id = i.case_id
            WHERE i.relation_id = $1 AND i.compartment = ANY($2) AND c.source = s.name ORDER BY i.open DESC, i.on_date DESC, c.id DESC LIMIT $4
        ) newest
        """,
        relation_id,
        compartments,
        sources,
        limit,
    )
    return [(row["source"], row["case_id"]) for row in rows]
