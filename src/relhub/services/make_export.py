"""Making the exports that were asked for: by one process at a time, decided again with the rules in force, whole or not at all."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from relhub import metrics
from relhub.config.consumers import Agreed, load_consumers
from relhub.domain.access import Consumer
from relhub.errors import DatabaseUnusable, ExportLost, ExportStopped, NotAllowed, NotFound, Restricted, SourceError
from relhub.logs import places
from relhub.services.admit import Admitted
from relhub.services.ask_export import admit_export
from relhub.services.asked import Asked
from relhub.services.gather_export import Gathered, Gathering
from relhub.services.hub import Hub
from relhub.services.look import look_with
from relhub.services.show_numbers import with_numbers
from relhub.storage import exports
from relhub.storage.exports import Export
from relhub.storage.sealed_columns import about_export

_AT_HAND = 20  # open exports that are looked at for one that no living process is at
_MOST_ATTEMPTS = 20  # by then it is not the processes that are at fault
_SOURCE_WAIT = timedelta(minutes=1)
_UNKNOWN = "The application that asked is no longer known here, or no longer for this organisation and department."
_TOO_LATE = "It could not be made in time after the official asked for it. Ask for a new export."
_NOBODY_ENDS = "Many processes began it and none came to its end; the administrator of relhub must look at their logs."
_SOURCE_SILENT = "The case that is the occasion could not be verified, as its source did not answer. Ask for a new export later."
_BUG = "Something went wrong in relhub itself. Report the id of this export to the administrator of relhub."
log = structlog.get_logger(__name__)

Stopping = Callable[[], bool]


class KnownConsumers:
    """The consumers file, for a process that decides again for one that asked before."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError."""
        self._path = path
        self.read()

    def read(self) -> None:
        """The file, again. Raises ConfigurationError, and what was agreed before then stays in force."""
        self.by_name: Mapping[str, Agreed] = load_consumers(self._path).by_name

    def as_agreed(self, name: str, organisation: str, department: str, roles: Sequence[str]) -> Consumer | None:
        """The consumer as it was when it asked (its token may have narrowed it), within what is agreed for it now."""
        agreed = self.by_name.get(name)
        if agreed is None or agreed.consumer.organisation != organisation:
            return None
        if department not in {agreed.consumer.department, *agreed.departments}:
            return None
        return replace(agreed.consumer, department=department, roles=agreed.consumer.roles & frozenset(roles))


async def make_waiting_export(hub: Hub, consumers: KnownConsumers, stopping: Stopping) -> bool:
    """Makes the longest waiting export that no living process is at; whether there was one. However it ends is noted in it.

    When `stopping` says so it leaves it to another process, which begins again.
    """
    async with hub.database.begin() as store:
        waiting = await exports.open_exports(store, datetime.now(UTC), _AT_HAND)
    for id_ in waiting:
        async with hub.database.sole(f"relhub export {id_}") as alone:
            if not alone:
                continue
            async with hub.database.begin() as store:
                export = await exports.take(store, id_, datetime.now(UTC))
            if export:
                await _make(hub, consumers, export, stopping)
                return True
    return False


async def empty_expired_exports(hub: Hub) -> None:
    """What has expired is deleted."""
    async with hub.database.begin() as store:
        await exports.empty_expired(store, datetime.now(UTC))


async def _make(hub: Hub, consumers: KnownConsumers, export: Export, stopping: Stopping) -> None:
    try:
        if export.attempt > _MOST_ATTEMPTS:
            await _fail(hub, export, _NOBODY_ENDS)
            return
        if export.asker.official and datetime.now(UTC) - export.asked_at > hub.keep.exports:
            await _fail(hub, export, _TOO_LATE)  # whether they may still is not known any more
            return
        admitted = await _decide(hub, consumers, export)
        gathered = await look_with(hub, admitted, lambda: _gather(hub, admitted, export, stopping))
        await _finish(hub, export, gathered)
    except (NotAllowed, NotFound, Restricted) as error:
        await _fail(hub, export, str(error))
    except SourceError:
        await (_fail(hub, export, _SOURCE_SILENT) if export.attempt == _MOST_ATTEMPTS else _give_back(hub, export, _SOURCE_WAIT))
    except ExportStopped:
        await _give_back(hub, export, timedelta())
    except (DatabaseUnusable, ExportLost):
        raise  # nothing more to be written
    except Exception as error:  # a bug: the next worker would meet it too, and its text may hold what is known of somebody
        log.error("export failed", export=export.id, error=type(error).__name__, places=places(error))
        await _fail(hub, export, _BUG)


async def _decide(hub: Hub, consumers: KnownConsumers, export: Export) -> Admitted:
    """What may be seen now by who asked then. Raises NotAllowed."""
    asker = export.asker
    consumer = consumers.as_agreed(asker.consumer, asker.organisation, asker.department, asker.roles)
    if consumer is None:
        raise NotAllowed(_UNKNOWN)
    span, now = os.urandom(8).hex(), datetime.now(UTC)
    asked = Asked(consumer, asker.official, asker.activity, asker.occasion, asker.trace_id, now, span, asker.span_id)
    return with_numbers(await admit_export(hub, asked, "export"))


async def _gather(hub: Hub, admitted: Admitted, export: Export, stopping: Stopping) -> Gathered:
    """All of it in one transaction: what is kept and the rows of the log are there together, or not at all."""
    pieces = steps = 0

    async def keep(section: str, plain: bytes) -> None:
        nonlocal pieces
        if stopping():
            raise ExportStopped
        await exports.add_part(store, export, pieces, section, hub.sealer.seal(plain, about_export(export.id, export.attempt, pieces)))
        pieces += 1

    async def stepped() -> None:
        nonlocal steps
        steps += 1
        async with hub.database.begin() as beside:  # to be seen before the rest is done
            await exports.note_steps(beside, export, steps)

    async with hub.database.begin() as store:
        await store.freeze()
        return await Gathering(hub, admitted, store, export.id, keep, stepped).run(export.relation_id)


async def _finish(hub: Hub, export: Export, gathered: Gathered) -> None:
    now = datetime.now(UTC)
    async with hub.database.begin() as store:
        await exports.finish(store, export, gathered.relation_id, gathered.records, now, now + hub.keep.exports)
    metrics.exports.labels("done").inc()
    log.info("exported", export=export.id, seconds=round((now - export.asked_at).total_seconds(), 1))


async def _fail(hub: Hub, export: Export, reason: str) -> None:
    async with hub.database.begin() as store:
        await exports.fail(store, export, datetime.now(UTC), reason)
    metrics.exports.labels("failed").inc()
    log.warning("export failed", export=export.id, reason=reason)


async def _give_back(hub: Hub, export: Export, wait: timedelta) -> None:
    async with hub.database.begin() as store:
        await exports.give_back(store, export, datetime.now(UTC) + wait)
