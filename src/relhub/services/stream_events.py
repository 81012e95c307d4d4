"""Events over a connection that stays open: the same as who asks for them gets, decided again each time, for as long as who asks may."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import orjson

from relhub.domain.access import Consumer, Refusal
from relhub.errors import RelhubError
from relhub.services.admit import Admitted
from relhub.services.asked import Asked, EventQuery
from relhub.services.follow import Place, admit_follower, cloud_event, decide_follower, read_place, write_place
from relhub.services.hub import Hub
from relhub.storage.events import Event, events_after, horizon
from relhub.storage.log import add_look

HEARTBEAT: Final = 15.0
"""Seconds after which something is sent, also when there is nothing to tell: it keeps the connection open, and the place up to date."""
_PAGE = 100
_RETRY = b"retry: 5000\n\n"
LetIn = Callable[[], Awaitable[Consumer]]
"""Who asked, as is agreed for them now. Raises what would be answered when they are not let in any more."""


class EventStream:
    """One connection. `open` refuses what has to be refused before anything is sent; `messages` goes on until it ends; `close()` when done."""

    def __init__(self, hub: Hub, asked: Asked, base: str, let_in: LetIn, seconds: int) -> None:
        self._hub, self._asked, self._base, self._let_in = hub, asked, base, let_in
        self._until = asyncio.get_running_loop().time() + seconds
        self._place: Place = (0, 0)
        self._before = 0
        self._open = contextlib.ExitStack()

    async def open(self, query: EventQuery) -> None:
        """Raises NotAllowed and InvalidInput, as for who asks for events, and TooManyRequests."""
        with contextlib.ExitStack() as opened:
            opened.enter_context(self._hub.events.following(self._hub.database, self._asked.consumer.name))
            admitted = await admit_follower(self._hub, self._asked, "event-stream")
            async with self._hub.database.begin() as store:
                self._before = await horizon(store.driver)
                place = await read_place(self._hub, store.driver, query.cursor, self._before, "header Last-Event-ID")
                self._place = place or (self._before if query.start == "now" else 0, 0)
                await add_look(store.driver, admitted.look, "shown", [], [])
            self._open = opened.pop_all()

    def close(self) -> None:
        """There is room for another."""
        self._open.close()

    async def messages(self) -> AsyncIterator[bytes]:
        """In the form of Server-Sent Events, until who asks may not follow any more, their token ends, or this process does."""
        watch, clock = self._hub.events, asyncio.get_running_loop().time
        due = 0.0  # when there is a sign of life: by the clock, as what happens that may not be seen must not show in when it comes
        yield _RETRY
        while not watch.ended and (left := self._until - clock()) > 0:
            try:
                events = await self._next()
            except RelhubError:
                return  # whoever asks again is told why
            if events:
                yield b"".join(self._message(event) for event in events)
            if len(events) < _PAGE:
                self._place = max(self._place, (self._before, 0))
                if events or clock() >= due:
                    due = clock() + HEARTBEAT
                    yield f"id: {write_place(self._hub.sealer, self._place)}\n: \n\n".encode()
                await watch.news(self._before, min(left, due - clock()))
                self._before = max(self._before, watch.horizon)

    async def _next(self) -> list[Event]:
        """The events after its place that may be told now, logged. Raises NotAllowed when none may be any more."""
        admitted = await self._decided()
        profile = admitted.profile
        key = (id(profile), self._place, self._before)

        async def read() -> list[Event]:
            async with self._hub.events.reading, self._hub.database.driver() as driver:
                return await events_after(driver, self._place, self._before, profile, _PAGE)

        events = await self._hub.events.read_once(key, read)
        if events:
            self._place = events[-1].place
            relations = sorted({event.relation_id for event in events if event.relation_id})
            async with self._hub.database.driver() as driver:
                await add_look(driver, admitted.look, "shown", relations, sorted({event.case for event in events if event.case}))
        return events

    async def _decided(self) -> Admitted:
        async with self._hub.events.reading, self._hub.database.driver() as driver:
            await self._hub.access.renew(
                driver
            )  # after the horizon: else an event before it may be of a compartment that is not known here
        asked = replace(
            self._asked,
            consumer=await self._let_in(),
            at=datetime.now(UTC),
            span_id=os.urandom(8).hex(),
            parent_span_id=self._asked.span_id,
        )
        admitted = decide_follower(self._hub, asked, "event-stream")
        if isinstance(admitted, Refusal):
            return await admit_follower(self._hub, asked, "event-stream")  # refuses, and logs that
        return admitted

    def _message(self, event: Event) -> bytes:
        said = cloud_event(self._hub, event, self._base)
        return f"id: {write_place(self._hub.sealer, event.place)}\nevent: {said['type']}\ndata: ".encode() + orjson.dumps(said) + b"\n\n"
