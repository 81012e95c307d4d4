"""mark: what was put on parties to protect them (restriction, objection, contested), on behalf of which request."""

from collections.abc import Collection, Iterable
from datetime import datetime

from relhub.domain.identity import PartyName
from relhub.storage.database import Store
from relhub.storage.relations import name_columns


async def put_marks(store: Store, names: Collection[PartyName], words: Iterable[str], request: str, at: datetime) -> None:
    """Each of these marks on each of these parties."""
    await store.driver.execute(
        """
        INSERT INTO mark (source, key, word, request, set_at)
        SELECT n.source, n.key, w.word, $4, $5 FROM unnest($1::text[], $2::text[]) n (source, key) CROSS JOIN unnest($3::text[]) w (word)
        """,
        *name_columns(names),
        sorted(words),
        request,
        at,
    )


async def lift_marks(store: Store, request: str, at: datetime) -> None:
    """What was put on behalf of this request no longer holds; it stays on record."""
    await store.driver.execute("UPDATE mark SET lifted_at = $2 WHERE request = $1 AND lifted_at IS NULL", request, at)


async def marked_parties(store: Store, request: str) -> list[int]:
    """The party records of all parties that this request put a mark on, whether or not it still holds."""
    rows = await store.driver.fetch(
        "SELECT DISTINCT p.id FROM mark m JOIN party_record p ON (p.source, p.key) = (m.source, m.key) WHERE m.request = $1 ORDER BY 1",
        request,
    )
    return [row["id"] for row in rows]


async def marked_relations(store: Store) -> list[str]:
    """The relations that have a record with a mark that holds."""
    rows = await store.driver.fetch(
        """
        SELECT DISTINCT p.relation_id FROM mark m JOIN party_record p ON (p.source, p.key) = (m.source, m.key)
        WHERE p.relation_id IS NOT NULL AND m.lifted_at IS NULL ORDER BY 1
        """
    )
    return [row["relation_id"] for row in rows]
