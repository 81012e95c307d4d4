"""membership, relation, decision, mark: forgetting parties of which no record is left, but never that an id was given."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from relhub.domain.identity import PartyName
from relhub.storage.database import Store


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many parties, decisions on them, and ids that lead nowhere any more."""

    parties: int = 0
    decisions: int = 0
    ids: int = 0


async def former_parties(store: Store, before: datetime, limit: int) -> list[PartyName]:
    """Parties that something is still known of, and of which the last record went before."""
    rows = await store.driver.fetch(
        """
        SELECT m.source, m.key FROM membership m WHERE m.until_at < $1
            AND NOT EXISTS (SELECT FROM party_record p WHERE (p.source, p.key) = (m.source, m.key))
        GROUP BY 1, 2
        HAVING NOT EXISTS (SELECT FROM membership n WHERE (n.source, n.key) = (m.source, m.key) AND (n.until_at >= $1 OR n.until_at IS NULL))
        ORDER BY 1, 2 LIMIT $2
        """,
        before,
        limit,
    )
    return [(row["source"], row["key"]) for row in rows]


async def forget_parties(store: Store, names: Collection[PartyName]) -> Forgotten:
    """Of these parties those without any record: which ids they had, decisions on them, and ids of which they were the last.

    Such an id stays, so that it is never given again, and nothing is kept of what it was: it leads nowhere.
    """
    ordered = sorted(names)
    lists = [name[0] for name in ordered], [name[1] for name in ordered]
    rows = await store.driver.fetch(_WITHOUT_RECORD, *lists)
    if not rows:
        return Forgotten()
    lists = [row["source"] for row in rows], [row["key"] for row in rows]
    ids = [row["relation_id"] for row in await store.driver.fetch(_LAST_HAD, *lists)]
    await store.driver.execute(f"DELETE FROM membership m USING {_NAMES} WHERE (m.source, m.key) = (n.source, n.key)", *lists)
    await store.driver.execute("DELETE FROM membership WHERE relation_id = ANY($1)", ids)
    await store.driver.execute("UPDATE relation SET merged_into = NULL WHERE id = ANY($1) OR merged_into = ANY($1)", ids)
    await store.driver.execute(
        f"UPDATE relation r SET anchor_source = '', anchor_key = r.id, anchor_number = 0 FROM {_NAMES} "
        "WHERE (r.anchor_source, r.anchor_key) = (n.source, n.key)",
        *lists,
    )
    await store.driver.execute(f"DELETE FROM mark m USING {_NAMES} WHERE (m.source, m.key) = (n.source, n.key)", *lists)
    decided = await store.driver.execute(
        f"DELETE FROM decision d USING {_NAMES} WHERE (n.source, n.key) IN ((d.a_source, d.a_key), (d.b_source, d.b_key))", *lists
    )
    return Forgotten(len(rows), int(decided.rpartition(" ")[2]), len(ids))


_NAMES = "unnest($1::text[], $2::text[]) n (source, key)"
_WITHOUT_RECORD = f"""
SELECT n.source, n.key FROM {_NAMES}
WHERE NOT EXISTS (SELECT FROM party_record p WHERE (p.source, p.key) = (n.source, n.key))
"""
# Retired ids that nobody but these had last. Others may have had one before: with the last who had it gone, it would lead to them.
_LAST_HAD = f"""
WITH n AS MATERIALIZED (SELECT n.source, n.key FROM {_NAMES}), had AS (
    SELECT DISTINCT m.relation_id FROM n JOIN membership m ON (m.source, m.key) = (n.source, n.key)
    JOIN relation r ON r.id = m.relation_id AND r.retired_at IS NOT NULL
)
SELECT had.relation_id FROM had WHERE NOT EXISTS (
    SELECT FROM membership m WHERE m.relation_id = had.relation_id
        AND m.until_at = (SELECT max(e.until_at) FROM membership e WHERE e.relation_id = had.relation_id)
        AND NOT EXISTS (SELECT FROM n WHERE (n.source, n.key) = (m.source, m.key))
)
"""
