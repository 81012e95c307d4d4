"""Part of `relhub worker`: tells subscribers of what changed. Any number of processes; each subscription is told by one at a time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog

from relhub.adapters.subscriber import Subscribers
from relhub.errors import DatabaseUnusable
from relhub.logs import places
from relhub.services.deliver import take_due, tell
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.teller import Teller
from relhub.storage.subscriptions import Taken

_AT_ONCE = 100  # subscriptions: one that hangs keeps its place for seconds, and only now and then
_SECONDS_BETWEEN = 0.25
log = structlog.get_logger(__name__)


class Deliverer:
    """The loop. What is to be told, and how far that is, is in the database."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._rounds: set[asyncio.Task[None]] = set()
        self._again = asyncio.Event()

    async def run(self) -> None:
        """Until the process is to end; rounds that are under way then end after what they are sending."""
        lost = False
        while not self._teller.stopping():
            try:
                await self._look()
                lost = False
            except DatabaseUnusable as error:
                if not lost:
                    log.warning("telling subscribers waits for the database", reason=str(error))
                lost = True
            except Exception as error:  # a bug: whatever else the worker does goes on, and the metrics say that this waits
                log.error("subscribers are not told", error=type(error).__name__, places=places(error))
            self._again.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._again.wait(), _SECONDS_BETWEEN)
        await asyncio.gather(*self._rounds)

    async def _look(self) -> None:
        room = _AT_ONCE - len(self._rounds)
        if room <= 0:
            return
        taken, horizon = await take_due(self._teller.hub, room)
        for one in taken:
            task = asyncio.create_task(self._round(one, horizon))
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)

    async def _round(self, taken: Taken, horizon: int) -> None:
        """Nothing leaves here: whatever goes wrong with one subscription, the others are told."""
        try:
            if await tell(self._teller, taken, horizon):
                self._again.set()
        except DatabaseUnusable as error:
            log.warning("telling broken off, to be done again", subscription=taken.subscription.id, reason=str(error))
        except Exception as error:  # a bug: tried again when this process's time with it is over
            log.error("a subscriber is not told", subscription=taken.subscription.id, error=type(error).__name__, places=places(error))


@contextlib.asynccontextmanager
async def delivering(hub: Hub, consumers: KnownConsumers, stopping: Callable[[], bool]) -> AsyncIterator[Deliverer]:
    """With its connections, until the block ends."""
    subscribers = Subscribers(hub.callbacks)
    try:
        yield Deliverer(Teller(hub, consumers, subscribers.post, stopping))
    finally:
        await subscribers.close()
