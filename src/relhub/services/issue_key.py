"""Issuing API keys to consumers, and taking them back."""

import os
from datetime import UTC, datetime, timedelta

from relhub.domain.api_keys import RANDOM_BYTES, api_key
from relhub.errors import NotFound
from relhub.services.hub import Hub
from relhub.storage.api_keys import ApiKey, add_api_key, api_keys, revoke_api_key


async def issue_key(hub: Hub, consumer: str, days: int, note: str) -> tuple[str, ApiKey]:
    """(the key, what is kept of it). The key itself is kept nowhere: it is shown this once."""
    now = datetime.now(UTC)
    key = api_key(os.urandom(RANDOM_BYTES))
    kept = ApiKey(f"key_{os.urandom(5).hex()}", consumer, note, now, now + timedelta(days=days), None, None)
    async with hub.database.begin() as store:
        await add_api_key(store, kept, hub.sealer.api_key(key))
    return key, kept


async def issued_keys(hub: Hub, consumer: str = "") -> list[ApiKey]:
    """All keys, or those of one consumer; the newest first."""
    async with hub.database.begin() as store:
        return await api_keys(store, consumer)


async def revoke_key(hub: Hub, id_: str) -> None:
    """From two seconds on no process accepts it. Raises NotFound."""
    async with hub.database.begin() as store:
        if not await revoke_api_key(store, id_, datetime.now(UTC)):
            raise NotFound(f"there is no key {id_}; relhub keys list shows those that there are")
