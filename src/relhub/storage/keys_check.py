"""keys_check: which keys a database was made with."""

from relhub.storage.database import Store


async def first_token(store: Store, token: bytes) -> bytes:
    """The token that was given first, which is this one when none was."""
    await store.driver.execute("INSERT INTO keys_check (token) VALUES ($1) ON CONFLICT DO NOTHING", token)
    found: bytes = await store.driver.fetchval("SELECT token FROM keys_check")
    return found


async def stored_token(store: Store) -> bytes | None:
    """The token that was given first; None when none was."""
    found: bytes | None = await store.driver.fetchval("SELECT token FROM keys_check")
    return found
