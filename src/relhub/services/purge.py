"""Removing what is over time, and everything that was computed from it: in batches, each a transaction of its own."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from relhub.domain.retention import Age, all_over_time
from relhub.errors import PurgeRefused
from relhub.services.expire_sets import expire_sets
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers
from relhub.services.own_look import own_look
from relhub.services.schedule_pulls import forget_old
from relhub.storage import purges
from relhub.storage.alerts import forget_dismissals
from relhub.storage.console_sessions import forget_sessions
from relhub.storage.database import Store
from relhub.storage.entries import forget_entries
from relhub.storage.former_parties import Forgotten, forget_parties, former_parties
from relhub.storage.log import add_look
from relhub.storage.relation_managers import forget_managers
from relhub.storage.subject_requests import forget_requests
from relhub.storage.subscriptions import end_with_the_left, forget_expired, forget_former_secrets, forget_gone, note_gone, owners

_BATCH = 200  # cases in one transaction: a pull waits for no more than that
_ROWS = 5000  # of what hangs together with nothing else
_EVERY = timedelta(days=1)

Stopping = Callable[[], bool]


@dataclass(slots=True)
class Purged:
    """What went (or would go). `cases`: by (source, kind). `ids`: that lead nowhere any more. `stopped`: before the end."""

    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    stopped: bool = False

    def lines(self) -> list[str]:
        """What went, for people and for the log: counts, and nobody's id."""
        cases = [f"{source} {kind}: {number} cases" for (source, kind), number in sorted(self.cases.items())]
        return cases + [f"{what}: {number}" for what, number in sorted(self.counts.items()) if number]


async def purge(
    hub: Hub,
    consumers: KnownConsumers | None = None,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    batch: int = _BATCH,
    stopping: Stopping = lambda: False,
) -> Purged:
    """Removes what is over time. Broken off, what is done is done, and the next time goes on with the rest.

    `dry_run`: does the same in one transaction that is not kept, so that it says exactly what would go; pulls wait for it meanwhile.
    `consumers`: by whom it is known whose subscriptions are of nobody any more. Raises PurgeRefused while another process is at it.
    """
    async with hub.database.sole("relhub purge") as alone:
        if not alone:
            raise PurgeRefused("another process is purging; wait for it to end")
        work = _Purge(hub, consumers, now or datetime.now(UTC), batch, stopping)
        if dry_run:
            await work.try_out()
        else:
            await work.run()
        return work.found


async def purge_when_due(hub: Hub, consumers: KnownConsumers, now: datetime, stopping: Stopping) -> Purged | None:
    """Once a day, by one of all workers; None when it is not the time, or another is at it."""
    async with hub.database.begin() as store:
        last = await purges.purged_at(store)
    if last is not None and now - last < _EVERY:
        return None
    try:
        return await purge(hub, consumers, now=now, stopping=stopping)
    except PurgeRefused:
        return None


class _NotKept(Exception):
    """Ends a transaction that is not to be kept."""


