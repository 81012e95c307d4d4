"""Turns: so few statements at once that each meets a server process which has just done the like."""

import asyncio
from collections import deque

MOST = 3  # one process of Python keeps no more of them busy: docs/adr/0018
_PATIENCE = 0.1  # seconds: nobody waits longer behind statements that take long


class Turns:
    """At most so many at once, in the order in which they came; whoever waited too long goes on beside them.

    A semaphore and a timeout for each would cost a fiftieth of a view: here one timer watches all who wait.
    """

    def __init__(self) -> None:
        self._free = MOST
        self._waiting: deque[tuple[float, asyncio.Future[bool]]] = deque()  # until when
        self._watched = False

    async def take(self) -> bool:
        """True when it is a turn, which is to be given back; False when the wait became too long: then there is nothing to give back."""
        if self._free:
            self._free -= 1
            return True
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((loop.time() + _PATIENCE, turn))
        if not self._watched:
            self._watch()
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it came at the same moment
                self.give_back(turn.result())
            raise

    def give_back(self, turn: bool) -> None:
        """To the one who has waited longest."""
        if not turn:
            return
        while self._waiting:
            _, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(True)
                return
        self._free += 1

    def _watch(self) -> None:
        """Lets go whose time is over, and comes back for the next one."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0][0] <= loop.time():
            _, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(False)
        self._watched = bool(self._waiting)
        if self._watched:
            loop.call_at(self._waiting[0][0], self._watch)
