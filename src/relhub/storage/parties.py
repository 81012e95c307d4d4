"""party_record, party_identifier, search_term: finding relations by what a consumer knows, among what it may see."""

from collections.abc import Sequence
from typing import Any

import orjson

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.storage.database import Driver

_SEEN = "EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($1))"


async def visible_relation(driver: Driver, profile: Profile, relation_id: str) -> str | None:
    """The id that this relation has now, when anything of it may be seen."""
    found: str | None = await driver.fetchval(
        """
        SELECT n.id FROM (SELECT coalesce(merged_into, id) id FROM relation WHERE id = $1) n
        WHERE EXISTS (SELECT FROM involvement i WHERE i.relation_id = n.id AND i.compartment = ANY($2))
        """,
        relation_id,
        profile.at_least(Level.referral),
    )
    return found


async def is_record_of(driver: Driver, profile: Profile, relation_id: str, source: str, key: str) -> bool:
    """Whether this party record is of this relation, for who sees it."""
    statement = f"SELECT EXISTS (SELECT FROM party_record p WHERE p.relation_id = $2 AND p.source = $3 AND p.key = $4 AND {_SEEN})"
    return bool(await driver.fetchval(statement, profile.at_least(Level.summary), relation_id, source, key))


async def relations_by_number(driver: Driver, profile: Profile, scheme: str, token: bytes) -> list[str]:
    """The relations with a visible record that has this number; restricted ones only when all are."""
    rows = await driver.fetch(
        f"""
        SELECT DISTINCT p.relation_id, coalesce(r.marks && $4, false) barred FROM party_identifier n JOIN party_record p ON p.id = n.party_id
        JOIN relation r ON r.id = p.relation_id WHERE n.token = $2 AND n.scheme = $3 AND {_SEEN} ORDER BY 2, 1
        """,
        profile.at_least(Level.summary),
        token,
        scheme,
        profile.bars,
    )
    return [row["relation_id"] for row in rows if not row["barred"]] or [row["relation_id"] for row in rows[:1]]


async def relations_by_terms(
    driver: Driver, profile: Profile, terms: Sequence[tuple[str, bytes, bool]], kind: str, limit: int
) -> list[str]:
    """The relations, none of them restricted, whose visible records have all of these terms; (field, term, whether non-disclosure hides it)."""
    one = f"""
        SELECT p.relation_id FROM search_term s JOIN party_record p ON p.id = s.party_id JOIN relation r ON r.id = p.relation_id
        WHERE s.field = $%d AND s.term = $%d AND NOT ($%d AND r.non_disclosure) AND (r.marks && $4) IS NOT TRUE AND ($2 = '' OR p.kind = $2) AND {_SEEN}
    """
    parts = [one % (number, number + 1, number + 2) for number in range(5, 5 + 3 * len(terms), 3)]
    statement = f"SELECT relation_id FROM ({' INTERSECT '.join(parts)}) found ORDER BY 1 LIMIT $3"
    values = (value for term in terms for value in term)
    rows = await driver.fetch(statement, profile.at_least(Level.summary), kind, limit, profile.bars, *values)
    return [row["relation_id"] for row in rows]


async def relations_of_kind(
    driver: Driver, kind: str, compartments: Sequence[int], bars: Sequence[str], is_open: bool | None, after: str, limit: int
) -> list[str]:
    """The first relations of a kind, without these marks, after this id with an involvement in one of these compartments that is open, closed or either (None)."""
    rows = await driver.fetch(
        """
        SELECT r.id FROM relation r WHERE r.kind = $1 AND r.retired_at IS NULL AND r.id > $2 AND (r.marks && $6) IS NOT TRUE
            AND EXISTS (SELECT FROM involvement i WHERE i.relation_id = r.id AND i.compartment = ANY($3) AND ($4::bool IS NULL OR i.open = $4))
        ORDER BY r.id LIMIT $5
        """,
        kind,
        after,
        compartments,
        is_open,
        limit,
        bars,
    )
    return [row["id"] for row in rows]


async def visible_parties(
    driver: Driver, compartments: Sequence[int], relation_ids: list[str]
) -> dict[str, tuple[bool, list[dict[str, Any]]]]:
    """Per relation: whether it has non-disclosure, and its visible party records."""
    rows = await driver.fetch(
        f"""
        SELECT p.relation_id, r.non_disclosure, p.source, p.key, p.kind, p.body::text,
            (SELECT max(i.modified_at) FROM involvement i WHERE i.party_id = p.id AND i.compartment = ANY($1)) at
        FROM party_record p JOIN relation r ON r.id = p.relation_id WHERE p.relation_id = ANY($2) AND {_SEEN} ORDER BY p.source, p.key, p.id
        """,
        compartments,
        relation_ids,
    )
    found: dict[str, tuple[bool, list[dict[str, Any]]]] = {}
    for row in rows:
        party = {"source": row["source"], "key": row["key"], "kind": row["kind"], "body": orjson.loads(row["body"]), "at": row["at"]}
        found.setdefault(row["relation_id"], (row["non_disclosure"], []))[1].append(party)
    return found