@dataclass(slots=True)
class _Purge:
    hub: Hub
    consumers: KnownConsumers | None
    now: datetime
    batch: int
    stopping: Stopping
    found: Purged = field(default_factory=Purged)
    only: Store | None = None  # the transaction of a dry run

    async def try_out(self) -> None:
        try:
            async with self.hub.database.begin() as store:
                await store.lock_resolve()
                self.only = store
                await self._all()
                raise _NotKept
        except _NotKept:
            pass

    async def run(self) -> None:
        await self._all()
        await forget_old(self.hub, self.now)
        if not self.found.stopped:
            async with self.hub.database.begin() as store:
                await purges.note_purged(store, self.now)
                await add_look(store.driver, own_look(self.hub, "purge"), "done", [], self.found.lines())

    async def _all(self) -> None:
        async with self._transaction() as store:
            sources = await purges.sources_with_cases(store)
        for source in sources:
            await self._source(source)
        for duty in (self._former, self._events, self._notices, self._requests, self._entries, self._managers, self._spent, self._gone):
            while not self._stopped() and await duty():
                pass

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Store]:
        if self.only:
            yield self.only
            return
        async with self.hub.database.begin() as store:
            await store.lock_resolve()
            yield store

    def _stopped(self) -> bool:
        self.found.stopped = self.found.stopped or self.stopping()
        return self.found.stopped

    async def _source(self, source: str) -> None:
        after: int | None = 0
        while after is not None and not self._stopped():
            batch, counts = Counter[tuple[str, str]](), Counter[str]()
            async with self._transaction() as store:
                after = await self._cases(store, source, after, batch, counts)
                if batch and not self.only:
                    lines = Purged(batch, counts).lines()
                    await add_look(store.driver, own_look(self.hub, "purge"), "removed", [], lines)
            self.found.cases += batch
            self.found.counts += counts

    async def _cases(self, store: Store, source: str, after: int, cases: Counter[tuple[str, str]], counts: Counter[str]) -> int | None:
        """One batch; returns where the next begins, or None after the last."""
        closed = await purges.closed_cases(store, source, after, self.batch)
        if not closed:
            return None
        sets: dict[str, list[Age]] = {}
        for case in await purges.cases_of_sets(store, source, {case.set_key for case in closed}):
            sets.setdefault(case.set_key, []).append(case.age)
        config = self.hub.sources.get(source)
        rules = config.retention_rules if config else ()
        over = {set_key: found for set_key, found in sets.items() if all_over_time(rules, found, self.now)}
        if over:
            expired = await expire_sets(store, self.hub, source, over, self.now)
            cases.update((source, age.kind) for found in over.values() for age in found)
            counts.update({"documents": expired.documents, "party records": expired.parties, **_counted(expired.forgotten)})
        return closed[-1].id

    async def _former(self) -> bool:
        async with self._transaction() as store:
            names = await former_parties(store, self.now - self.hub.keep.former, _ROWS)
            if names:
                self.found.counts.update(_counted(await forget_parties(store, names)))
        return bool(names)

    async def _events(self) -> bool:
        async with self._transaction() as store:
            number = await purges.trim_events(store, self.now - self.hub.keep.events, _ROWS)
        self.found.counts["events"] += number
        return number > 0

    async def _notices(self) -> bool:
        async with self._transaction() as store:
            self.found.counts["notices"] += await purges.forget_notices(store, self.now - self.hub.keep.notices)
        return False

    async def _requests(self) -> bool:
        async with self._transaction() as store:
            self.found.counts["requests of subjects"] += await forget_requests(store, self.now - self.hub.keep.requests)
        return False

    async def _entries(self) -> bool:
        async with self._transaction() as store:
            self.found.counts["entries"] += await forget_entries(store, self.now - self.hub.keep.entries, self.now.date())
            self.found.counts["dismissed alerts"] += await forget_dismissals(store, self.now - self.hub.keep.entries)
        return False

    async def _managers(self) -> bool:
        async with self._transaction() as store:
            self.found.counts["relation managers"] += await forget_managers(store, self.now - self.hub.keep.managers)
        return False

    async def _spent(self) -> bool:
        """What opens nothing any more."""
        async with self._transaction() as store:
            self.found.counts["sessions that ended"] += await forget_sessions(store, self.now)
            await end_with_the_left(store)
            self.found.counts["subscriptions that ended"] += await forget_expired(store, self.now - self.hub.keep.events)
            self.found.counts["secrets that were replaced"] += await forget_former_secrets(store, self.now)
        return False

    async def _gone(self) -> bool:
        """Subscriptions of nobody any more: kept as long as what they were not told, as a file may be wrong for a day."""
        if self.consumers:
            async with self._transaction() as store:
                gone = [(name, organisation, department) for name, organisation, department in await owners(store)
                        if self.consumers.as_agreed(name, organisation, department, ()) is None]  # fmt: skip
                await note_gone(store, gone, self.now)
                self.found.counts["subscriptions of nobody any more"] += await forget_gone(store, self.now - self.hub.keep.events)
        return False


def _counted(forgotten: Forgotten) -> dict[str, int]:
    return {"parties": forgotten.parties, "decisions": forgotten.decisions, "ids that lead nowhere any more": forgotten.ids}
