"""notice: what the privacy officer or the owner of a source is to be told; kept until that has happened, and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class Notice:
    """`destination`: the source whose owner is told; empty for the privacy officer. `attempts`: how often telling failed."""

    key: str
    destination: str
    body: dict[str, Any]
    attempts: int


async def add_notice(driver: Driver, key: str, kind: str, body: Mapping[str, Any], at: datetime, destination: str = "") -> None:
    """Once per key; the same again is counted, not told again."""
    await driver.execute(
        """
        INSERT INTO notice (key, kind, body, at, next_at, destination) VALUES ($1, $2, $3::text::jsonb, $4, $4, $5)
        ON CONFLICT (key) DO UPDATE SET times = notice.times + 1
        """,
        key,
        kind,
        orjson.dumps(body).decode(),
        at,
        destination,
    )


async def next_notice(store: Store, now: datetime, destinations: Sequence[str]) -> Notice | None:
    """One that is due to one of these, held until the transaction ends: no other process tells it meanwhile."""
    row = await store.driver.fetchrow(
        """
        SELECT key, destination, body::text, attempts FROM notice
        WHERE told_at IS NULL AND next_at <= $1 AND destination = ANY($2) ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
        """,
        now,
        destinations,
    )
    return Notice(row["key"], row["destination"], orjson.loads(row["body"]), row["attempts"]) if row else None


async def note_told(store: Store, key: str, at: datetime) -> None:
    await store.driver.execute("UPDATE notice SET told_at = $2 WHERE key = $1", key, at)


async def note_not_told(store: Store, key: str, again_at: datetime) -> None:
    await store.driver.execute("UPDATE notice SET attempts = attempts + 1, next_at = $2 WHERE key = $1", key, again_at)


async def oldest_untold(driver: Driver) -> datetime | None:
    """Since when the privacy officer should have been told something; None when all was."""
    found: datetime | None = await driver.fetchval("SELECT min(at) FROM notice WHERE told_at IS NULL")
    return found
