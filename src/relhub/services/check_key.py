"""Checking an API key without asking the database each time: the keys in force are kept, and read again when they are two seconds old."""

import asyncio
import time
from datetime import UTC, date, datetime
from typing import Final

from relhub.domain.api_keys import is_api_key
from relhub.services.hub import Hub
from relhub.storage.api_keys import keys_in_force, note_use
from relhub.storage.database import Driver

FRESH: Final = 2.0  # seconds: so long a revoked key may still be accepted, and a new one not yet


class KeysInForce:
    """A guess costs no look at the database, and an idle process asks nothing."""

    def __init__(self) -> None:
        self._keys: dict[bytes, tuple[str, str, float]] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._used: dict[str, date] = {}
        self._noted: dict[str, date] = {}

    async def consumer(self, hub: Hub, key: str) -> str | None:
        """The name of the consumer that this key was issued to; None when it is not in force. Raises DatabaseUnusable."""
        if time.monotonic() - self._read_at > FRESH:
            if not is_api_key(key):
                return None
            await self._read(hub)
        found = self._keys.get(hub.sealer.api_key(key))
        if found is None or found[2] <= time.time():
            return None
        self._used[found[0]] = datetime.now(UTC).date()
        return found[1]

    async def _read(self, hub: Hub) -> None:
        async with self._reading:
            if time.monotonic() - self._read_at <= FRESH:
                return
            at = time.monotonic()
            async with hub.database.driver() as driver:
                rows = await keys_in_force(driver)
                await self._note(driver)
            self._keys = {digest: (id_, consumer, expires.timestamp()) for digest, id_, consumer, expires in rows}
            self._read_at = at

    async def _note(self, driver: Driver) -> None:
        """Once per key and day."""
        new = {id_: day for id_, day in self._used.items() if self._noted.get(id_) != day}
        for day in set(new.values()):
            await note_use(driver, [id_ for id_, used in new.items() if used == day], day)
        self._noted |= new
        self._used = {id_: day for id_, day in self._used.items() if id_ not in new}
