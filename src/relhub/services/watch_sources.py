"""What metrics say of the database and the sources, read when somebody asks for it."""

import math
from datetime import UTC, datetime

from relhub import metrics
from relhub.domain.dates import AMSTERDAM
from relhub.errors import DatabaseUnusable
from relhub.services.hub import Hub
from relhub.storage import alerts, deliveries, exports, log_exports, log_partitions, log_seals, notices, subject_requests, subscriptions
from relhub.storage.pulls import waiting_since
from relhub.storage.sources import SourceState, source_states

_OF_SOURCES = (metrics.source_age, metrics.source_unavailable, metrics.source_failing, metrics.quarantined)

_OF_THE_DATABASE = (
    metrics.pull_waiting,
    metrics.notice_waiting,
    metrics.requests_overdue,
    metrics.alerts_behind,
    metrics.exports_waiting,
    metrics.export_waiting,
    metrics.deliveries_held,
    metrics.delivery_waiting,
    metrics.subscriber_failing,
    metrics.log_unsealed,
    metrics.log_unsent,
    metrics.log_astray,
)


async def watch_sources(hub: Hub) -> None:
    """Sets the gauges. Without a database those of the sources are absent: an old figure would look like a good one."""
    metrics.connections_most.set(hub.database.pool_size)
    metrics.connections_in_use.set(hub.database.in_use)
    try:
        async with hub.database.begin() as store:
            states = {state.source: state for state in await source_states(store, counted=False)}
            waiting = await waiting_since(store)
            overdue = await subject_requests.overdue(store.driver, datetime.now(AMSTERDAM).date())
            untold = await notices.oldest_untold(store.driver)
            unalerted = await alerts.oldest_waiting(store.driver)
            open_exports, asked_for = await exports.waiting(store)
            undelivered, held = await deliveries.figures(store.driver)
            failing = await subscriptions.oldest_failing(store.driver)
            unsealed = await log_seals.oldest_unsealed(store.driver)
            unsent = await log_exports.oldest_unsent(store.driver)
            astray = await log_partitions.rows_astray(store)
    except DatabaseUnusable:
        metrics.database_up.set(0)
        for gauge in _OF_SOURCES:
            gauge.clear()
        for figure in _OF_THE_DATABASE:
            figure.set(math.nan)
        return
    now = datetime.now(UTC)
    metrics.database_up.set(1)
    metrics.pull_waiting.set(_seconds(waiting, now))
    metrics.notice_waiting.set(_seconds(untold, now))
    metrics.alerts_behind.set(_seconds(unalerted, now))
    metrics.exports_waiting.set(open_exports)
    metrics.export_waiting.set(_seconds(asked_for, now))
    metrics.requests_overdue.set(overdue)
    metrics.deliveries_held.set(held)
    metrics.delivery_waiting.set(_seconds(undelivered, now))
    metrics.subscriber_failing.set(_seconds(failing, now))
    metrics.log_unsealed.set(_seconds(unsealed, now))
    metrics.log_unsent.set(_seconds(unsent, now))
    metrics.log_astray.set(int(astray))
    for name in hub.sources:
        _of_source(name, states.get(name), now)


def _of_source(name: str, state: SourceState | None, now: datetime) -> None:
    success, since = (state.last_success_at, state.unavailable_since) if state else (None, None)
    metrics.source_age.labels(name).set(_seconds(success, now) if success else math.inf)
    metrics.source_unavailable.labels(name).set(_seconds(since, now))
    metrics.source_failing.labels(name).set(1 if state and state.last_error else 0)
    metrics.quarantined.labels(name).set(state.quarantined if state else 0)


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
