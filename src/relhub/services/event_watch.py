"""Knowing when there may be something new, for all who follow with an open connection: one reader per process, not one per connection."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Final

import structlog

from relhub.errors import DatabaseUnusable, TooManyRequests
from relhub.logs import places
from relhub.storage.database import Database
from relhub.storage.events import Event, is_news

MOST: Final = 5
"""Connections of one consumer to one process."""
_SECONDS_BETWEEN = 0.25
_RETRY_AFTER = 30
log = structlog.get_logger(__name__)


class EventWatch:
    """Asks the database nothing while nobody follows."""

    def __init__(self) -> None:
        self.horizon = self.latest = 0  # `latest`: where it was when something new was found
        self.ended = False
        self.reading = asyncio.Semaphore(2)
        """Of those who follow no more than this ask the database at once: the other connections are for looking."""
        self._followers: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Event()
        self._reads: dict[Hashable, asyncio.Task[list[Event]]] = {}

    @contextlib.contextmanager
    def following(self, database: Database, consumer: str) -> Iterator[None]:
        """One more connection of this consumer, until the block ends. Raises TooManyRequests when it has as many as it may."""
        if self._followers[consumer] >= MOST:
            raise TooManyRequests(f"Your application has {MOST} connections open here already; close one first.", _RETRY_AFTER)
        self._followers[consumer] += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch(database))
        try:
            yield
        finally:
            self._followers[consumer] -= 1
            if self._task and not self._followers.total():
                self._task.cancel()
                self._task = None

    def end(self) -> None:
        """This process ends: whoever follows is told so."""
        self.ended = True
        self._turn.set()

    async def news(self, since: int, seconds: float) -> None:
        """Until there is something new since this horizon, this process ends, or so many seconds are over."""
        if self.latest > since or self.ended:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._turn.wait(), seconds)

    async def read_once(self, key: Hashable, read: Callable[[], Awaitable[list[Event]]]) -> list[Event]:
        """What `read` gives; those who ask the same at the same time get the same answer."""
        task = self._reads.get(key)
        if task is None:
            task = self._reads[key] = asyncio.ensure_future(read())
            task.add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(task)

    async def _watch(self, database: Database) -> None:
        while True:
            try:
                async with database.driver() as driver:
                    horizon, news = await is_news(driver, self.horizon)
                self.horizon = horizon
                if news:
                    self.latest = horizon
                    self._wake()
            except DatabaseUnusable:
                pass  # who follows finds that out by themselves
            except Exception as error:  # a bug: it must not end the watch
                log.error("events are not watched", error=type(error).__name__, places=places(error))
            await asyncio.sleep(_SECONDS_BETWEEN)

    def _wake(self) -> None:
        self._turn.set()
        self._turn = asyncio.Event()
