"""console_session: officials who signed in on the console; what is known of them is sealed, and a cookie opens it."""

import hashlib
from datetime import datetime

from relhub.storage.database import Driver, Store
from relhub.storage.sealed_columns import about_session
from relhub.storage.sealing import Sealer


def _id(key: str) -> bytes:
    """Who has the database does not have the key."""
    return hashlib.sha256(key.encode()).digest()


async def add_session(store: Store, sealer: Sealer, key: str, said: bytes, expires_at: datetime) -> None:
    """The session, and those that have expired are gone."""
    await store.driver.execute("DELETE FROM console_session WHERE expires_at <= now()")
    sealed = sealer.seal(said, about_session(_id(key)))
    await store.driver.execute("INSERT INTO console_session (id, sealed, expires_at) VALUES ($1, $2, $3)", _id(key), sealed, expires_at)


async def find_session(driver: Driver, sealer: Sealer, key: str) -> tuple[bytes, datetime] | None:
    """(what is known, until when); None when it has ended. Raises SealLost when its seal is no longer among the keys."""
    row = await driver.fetchrow("SELECT sealed, expires_at FROM console_session WHERE id = $1 AND expires_at > now()", _id(key))
    return row and (sealer.open(row["sealed"], about_session(_id(key))), row["expires_at"])


async def lock_session(store: Store, sealer: Sealer, key: str) -> bytes | None:
    """What is known, for who is about to change it."""
    found = await store.driver.fetchval("SELECT sealed FROM console_session WHERE id = $1 AND expires_at > now() FOR UPDATE", _id(key))
    return found and sealer.open(found, about_session(_id(key)))


async def change_session(store: Store, sealer: Sealer, key: str, said: bytes) -> None:
    sealed = sealer.seal(said, about_session(_id(key)))
    await store.driver.execute("UPDATE console_session SET sealed = $2 WHERE id = $1", _id(key), sealed)


async def lengthen_session(driver: Driver, key: str, expires_at: datetime) -> None:
    await driver.execute("UPDATE console_session SET expires_at = $2 WHERE id = $1", _id(key), expires_at)


async def delete_session(driver: Driver, key: str) -> None:
    await driver.execute("DELETE FROM console_session WHERE id = $1", _id(key))


async def forget_sessions(store: Store, now: datetime) -> int:
    """Those that have expired. Returns how many went."""
    return int((await store.driver.execute("DELETE FROM console_session WHERE expires_at <= $1", now)).rpartition(" ")[2])
