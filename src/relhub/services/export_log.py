"""Sending the consultation log to the Logboek Dataverwerkingen: every sealed row at least once, in the order of the seals."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from relhub import metrics
from relhub.adapters.logboek import Logboek
from relhub.domain.logboek import LogRecord, processor_of, records_of
from relhub.errors import LogboekUnavailable
from relhub.services.hub import Hub
from relhub.services.own_look import COMMAND_LINE
from relhub.storage import log_exports
from relhub.storage.log_exports import Place, Sent

_ROWS, _RECORDS = 500, 2_000  # of one batch
_LONGEST_WAIT = timedelta(minutes=5)
log = structlog.get_logger(__name__)


async def export_log(hub: Hub, collector: Logboek, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Sends what is sealed and was not sent; returns how many records. One process at a time.

    How far it came is kept after each batch that was acknowledged. When one is not, that is noted, and it is the first to be sent next time:
    what was taken already comes again with the same span ids.
    """
    sent = 0
    async with hub.database.sole("relhub export log") as alone:
        if not alone or await _waits(hub, now):
            return 0
        while not stopping() and (rows := await _next(hub)):
            try:
                sent += await _send(hub, collector, rows)
            except LogboekUnavailable as error:
                await _note(hub, error, now)
                break
    return sent


async def _waits(hub: Hub, now: datetime) -> bool:
    """After a failure a little longer each time: half as long as it has been failing, at most five minutes."""
    async with hub.database.driver() as driver:
        since, tried = await log_exports.failing(driver)
    return since is not None and tried is not None and now - tried < min((tried - since) / 2, _LONGEST_WAIT)


async def _next(hub: Hub) -> list[Sent]:
    async with hub.database.driver() as driver:
        return await log_exports.next_rows(driver, await log_exports.place(driver), _ROWS)


async def _send(hub: Hub, collector: Logboek, rows: Sequence[Sent]) -> int:
    """Rows with many data subjects make a batch of many records: it is sent in parts."""
    count, part = 0, list[LogRecord]()
    for row in rows:
        part += _records(hub, row)
        if len(part) >= _RECORDS or row is rows[-1]:
            count += await _send_part(collector, part)
            async with hub.database.driver() as driver:
                await log_exports.save_place(driver, Place(row.seal, row.id))
            part = []
    return count


async def _send_part(collector: Logboek, records: Sequence[LogRecord]) -> int:
    if not records:
        return 0
    taken = await collector.send(records)
    metrics.ldv_records.labels("taken").inc(len(records) - taken.rejected)
    if taken.rejected:  # the protocol forbids to send these again; they stay in the log of the hub
        metrics.ldv_records.labels("rejected").inc(taken.rejected)
        log.error("the Logboek Dataverwerkingen rejects records for good", rejected=taken.rejected, reason=taken.reason[:200])
    return len(records) - taken.rejected


async def _note(hub: Hub, error: LogboekUnavailable, now: datetime) -> None:
    metrics.ldv_failures.inc()
    async with hub.database.driver() as driver:
        first = await log_exports.note_failure(driver, now)
    if first:
        log.warning("the Logboek Dataverwerkingen does not take records; they wait in the consultation log", reason=str(error))


def _records(hub: Hub, row: Sent) -> list[LogRecord]:
    caller = "" if row.consumer == COMMAND_LINE else row.application
    return records_of(
        id_=row.id,
        trace_id=row.trace_id,
        span_id=row.span_id,
        parent_span_id=row.parent_span_id,
        operation=row.operation,
        outcome=row.outcome,
        at=row.at,
        written_at=row.written_at,
        activity=row.register_uri,
        processor=processor_of(hub.event_source, caller),
        relations=row.relation_ids,
        pseudonym=lambda relation: hub.sealer.authenticate("ldv subject", relation.encode()).hex()[:32],
    )
