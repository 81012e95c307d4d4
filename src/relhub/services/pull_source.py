"""Pulling one source: page by page, each page whole or not at all, from where the last pull got to."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson
import structlog

from relhub import metrics, tracing
from relhub.adapters import Page
from relhub.errors import DatabaseUnusable, PullLost, PullRefused, RelhubError, SealLost, SourceError, SourceRefused, SourceUnavailable
from relhub.logs import places
from relhub.services.collect_seldom import hardly_collecting
from relhub.services.expire_sets import marks_of
from relhub.services.hub import Hub
from relhub.services.look_ahead import PageAhead, changed, look_ahead, one_ahead
from relhub.services.own_look import COMMAND_LINE, own_look
from relhub.services.read_sets import Encoded, encode, forget, not_older, read_sets, save
from relhub.storage import documents, pulls, sources
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.pulls import Pull
from relhub.storage.purges import forget_gone
from relhub.storage.sources import SourceState

OnProgress = Callable[[int, int | None], None]
_MOST_TO_VANISH = 5  # fewer documents of a kind may all be withdrawn
_MOST_ATTEMPTS = 20  # by then it is not the processes that are at fault
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class PullReport:
    """What a pull met. `documents` that were sent, of which `changed`; `gone`: cases that are no longer there; `stopped`: before its end."""

    source: str
    documents: int = 0
    changed: int = 0
    quarantined: int = 0
    gone: int = 0
    seconds: float = 0.0
    stopped: bool = False

    @property
    def unchanged(self) -> int:
        return self.documents - self.changed


async def pull_source(hub: Hub, name: str, on_progress: OnProgress | None = None, *, accept_loss: bool = False) -> PullReport:
    """Pulls one source to its end, or goes on where an interrupted pull stopped; a pull that was asked for and waits is this one.

    Raises SourceUnavailable or SourceRefused, noted in the source's state; PullRefused when the source lost more than its
    `expect` allows (unless `accept_loss`), or is being pulled already; PullLost when another process took over.
    """
    async with _alone(hub, name) as alone:
        if not alone:
            raise PullRefused(f"{name}: is being pulled by another process; wait for it to end")
        at = datetime.now(UTC)
        async with hub.database.begin() as store:
            await pulls.ask(store, name, COMMAND_LINE, at, accept_loss=accept_loss)
            await add_look(store.driver, own_look(hub, "run-pull"), "asked", [], [name])
            pull = await pulls.take(store, name, at, accept_loss=accept_loss)
        assert pull is not None  # just asked, and nobody else may take it
        return await _run(hub, pull, on_progress)


async def pull_waiting(hub: Hub, name: str, stopping: Callable[[], bool]) -> PullReport | None:
    """The same for the open pull of this source, if there is one and no living process is at it; None otherwise.

    When `stopping` says so it stops after the page that it is at, and leaves the rest to another process.
    """
    async with _alone(hub, name) as alone:
        if not alone:
            return None
        async with hub.database.begin() as store:
            pull = await pulls.take(store, name, datetime.now(UTC))
        return await _run(hub, pull, stopping=stopping) if pull else None


def _alone(hub: Hub, name: str) -> AbstractAsyncContextManager[bool]:
    return hub.database.sole(f"relhub pull {name}")


async def _run(hub: Hub, pull: Pull, on_progress: OnProgress | None = None, stopping: Callable[[], bool] = lambda: False) -> PullReport:
    begun = monotonic()
    try:
        if pull.attempt > _MOST_ATTEMPTS:
            raise PullRefused(f"{pull.source}: {_MOST_ATTEMPTS} processes began this pull and none came to its end; see their logs")
        with structlog.contextvars.bound_contextvars(pull=pull.id), hardly_collecting():
            report = await _Pull(hub, pull, on_progress, stopping).run()
    except (SourceError, PullRefused) as error:
        await _note_failure(
            hub, pull, str(error), answers=not isinstance(error, SourceUnavailable), start_over=not isinstance(error, SourceUnavailable)
        )
        _measure(pull.source, "failed", monotonic() - begun)
        raise
    except (PullLost, DatabaseUnusable):
        raise  # nothing more to be written
    except SealLost as error:  # no fault of the source, and no bug
        await _note_failure(hub, pull, str(error), answers=True, start_over=False)
        _measure(pull.source, "failed", monotonic() - begun)
        raise SourceRefused(pull.source, str(error)) from error
    except Exception as error:  # a bug: whatever it is, the next worker would meet it too, and it may not stop other sources
        log.error("unexpected error", source=pull.source, error=type(error).__name__, places=places(error))
        met = SourceRefused(pull.source, f"unexpected error ({type(error).__name__}) in relhub itself; the log says where")
        await _note_failure(hub, pull, str(met), answers=True, start_over=True)
        _measure(pull.source, "failed", monotonic() - begun)
        raise met from error
    _measure(pull.source, "stopped" if report.stopped else "done", monotonic() - begun)
    return report


def _measure(source: str, outcome: str, seconds: float) -> None:
    metrics.pulled(source, outcome, seconds)
    tracing.pulled(source, outcome, seconds)


async def _note_failure(hub: Hub, pull: Pull, reason: str, *, answers: bool, start_over: bool) -> None:
    at = datetime.now(UTC)
    async with hub.database.begin() as store:
        await pulls.end(store, pull, at, error=reason)
        await sources.note_failure(store, pull.source, at, reason, answers=answers, start_over=start_over)


@dataclass
class _Pull:
    hub: Hub
    pull: Pull
    on_progress: OnProgress | None
    stopping: Callable[[], bool]
    number: int = 0
    seen: int = 0
    checked: bool = False
    report: PullReport = field(init=False)

    @property
    def name(self) -> str:
        return self.pull.source

    async def run(self) -> PullReport:
        begun = monotonic()
        self.report = PullReport(self.name)
        async with self.hub.database.begin() as store:
            state = await sources.begin_attempt(store, self.name, datetime.now(UTC))
            self.number = state.complete_pulls + 1
            if state.cursor is not None:
                _, self.seen = await documents.pull_counts(store, self.name, self.number)
        async with aclosing(one_ahead(self._pages(_usable(state, self.hub.adapters[self.name].mapping_version)))) as pages:
            async for ahead in pages:
                await self._page(ahead)
                if self.stopping():
                    self.report.stopped = True
                    break
        await self._finish()
        self.report.seconds = monotonic() - begun
        log.info("pulled", **{name: getattr(self.report, name) for name in PullReport.__slots__})
        return self.report

    async def _pages(self, cursor: dict[str, Any] | None) -> AsyncGenerator[PageAhead]:
        asked = datetime.now(UTC)
        async for page in self.hub.adapters[self.name].pull(cursor):
            yield await look_ahead(self.hub, self.name, page, asked)
            asked = datetime.now(UTC)

    async def _page(self, ahead: PageAhead) -> None:
        """One page, all in one transaction, which waits for no source: the page is at hand with all that belongs to it."""
        page = ahead.page
        if page.closing and page.expected is not None and not self.checked:
            await self._refuse_shrunk(page.expected)
        found = await self._commit(ahead)
        self.report.documents += len(page.documents)
        self.report.changed += found
        metrics.page_pulled(self.name, len(page.documents), found)
        if self.on_progress:
            self.on_progress(self.seen, page.expected)

    async def _commit(self, ahead: PageAhead) -> int:
        """Returns how many documents had changed."""
        page, adapter, at = ahead.page, self.hub.adapters[self.name], datetime.now(UTC)
        seen, aside = self.seen + (len(page.documents) if page.closing else 0), self.report.quarantined
        async with self.hub.database.begin() as store:
            await store.lock_resolve()
            found = await changed(
                store, self.hub, self.name, ahead
            )  # again: the page before, or a look at one case, may have kept some of it
            fresh = await not_older(store, self.name, [*(item.document for item in ahead.encoded.values()), *ahead.extra], ahead.asked)
            to_read = await self._keep(store, ahead, found, {document.id for document in fresh})
            if not page.closing:
                await documents.mark_unread(store, self.name, to_read)
            elif to_read:
                self.report.quarantined += await read_sets(store, self.hub, self.name, to_read, fresh, at, ahead.readings)
            await self._set_aside(store, page, at)
            await documents.mark_seen(store, self.name, list(ahead.encoded), self.number)
            await marks_of(self.hub, self.name).mark_seen(store, ahead.tokens.values(), self.number)
            await sources.save_cursor(store, self.name, page.cursor, adapter.mapping_version, page.expected)
            aside = self.report.quarantined - aside
            await pulls.add_page(store, self.pull, len(page.documents), len(found), aside, seen, page.expected)
        self.seen = seen
        return len(found)

    async def _keep(self, store: Store, ahead: PageAhead, found: Sequence[Encoded], fresh: Collection[str]) -> set[str]:
        """Keeps what changed and is not older than what is kept. Returns the sets that are to be read."""
        kept = [item for item in found if item.document.id in fresh]
        version = self.hub.adapters[self.name].mapping_version
        changed_sets = {item.document.set_key for item in kept}  # not of what was purged, or kept, since the page was read ahead
        more = [encode(document, version) for document in ahead.extra if document.id in fresh and document.set_key in changed_sets]
        await save(store, self.hub, self.name, kept + more, self.number, ahead.asked)
        sets = [document.set_key for document in ahead.page.documents]
        unread = await documents.unread_among(store, self.name, sets) if ahead.page.closing else set()
        return changed_sets | unread

    async def _set_aside(self, store: Any, page: Page, at: datetime) -> None:
        """What could not even be cut into documents."""
        rejected = {
            id_ or f"unnamed {orjson.dumps(page.cursor).decode()} {n}": (reason, orjson.dumps(body))
            for n, (id_, reason, body) in enumerate(page.rejected)
        }
        if rejected:
            await documents.set_aside(store, self.name, rejected, self.hub.adapters[self.name].mapping_version, at, self.hub.sealer)
            self.report.quarantined += len(rejected)

    async def _refuse_shrunk(self, expected: int) -> None:
        """Before anything is read: the source itself says that it has lost too much."""
        self.checked = True
        async with self.hub.database.begin() as store:
            known, _ = await documents.pull_counts(store, self.name, self.number)
        self._refuse_loss(known, expected)

    async def _finish(self) -> None:
        at = datetime.now(UTC)
        if self.report.stopped:
            async with self.hub.database.begin() as store:
                await pulls.give_back(store, self.pull)
            return
        async with self.hub.database.begin() as store:
            await store.lock_resolve()
            known, seen = await documents.pull_counts(store, self.name, self.number)
            self._refuse_loss(known, seen)
            await self._refuse_vanished(store)
            ids, set_keys = await documents.gone_documents(store, self.name, self.number, pulls=1 if self.pull.accept_loss else 2)
            if ids:
                await forget(store, self.hub, self.name, ids, set_keys, at)
            await forget_gone(store, self.name, self.number, pulls=1 if self.pull.accept_loss else 2)
            await documents.forget_unnamed(store, self.name, self.pull.started_at or at)
            self.report.gone = len(set_keys)
            await sources.finish_pull(store, self.name, at)
            await pulls.end(store, self.pull, at, gone=len(set_keys))

    async def _refuse_vanished(self, store: Store) -> None:
        """A kind of document of which nothing at all comes any more: a right that was taken away looks like that."""
        vanished = await documents.vanished_kinds(store, self.name, self.number, at_least=_MOST_TO_VANISH)
        if vanished and not self.pull.accept_loss:
            raise PullRefused(
                f"{self.name}: nothing comes any more of {', '.join(vanished)}; nothing was removed. Check what this client may see; "
                "if this is right, pull once with --accept-loss"
            )

    def _refuse_loss(self, known: int, present: int) -> None:
        expect = self.hub.sources[self.name].expect
        if self.pull.accept_loss:
            return
        if present < expect.minimum:
            raise PullRefused(f"{self.name}: {present} cases where its source file expects at least {expect.minimum}; nothing was removed")
        if known and known - present > expect.max_loss * known:
            raise PullRefused(
                f"{self.name}: {known - present} of {known} cases are no longer there, more than its source file allows (expect.max_loss); "
                "nothing was removed. If this is right, pull once with --accept-loss"
            )


def _usable(state: SourceState, mapping_version: str) -> dict[str, Any] | None:
    """The cursor to go on from; none when the source file changed since, and with it perhaps the way of paging."""
    return state.cursor if state.mapping_version.startswith(mapping_version) else None


async def pull_all(
    hub: Hub, on_progress: Callable[[str, int, int | None], None] | None = None
) -> tuple[list[PullReport], list[RelhubError]]:
    """Pulls every source, one after the other, so that the same town gives the same ids. A source that fails stops no other."""
    reports: list[PullReport] = []
    failures: list[RelhubError] = []
    for name in sorted(hub.sources):

        def progress(done: int, expected: int | None, name: str = name) -> None:
            if on_progress:
                on_progress(name, done, expected)

        try:
            reports.append(await pull_source(hub, name, progress))
        except (SourceError, PullRefused) as error:
            failures.append(error)
    return reports, failures
