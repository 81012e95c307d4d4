"""Everything that the services work with, opened together."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from relhub.adapters import Adapter
from relhub.adapters.registry import open_adapter
from relhub.config.access_rules import check_sources, load_access_rules
from relhub.config.alerts import check_alert_rules, load_alert_rules
from relhub.config.keys import keys_of
from relhub.config.settings import Settings, listed
from relhub.config.sources import SourceConfig, load_sources
from relhub.domain.access import AccessRules
from relhub.domain.alerts import AlertRules
from relhub.domain.callbacks import CallbackRules, read_rules
from relhub.domain.retention import Keep
from relhub.services.collect_seldom import collect_seldom
from relhub.services.decide_access import Access
from relhub.services.event_watch import EventWatch
from relhub.storage.database import Database
from relhub.storage.sealing import Sealer


@dataclass(slots=True)
class AlertsInForce:
    """The rules for alerts of this moment: they may be replaced."""

    rules: AlertRules = field(default_factory=AlertRules)


@dataclass(frozen=True)
class Hub:
    """An open hub: `await Hub.open(settings)`, and `close()` when done."""

    database: Database
    sources: Mapping[str, SourceConfig]
    adapters: Mapping[str, Adapter]
    access: Access
    sealer: Sealer
    _open: AsyncExitStack = field(repr=False)
    event_source: str = "urn:nld:relhub"
    protected_when_unknown: bool = False  # whether people of whom no source tells have non-disclosure
    own_activity: str = ""  # in the register of processing activities: what is done on the command line, and what stewards decide
    lately: timedelta = timedelta(180)  # so long after a case ended, those who dealt with it did so lately
    keep: Keep = field(default_factory=Keep)
    alerts: AlertsInForce = field(default_factory=AlertsInForce)
    events: EventWatch = field(default_factory=EventWatch, repr=False)
    callbacks: CallbackRules = field(default_factory=CallbackRules)
    """Where subscribers may be told."""
    fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2), repr=False)
    """Of those who ask for fresh data no more than this wait for the store at once: the other connections are for looking."""

    @classmethod
    async def open(cls, settings: Settings, statement_timeout: float = 0) -> "Hub":
        """Reads the configuration and prepares the connections. Raises ConfigurationError; asks no source and no database yet.

        `statement_timeout`: seconds that the database may take for one statement; 0: as long as it needs.
        """
        sources, keys = load_sources(settings.sources_dir), keys_of(settings)
        rules = _rules(settings.access_rules, sources)
        alerts = AlertsInForce(_alerts(settings.alerts, rules))
        stack = AsyncExitStack()
        try:
            adapters = {name: await stack.enter_async_context(open_adapter(config)) for name, config in sources.items()}
            database = Database(settings.database_url, settings.database_pool_size, settings.database_pool_timeout, statement_timeout)
        except BaseException:
            await stack.aclose()
            raise
        stack.push_async_callback(database.close)
        collect_seldom()
        access = Access(rules, sources, {name: adapter.capacities for name, adapter in adapters.items()})
        return cls(
            database,
            sources,
            adapters,
            access,
            Sealer(keys),
            stack,
            event_source=settings.event_source,
            own_activity=settings.own_activity,
            callbacks=read_rules(listed(settings.subscribers), listed(settings.subscriber_networks)),
            protected_when_unknown=settings.non_disclosure_when_unknown,
            lately=timedelta(settings.lately_days),
            alerts=alerts,
            keep=Keep(
                timedelta(settings.keep_events_days),
                timedelta(settings.keep_notices_days),
                timedelta(settings.keep_former_days),
                timedelta(settings.keep_requests_days),
                timedelta(settings.keep_entries_days),
                timedelta(hours=settings.exports_hours),
                timedelta(settings.keep_managers_days),
            ),
        )

    def read_access_rules(self, path: Path) -> None:
        """From now on the rules are as this file says. Raises ConfigurationError, and leaves those in force that were."""
        self.access.replace(_rules(path, self.sources))

    def read_alert_rules(self, path: Path) -> None:
        """From now on alerts are told as this file says. Raises ConfigurationError, and leaves those rules in force that were."""
        self.alerts.rules = _alerts(path, self.access.rules)

    async def close(self) -> None:
        await asyncio.shield(self._open.aclose())


def _rules(path: Path, sources: Mapping[str, SourceConfig]) -> AccessRules:
    rules = load_access_rules(path)
    check_sources(rules, sources)
    return rules


def _alerts(path: Path | None, rules: AccessRules) -> AlertRules:
    alerts = load_alert_rules(path)
    check_alert_rules(alerts, rules)
    return alerts
