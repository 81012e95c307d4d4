"""Sealed values of any table: with which seal each is sealed, and sealing them anew."""

from collections.abc import Iterable, Sequence
from typing import Any

from relhub.storage.database import Store
from relhub.storage.exports import fail_sealed_with
from relhub.storage.sealed_columns import SealedColumn


async def counts_by_seal(store: Store, of: SealedColumn) -> dict[int, int]:
    """How many values of this column are sealed with which seal."""
    rows = await store.driver.fetch(
        f"SELECT substr({of.column}, 1, 2) seal, count(*) n FROM {of.table} WHERE {of.column} IS NOT NULL GROUP BY 1"
    )
    return {int.from_bytes(row["seal"]): row["n"] for row in rows}


async def take_values(
    store: Store, of: SealedColumn, seals: Iterable[int], after: Sequence[Any] | None, limit: int
) -> list[tuple[tuple[Any, ...], bytes]]:
    """(key, value) of values with these seals, in the order of their keys from `after` on, locked. Those that another transaction has are left."""
    names = ", ".join(name for name, _ in of.key)
    beyond = f"AND ({names}) > ({', '.join(f'${n + 3}::{type_}' for n, (_, type_) in enumerate(of.key))})" if after else ""
    rows = await store.driver.fetch(
        f"""
        SELECT {names}, {of.column} FROM {of.table} WHERE substr({of.column}, 1, 2) = ANY($1::bytea[]) {beyond}
        ORDER BY {names} LIMIT $2 FOR UPDATE SKIP LOCKED
        """,
        _prefixes(seals),
        limit,
        *(after or ()),
    )
    return [(tuple(row[name] for name, _ in of.key), row[of.column]) for row in rows]


async def put_values(store: Store, of: SealedColumn, values: Sequence[tuple[tuple[Any, ...], bytes]]) -> None:
    """These keys now have these values."""
    names = [name for name, _ in of.key]
    arrays = ", ".join(f"${n + 1}::{type_}[]" for n, (_, type_) in enumerate(of.key))
    await store.driver.execute(
        f"""
        UPDATE {of.table} t SET {of.column} = q.sealed FROM unnest({arrays}, ${len(names) + 1}::bytea[]) q ({", ".join(names)}, sealed)
        WHERE {" AND ".join(f"t.{name} = q.{name}" for name in names)}
        """,
        *([key[n] for key, _ in values] for n in range(len(names))),
        [sealed for _, sealed in values],
    )


async def pull_all_again(store: Store, lost: Iterable[int]) -> None:
    """What was sealed with these is forgotten, but for official numbers, and exports of it have failed; every document counts as changed when it is next pulled."""
    seals = _prefixes(lost)
    await store.driver.execute(
        "UPDATE document SET hash = '', sealed = CASE WHEN substr(sealed, 1, 2) = ANY($1::bytea[]) THEN NULL ELSE sealed END", seals
    )
    await store.driver.execute("DELETE FROM quarantine WHERE substr(sealed, 1, 2) = ANY($1::bytea[])", seals)
    await store.driver.execute("DELETE FROM kept_answer WHERE substr(answer, 1, 2) = ANY($1::bytea[])", seals)
    await fail_sealed_with(store, seals)
    await store.driver.execute("UPDATE source_state SET cursor = NULL")


def _prefixes(seals: Iterable[int]) -> list[bytes]:
    return [seal.to_bytes(2) for seal in sorted(seals)]
