"""decision: what stewards said of two parties."""

from collections.abc import Collection
from datetime import datetime

from relhub.domain.identity import Decision, PartyName
from relhub.storage.database import Store
from relhub.storage.relations import name_columns


async def decisions_between(store: Store, names: Collection[PartyName]) -> list[Decision]:
    """The decisions that hold between these parties."""
    rows = await store.driver.fetch(
        """
        SELECT d.a_source, d.a_key, d.b_source, d.b_key, d.verdict FROM unnest($1::text[], $2::text[]) n (source, key)
        JOIN decision d ON (d.a_source, d.a_key) = (n.source, n.key) AND d.withdrawn_at IS NULL ORDER BY d.id
        """,
        *name_columns(names),
    )
    found = [Decision((row["a_source"], row["a_key"]), (row["b_source"], row["b_key"]), row["verdict"]) for row in rows]
    return [decision for decision in found if decision.b in names]


async def add_decision(store: Store, decision: Decision, reason: str, by: str, at: datetime) -> None:
    """A steward's decision; an earlier one on the same two is withdrawn, not deleted."""
    a, b = sorted((decision.a, decision.b))
    await withdraw_decision(store, a, b, by, at)
    await store.driver.execute(
        "INSERT INTO decision (a_source, a_key, b_source, b_key, verdict, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *a,
        *b,
        decision.verdict,
        reason,
        by,
        at,
    )


async def undo_decisions(store: Store, by: str, withdrawn_by: str, at: datetime) -> list[PartyName]:
    """What was decided by this name no longer holds, and what it had put aside holds again. Returns the parties in it."""
    rows = await store.driver.fetch(
        """
        UPDATE decision SET withdrawn_by = $2, withdrawn_at = $3 WHERE decided_by = $1 AND withdrawn_at IS NULL
        RETURNING a_source, a_key, b_source, b_key
        """,
        by,
        withdrawn_by,
        at,
    )
    undone = [(row["a_source"], row["a_key"], row["b_source"], row["b_key"]) for row in rows]
    await store.driver.execute(
        """
        INSERT INTO decision (a_source, a_key, b_source, b_key, verdict, reason, decided_by, decided_at)
        SELECT d.a_source, d.a_key, d.b_source, d.b_key, d.verdict, d.reason, d.decided_by, d.decided_at FROM decision d
        JOIN unnest($2::text[], $3::text[], $4::text[], $5::text[]) u (a_source, a_key, b_source, b_key) USING (a_source, a_key, b_source, b_key)
        WHERE d.withdrawn_by = $1
        """,
        by,
        *([row[place] for row in undone] for place in range(4)),
    )
    return [name for a_source, a_key, b_source, b_key in undone for name in ((a_source, a_key), (b_source, b_key))]


async def withdraw_decision(store: Store, a: PartyName, b: PartyName, by: str, at: datetime) -> None:
    """The decision on these two no longer holds; it stays on record."""
    a, b = sorted((a, b))
    await store.driver.execute(
        """
        UPDATE decision SET withdrawn_by = $5, withdrawn_at = $6
        WHERE (a_source, a_key, b_source, b_key) = ($1, $2, $3, $4) AND withdrawn_at IS NULL
        """,
        *a,
        *b,
        by,
        at,
    )
