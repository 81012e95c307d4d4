"""Turns: so few statements at once that each meets a server process which has just done the like."""

import asyncio

MOST = 3  # one process of Python keeps no more of them busy: docs/adr/0018
_PATIENCE = 0.1  # seconds: nobody waits longer behind statements that take long


class Turns:
    """At most so many at once, in the order in which they came; whoever waited too long goes on beside them."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST)

    async def take(self) -> bool:
        """True when it is a turn, which is to be given back; False when the wait became too long: then there is nothing to give back."""
        if not self._free.locked():
            return await self._free.acquire()  # at once
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._free.acquire()
        except TimeoutError:
            return False

    def give_back(self, turn: bool) -> None:
        if turn:
            self._free.release()
