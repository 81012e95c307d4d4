"""One round of a subscription: what is due is read, logged, told, and how that went is noted."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import structlog

from relhub import metrics
from relhub.domain.subscriptions import KEEP_TRYING, silence, wait
from relhub.errors import SourceError, SourceUnavailable
from relhub.services.admit import Admitted
from relhub.services.follow import cloud_event, event_id
from relhub.services.teller import Signing, Teller, may_tell
from relhub.storage import deliveries, subscriptions
from relhub.storage.database import Driver
from relhub.storage.deliveries import Failed, Waiting
from relhub.storage.events import Event, events_after, events_among
from relhub.storage.log import add_look
from relhub.storage.subscriptions import Taken

_SECONDS_TO_SEND = 10.0
_PAGE = 100
_MOST_WAITING = 1000  # then no new events are read for this subscription until there are fewer
_LANES_AT_ONCE = 8
_NOBODY_THERE = 4
_BETWEEN_ROUNDS = timedelta(seconds=0.25)
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Batch:
    """What is told in a round: per lane, in order. `waiting`: all that waits, by event; `fresh`: those that are new; `gone`: waited, and may not be told any more."""

    lanes: dict[str, list[Event]]
    waiting: dict[int, Waiting]
    fresh: list[Event] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    place: tuple[int, int] = (0, 0)
    more: bool = False


def _due(rows: list[Waiting], now: datetime) -> list[Waiting]:
    """Those of lanes whose first one may be tried again: all, as they go in order."""
    first: dict[str, Waiting] = {}
    for row in rows:
        first.setdefault(row.lane, row)
    return [row for row in rows if first[row.lane].next_at <= now]


def _lanes(rows: list[Waiting], due: list[Waiting], events: list[Event]) -> dict[str, list[Event]]:
    """By lane, each once, but for lanes whose first one has to wait."""
    blocked = {row.lane for row in rows} - {row.lane for row in due}
    lanes: dict[str, dict[int, Event]] = {}
    for event in events:
        if event.lane not in blocked:
            lanes.setdefault(event.lane, {}).setdefault(event.id, event)
    return {lane: list(found.values()) for lane, found in lanes.items()}


@dataclass(slots=True)
class _Sent:
    """`patience`: after so many unanswered ones without any answer the rest is not tried."""

    patience: int = _NOBODY_THERE
    told: list[Event] = field(default_factory=list)
    failed: dict[Event, SourceError] = field(default_factory=dict)
    silent: int = 0

    @property
    def nobody_there(self) -> bool:
        return not self.told and self.silent >= self.patience


class Round:
    def __init__(self, teller: Teller, taken: Taken, admitted: Admitted, signing: Signing, now: datetime) -> None:
        self._teller, self._hub, self._taken, self._one = teller, teller.hub, taken, taken.subscription
        self._admitted, self._signing, self._now = admitted, signing, now

    async def run(self, before: int) -> bool:
        """Whether there is more at once. Raises DeliveryLost."""
        batch = await self._read(before)
        sent = await self._send(batch) if batch.lanes else _Sent()
        await self._keep(batch, sent)
        return batch.more and bool(sent.told)

    async def _read(self, before: int) -> _Batch:
        """What is due, logged before any of it leaves."""
        one, profile = self._one, self._admitted.profile
        async with self._teller.store, self._hub.database.driver() as driver:
            rows = await deliveries.waiting(driver, one.id, _MOST_WAITING) if self._taken.waits else []
            room = min(_PAGE, _MOST_WAITING - len(rows))
            found = await events_after(driver, one.place, before, profile, room, one.wanted) if room else []
            due = _due(rows, self._now)
            again = await events_among(driver, [row.event_id for row in due], profile, one.wanted) if due else []
            batch = _Batch(_lanes(rows, due, [*again, *found]), {row.event_id: row for row in rows})
            batch.fresh = [event for event in found if event.id not in batch.waiting]
            batch.gone = sorted({row.event_id for row in due} - {event.id for event in again})
            batch.more = len(found) == room
            batch.place = max(one.place, (before, 0)) if not batch.more else found[-1].place if found else one.place
            if batch.lanes:
                await self._note(driver, [event for events in batch.lanes.values() for event in events])
        return batch

    async def _note(self, driver: Driver, events: list[Event]) -> None:
        relations = sorted({event.relation_id for event in events if event.relation_id})
        cases = sorted({event.case for event in events if event.case})
        await add_look(driver, self._admitted.look, "shown", relations, cases)

    async def _send(self, batch: _Batch) -> _Sent:
        one = self._one  # who did not answer last time is asked once, to see whether they do
        sent, at_once = _Sent(1 if one.failures else _NOBODY_THERE), asyncio.Semaphore(1 if one.failures else _LANES_AT_ONCE)
        until = asyncio.get_running_loop().time() + _SECONDS_TO_SEND

        async def lane(events: list[Event]) -> None:
            async with at_once:
                for event in events:
                    if self._teller.stopping() or sent.nobody_there or asyncio.get_running_loop().time() > until or not self._may():
                        return
                    if not await self._tell(event, sent):
                        return  # what comes after it waits

        await asyncio.gather(*(lane(events) for events in batch.lanes.values()))
        return sent

    def _may(self) -> bool:
        """Whether what was read may still be told: not when the rules were replaced meanwhile, by which it is read again."""
        now = may_tell(self._teller, self._one, datetime.now(UTC))
        return isinstance(now, Admitted) and now.profile.activity is self._admitted.profile.activity

    async def _tell(self, event: Event, sent: _Sent) -> bool:
        body = orjson.dumps(cloud_event(self._hub, event, self._one.base))
        try:
            await self._teller.post(self._one.callback, body, self._signing.headers(event_id(self._hub, event.id), body))
        except SourceError as error:
            sent.failed[event] = error
            sent.silent += isinstance(error, SourceUnavailable)
            return False
        sent.told.append(event)
        metrics.delivery_lag.observe((datetime.now(UTC) - event.at).total_seconds())
        return True

    async def _keep(self, batch: _Batch, sent: _Sent) -> None:
        """How it went, all at once; nothing of it when the subscription is not this process's any more."""
        now, one = datetime.now(UTC), self._one
        tried = {event.id for event in (*sent.told, *sent.failed)}
        behind = [event for event in batch.fresh if event.id not in tried]
        done = [id_ for id_ in (*batch.gone, *(event.id for event in sent.told)) if id_ in batch.waiting]
        failed = {event: self._failed(batch, event, error, now) for event, error in sent.failed.items()}
        changes = self._changes(batch, sent, now)
        async with self._teller.store:
            if not (behind or done or failed):
                async with self._hub.database.driver() as driver:
                    await subscriptions.end_round(driver, one, changes)
            else:
                async with self._hub.database.begin() as store:
                    await subscriptions.end_round(store.driver, one, changes)
                    await deliveries.done_with(store, one.id, done)
                    await deliveries.keep_failed(store, one.id, failed, now)
                    await deliveries.keep_behind(store, one.id, behind, now)
                    if sent.told and one.failures:
                        await deliveries.try_all_now(store, one.id, now)
        self._count(sent, failed)

    def _failed(self, batch: _Batch, event: Event, error: SourceError, now: datetime) -> Failed:
        before = batch.waiting.get(event.id)
        held = before is not None and now - before.first_at >= KEEP_TRYING
        attempts = before.attempts + 1 if before else 1
        return Failed(error.reason, now + wait(attempts, random.random()), held)

    def _changes(self, batch: _Batch, sent: _Sent, now: datetime) -> dict[str, Any]:
        one, (transaction, event) = self._one, batch.place
        changes: dict[str, Any] = {"transaction": transaction, "event": event, "next_at": now + _BETWEEN_ROUNDS}
        if self._taken.missed:
            changes["missed_at"] = now
        if sent.told:
            changes |= {"last_told_at": now, "failures": 0, "failing_since": None, "trouble": ""}
        elif sent.failed:
            failures = one.failures + 1 if sent.silent else 0
            reason = next(iter(sent.failed.values())).reason
            changes |= {"failures": failures, "failing_since": one.failing_since or now, "trouble": reason}
            if failures:
                changes["next_at"] = now + silence(failures, random.random())
        elif one.failing_since and not one.failures and not batch.waiting:  # it was put off, and may be told again
            changes |= {"failing_since": None, "trouble": ""}
        return changes

    def _count(self, sent: _Sent, failed: Mapping[Event, Failed]) -> None:
        held = sum(one.held for one in failed.values())
        metrics.deliveries.labels("told").inc(len(sent.told))
        metrics.deliveries.labels("failed").inc(len(failed) - held)
        if held:
            metrics.deliveries.labels("held").inc(held)
            log.warning("deliveries are held, after three days", subscription=self._one.id, held=held)
