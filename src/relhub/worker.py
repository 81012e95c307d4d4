"""`relhub worker`: pulls the sources when they are due or when somebody asks, and does what else takes time. Any number of them, on any number of machines."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import structlog

from relhub.adapters.logboek import Logboek, logboek
from relhub.config.settings import Settings
from relhub.config.watch import Watched, watch
from relhub.deliverer import delivering
from relhub.errors import DatabaseUnusable, ExportLost, PullLost, PullRefused, SourceError
from relhub.logs import places
from relhub.main import internal_server, running, traces
from relhub.services.compute_alerts import compute_alerts, drop_past_alerts
from relhub.services.export_log import export_log
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers, empty_expired_exports, make_waiting_export
from relhub.services.prepare_months import prepare_months
from relhub.services.pull_source import pull_waiting
from relhub.services.purge import purge_when_due
from relhub.services.schedule_pulls import due_moments, forget_old, schedule_pulls, sources_to_pull
from relhub.services.seal_log import seal_log, sealed_lately
from relhub.services.tell_privacy_officer import tell_waiting

_AT_ONCE = 4  # pulls of one process: each needs two connections
_SECONDS_BETWEEN = 1.0
_SECONDS_BETWEEN_SEALS = 60.0
_SECONDS_BETWEEN_PURGES = 600.0  # between looking whether a day has passed
_SECONDS_PER_STATEMENT = 300
log = structlog.get_logger(__name__)


async def work(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; a pull in progress then stops after its page, and another worker goes on with it."""
    rules_file, consumers_file = Watched(settings.access_rules), Watched(settings.consumers)  # before they are read
    alerts_file = Watched(settings.alerts) if settings.alerts else None
    consumers = KnownConsumers(settings.consumers)
    hub = await Hub.open(settings, _SECONDS_PER_STATEMENT)
    try:
        # Where the privacy officer is told, and what is decided on again before an export is made.
        readers = {rules_file: lambda: hub.read_access_rules(rules_file.path), consumers_file: consumers.read}
        if alerts_file:
            readers[alerts_file] = lambda: hub.read_alert_rules(alerts_file.path)
        files = watch(readers)
        async with internal_server(hub, settings), traces(settings), running(files), logboek(settings) as collector:
            with _ends_on_signal() as stopping:
                await Worker(hub, consumers, stopping, settings.drain_timeout, collector).run()
    finally:
        await hub.close()


