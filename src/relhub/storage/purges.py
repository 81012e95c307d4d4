"""purged_document, purge_state: what is over time, what is remembered of it, and how far a purge has got."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from relhub.domain.retention import Age
from relhub.storage.database import Driver, Store
from relhub.storage.sealing import Sealer

Row = Any
"""A row of the driver."""


@dataclass(frozen=True, slots=True)
class StoredCase:
    id: int
    set_key: str
    age: Age


async def sources_with_cases(store: Store) -> list[str]:
    rows = await store.driver.fetch("SELECT DISTINCT source FROM case_record ORDER BY 1")
    return [row["source"] for row in rows]


async def closed_cases(store: Store, source: str, after: int, limit: int) -> list[StoredCase]:
    """The closed cases of this source from after this one on, at most so many."""
    rows = await store.driver.fetch(
        f"SELECT {_AGE} FROM case_record WHERE source = $1 AND NOT open AND id > $2 ORDER BY id LIMIT $3", source, after, limit
    )
    return [_stored(row) for row in rows]


async def cases_of_sets(store: Store, source: str, set_keys: Iterable[str]) -> list[StoredCase]:
    """All cases of these sets."""
    rows = await store.driver.fetch(
        f"SELECT {_AGE} FROM case_record WHERE source = $1 AND set_key = ANY($2) ORDER BY id", source, sorted(set_keys)
    )
    return [_stored(row) for row in rows]


_AGE = "id, set_key, open, body->>'kind' kind, body->>'ended' ended, body->>'retention' own, modified_at"


def _stored(row: Row) -> StoredCase:
    ended, own = (date.fromisoformat(text) if text else None for text in (row["ended"], row["own"]))
    return StoredCase(row["id"], row["set_key"], Age(row["kind"], row["open"], ended, row["modified_at"], own))


class Marks:
    """What is remembered of purged documents of one source under its present rules of retention: keyed hashes that tell nothing by themselves."""

    def __init__(self, sealer: Sealer, source: str, rules_version: str) -> None:
        self._sealer, self._source, self._version = sealer, source, rules_version

    def token(self, id_: str, hash_: bytes) -> bytes:
        """Of a document as it was sent; another when it changes, or the rules do."""
        return self._sealer.token(f"purged/{self._source}", f"{id_}\0{hash_.hex()}\0{self._version}")

    def _set(self, set_key: str) -> bytes:
        return self._sealer.token(f"purged-set/{self._source}", set_key)

    async def known(self, store: Store, tokens: Iterable[bytes]) -> set[bytes]:
        """Of these, those that are remembered."""
        rows = await store.driver.fetch(
            "SELECT token FROM purged_document WHERE source = $1 AND token = ANY($2)", self._source, sorted(tokens)
        )
        return {row["token"] for row in rows}

    async def mark_seen(self, store: Store, tokens: Iterable[bytes], pull: int) -> None:
        """The source still has these."""
        await store.driver.execute(
            "UPDATE purged_document SET seen_pull = $3 WHERE source = $1 AND token = ANY($2) AND seen_pull <> $3",
            self._source, sorted(tokens), pull,
        )  # fmt: skip

    async def take_documents(self, store: Store, set_keys: Sequence[str]) -> int:
        """All documents of these sets go, quarantine included; those that the source lists are remembered. Returns how many went."""
        rows = await store.driver.fetch(
            "DELETE FROM document WHERE source = $1 AND set_key = ANY($2) RETURNING id, set_key, hash, closing, seen_pull",
            self._source, set_keys,
        )  # fmt: skip
        aside = [*set_keys, *(self._sealer.keyed(self._source, set_key) for set_key in set_keys)]
        await store.driver.execute("DELETE FROM quarantine WHERE source = $1 AND set_key = ANY($2)", self._source, aside)
        await store.driver.execute("DELETE FROM unread_set WHERE source = $1 AND set_key = ANY($2)", self._source, set_keys)
        await self._drop_closing(store, [row["set_key"] for row in rows if row["closing"]])
        await self._remember(store, [row for row in rows if row["seen_pull"] is not None])
        return len(rows)

    async def forget(self, store: Store, set_keys: Sequence[str]) -> None:
        """These sets are kept again: of all their documents the source is asked anew."""
        await store.driver.execute(
            "DELETE FROM purged_document WHERE source = $1 AND set_token = ANY($2)", self._source, [self._set(key) for key in set_keys]
        )

    async def _drop_closing(self, store: Store, set_keys: Sequence[str]) -> None:
        """What was remembered of closing documents that have changed since."""
        await store.driver.execute(
            "DELETE FROM purged_document WHERE source = $1 AND closing AND set_token = ANY($2)",
            self._source, [self._set(key) for key in set_keys],
        )  # fmt: skip

    async def _remember(self, store: Store, rows: Sequence[Row]) -> None:
        await store.driver.execute(
            """
            INSERT INTO purged_document (source, token, set_token, closing, seen_pull)
            SELECT $1, q.* FROM unnest($2::bytea[], $3::bytea[], $4::bool[], $5::int[]) q
            ON CONFLICT (source, token) DO UPDATE SET seen_pull = excluded.seen_pull
            """,
            self._source,
            [self.token(row["id"], row["hash"]) for row in rows],
            [self._set(row["set_key"]) for row in rows],
            [row["closing"] for row in rows],
            [row["seen_pull"] for row in rows],
        )


async def forget_gone(store: Store, source: str, pull: int, *, pulls: int) -> None:
    """What is remembered of documents that this and the pulls before, so many in all, no longer saw."""
    await store.driver.execute("DELETE FROM purged_document WHERE source = $1 AND seen_pull <= $2", source, pull - pulls)


async def trim_events(store: Store, before: datetime, limit: int) -> int:
    """The oldest events, at most so many, until one that is not from before; remembers how far. Returns how many went."""
    rows = await store.driver.fetch("SELECT transaction, id, at FROM event ORDER BY transaction, id LIMIT $1", limit)
    old = 0
    while old < len(rows) and rows[old]["at"] < before:
        old += 1
    if old:
        last = rows[old - 1]
        await store.driver.execute("DELETE FROM event WHERE (transaction, id) <= ($1, $2)", last["transaction"], last["id"])
        await store.driver.execute(
            "UPDATE purge_state SET event_transaction = $1, event_id = $2 WHERE (event_transaction, event_id) < ($1, $2)",
            last["transaction"], last["id"],
        )  # fmt: skip
    return old


async def trimmed_to(driver: Driver) -> tuple[int, int]:
    """(transaction, id) of the last event that was trimmed."""
    row = await driver.fetchrow("SELECT event_transaction, event_id FROM purge_state")
    return row["event_transaction"], row["event_id"]


async def forget_notices(store: Store, before: datetime) -> int:
    """Those of which the privacy officer was told before. Returns how many went."""
    return int((await store.driver.execute("DELETE FROM notice WHERE told_at < $1", before)).rpartition(" ")[2])


async def purged_at(store: Store) -> datetime | None:
    """When the last purge came to its end."""
    found: datetime | None = await store.driver.fetchval("SELECT purged_at FROM purge_state")
    return found


async def note_purged(store: Store, at: datetime) -> None:
    await store.driver.execute("UPDATE purge_state SET purged_at = $1", at)
