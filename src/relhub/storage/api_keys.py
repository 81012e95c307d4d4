"""api_key: keys that were issued to consumers, as keyed hashes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from relhub.storage.database import Driver, Store


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without the key. `last_used_on`: a day, of any process."""

    id: str
    consumer: str
    note: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None


_COLUMNS = "id, consumer, note, created_at, expires_at, revoked_at, last_used_on"


async def add_api_key(store: Store, key: ApiKey, digest: bytes) -> None:
    await store.driver.execute(
        "INSERT INTO api_key (id, digest, consumer, note, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        key.id, digest, key.consumer, key.note, key.created_at, key.expires_at,
    )  # fmt: skip


async def api_keys(store: Store, consumer: str = "") -> list[ApiKey]:
    """All of them, or those of one consumer; the newest first."""
    rows = await store.driver.fetch(
        f"SELECT {_COLUMNS} FROM api_key WHERE $1 IN ('', consumer) ORDER BY created_at DESC, id",
        consumer,
    )
    return [ApiKey(*row) for row in rows]


async def revoke_api_key(store: Store, id_: str, at: datetime) -> bool:
    """Whether there is such a key. One that was revoked before keeps the moment at which it was."""
    return bool(
        await store.driver.fetchval("UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING true", id_, at)
    )


async def keys_in_force(driver: Driver) -> list[tuple[bytes, str, str, datetime]]:
    """(digest, id, consumer, expires at) of those that were not revoked."""
    rows = await driver.fetch("SELECT digest, id, consumer, expires_at FROM api_key WHERE revoked_at IS NULL AND expires_at > now()")
    return [tuple(row) for row in rows]


async def note_use(driver: Driver, ids: Collection[str], day: date) -> None:
    """That these keys were used on this day."""
    await driver.execute(
        "UPDATE api_key SET last_used_on = $2 WHERE id = ANY($1) AND (last_used_on IS NULL OR last_used_on < $2)", list(ids), day
    )