@contextlib.contextmanager
def _ends_on_signal() -> Iterator[asyncio.Event]:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, stopping.set)
    try:
        yield stopping
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class Worker:
    """The loop. Nothing is remembered here that matters: what is to be done is in the database."""

    def __init__(
        self, hub: Hub, consumers: KnownConsumers, stopping: asyncio.Event, drain_timeout: float, collector: Logboek | None = None
    ) -> None:
        self._consumers = consumers
        self._hub, self._stopping, self._drain_timeout, self._collector = hub, stopping, drain_timeout, collector
        self._asked: dict[str, datetime] = {}
        self._forgotten_at = self._partitions_at = self._purge_looked_at = self._past_alerts_at = datetime.min.replace(tzinfo=UTC)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        log.info("worker started", sources=sorted(self._hub.sources))
        tending = asyncio.create_task(self._again_and_again(self._tend_log))
        telling = asyncio.create_task(self._again_and_again(self._tell))
        purging = asyncio.create_task(self._again_and_again(self._purge))
        exporting = asyncio.create_task(self._again_and_again(self._export))
        alerting = asyncio.create_task(self._again_and_again(self._compute_alerts))
        async with delivering(self._hub, self._consumers, self._stopping.is_set) as deliverer:
            following = asyncio.create_task(deliverer.run())
            await self._again_and_again(self._look)
            await self._drain()
            await asyncio.gather(tending, telling, purging, exporting, alerting, following)
        log.info("worker stopped")

    async def _again_and_again(self, duty: Callable[[], Awaitable[None]]) -> None:
        lost = False
        while not self._stopping.is_set():
            try:
                await duty()
                lost = False
            except DatabaseUnusable as error:
                if not lost:
                    log.warning("worker waits for the database", reason=str(error))
                lost = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _SECONDS_BETWEEN)

    async def _tend_log(self) -> None:
        """Seals what came in, sends what is sealed, and sees to it that the months to come have their partitions."""
        now = datetime.now(UTC)
        try:
            if not await sealed_lately(self._hub, now, _SECONDS_BETWEEN_SEALS):
                await seal_log(self._hub, now)
            if self._collector:
                await export_log(self._hub, self._collector, now, self._stopping.is_set)
            if (now - self._partitions_at).total_seconds() > 3600:
                self._partitions_at = now  # also when it fails: whoever reads the log for long, such as a backup, keeps it from being done
                await prepare_months(self._hub)
        except DatabaseUnusable:
            raise
        except Exception as error:  # a bug, or a database that is not as it should be: pulls go on, and the metrics say that this waits
            log.error("the consultation log is not tended", error=type(error).__name__, places=places(error))

    async def _tell(self) -> None:
        """The privacy officer hears what there is to hear."""
        try:
            await tell_waiting(self._hub)
        except DatabaseUnusable:
            raise
        except Exception as error:  # a bug: pulls go on, and the metrics say that this waits
            log.error("the privacy officer is not told", error=type(error).__name__, places=places(error))

    async def _export(self) -> None:
        """Who asked for an export gets it, and what has expired goes."""
        try:
            await empty_expired_exports(self._hub)
            while not self._stopping.is_set() and await make_waiting_export(self._hub, self._consumers, self._stopping.is_set):
                pass
        except DatabaseUnusable:
            raise
        except ExportLost as error:
            log.warning("export broken off, to be made by another", reason=str(error))
        except Exception as error:  # a bug: pulls go on, and the metrics say that this waits
            log.error("exports are not made", error=type(error).__name__, places=places(error))

    async def _compute_alerts(self) -> None:
        """What changed is taken into alerts."""
        now = datetime.now(UTC)
        try:
            await compute_alerts(self._hub, now, self._stopping.is_set)
            if (now - self._past_alerts_at).total_seconds() > 3600:
                self._past_alerts_at = now
                await drop_past_alerts(self._hub, now)
        except DatabaseUnusable:
            raise
        except Exception as error:  # a bug: pulls go on, and the metrics say that this waits
            log.error("alerts are not computed", error=type(error).__name__, places=places(error))

    async def _purge(self) -> None:
        """What is over time goes, once a day."""
        now = datetime.now(UTC)
        if (now - self._purge_looked_at).total_seconds() < _SECONDS_BETWEEN_PURGES:
            return
        self._purge_looked_at = now
        try:
            purged = await purge_when_due(self._hub, self._consumers, now, self._stopping.is_set)
        except DatabaseUnusable:
            raise
        except Exception as error:  # a bug: pulls go on, and it is tried again within the hour
            log.error("the purge failed", error=type(error).__name__, places=places(error))
        else:
            if purged:
                log.info(
                    "purged",
                    stopped=purged.stopped,
                    cases=purged.cases.total(),
                    **{k.replace(" ", "_"): n for k, n in purged.counts.items()},
                )

    async def _look(self) -> None:
        now = datetime.now(UTC)
        if (now - self._forgotten_at).total_seconds() > 3600:
            await forget_old(self._hub, now)
            self._forgotten_at = now
        moments = due_moments(self._hub, now)
        due = {name: moment for name, moment in moments.items() if self._asked.get(name) != moment}
        if due:
            await schedule_pulls(self._hub, due, now)
            self._asked |= due
        for name in await sources_to_pull(self._hub):
            if name not in self._under_way and len(self._under_way) < _AT_ONCE:
                self._under_way[name] = asyncio.create_task(self._pull(name))

    async def _pull(self, name: str) -> None:
        """Nothing leaves here: whatever goes wrong with one source, the worker goes on."""
        try:
            await pull_waiting(self._hub, name, self._stopping.is_set)
        except (SourceError, PullRefused) as error:
            log.warning("pull failed", source=name, error=type(error).__name__, reason=str(error))
        except (PullLost, DatabaseUnusable) as error:
            log.warning("pull broken off, to be gone on with", source=name, error=type(error).__name__, reason=str(error))
        except Exception as error:  # a bug: the pull is noted as failed, and the error's text may hold what a source sent
            log.error("pull failed", source=name, error=type(error).__name__, places=places(error))
        finally:
            del self._under_way[name]

    async def _drain(self) -> None:
        tasks = list(self._under_way.values())
        if not tasks:
            return
        log.info("worker finishes its pages", sources=sorted(self._under_way))
        _, late = await asyncio.wait(tasks, timeout=self._drain_timeout)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
