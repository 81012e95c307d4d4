"""Telling the privacy officer what calls for it the same day: kept with the question, told by the worker until it is heard."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog

from relhub import metrics
from relhub.adapters import webhook
from relhub.domain.dates import AMSTERDAM
from relhub.errors import SourceError
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.storage import notices
from relhub.storage.database import Driver

Kind = Literal["break-glass", "search-budget-spent"]
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
log = structlog.get_logger(__name__)


async def keep_notice(hub: Hub, driver: Driver, kind: Kind, asked: Asked, reason: str) -> None:
    """To be told once: the same official, activity, day and reason is one notice, however many questions follow."""
    body = {
        "kind": kind,
        "at": asked.at.astimezone(UTC).isoformat(timespec="seconds"),
        "official": asked.official,
        "application": asked.consumer.application,
        "organisation": asked.consumer.organisation,
        "department": asked.consumer.department,
        "activity": asked.activity,
        "reason": reason,
        "traceId": asked.trace_id,
    }
    day = asked.at.astimezone(AMSTERDAM).date().isoformat()  # as the budget counts: else the evening before and the next morning were one
    said = (kind, asked.consumer.name, asked.official, asked.activity, reason, day)
    key = hub.sealer.keyed("notice", "\0".join(said))
    await notices.add_notice(driver, key, kind, body, asked.at)
    metrics.notices.labels(kind).inc()


async def tell_waiting(hub: Hub) -> int:
    """Tells what is due, one by one. Returns how many were heard; one that is not is tried again, ever later, for as long as it takes."""
    told = 0
    while hub.access.rules.tell:
        async with hub.database.begin() as store:
            now = datetime.now(UTC)
            notice = await notices.next_notice(store, now)
            if notice is None:
                break
            try:
                await webhook.post(hub.access.rules.tell, notice.body)
            except SourceError as error:
                await notices.note_not_told(store, notice.key, now + _wait(notice.attempts))
                log.error("the privacy officer could not be told", reason=str(error), attempts=notice.attempts + 1)
            else:
                await notices.note_told(store, notice.key, now)
                told += 1
    return told


def _wait(attempts: int) -> timedelta:
    return min(_FIRST_WAIT * (1 << min(attempts, 10)), _LONGEST_WAIT)
