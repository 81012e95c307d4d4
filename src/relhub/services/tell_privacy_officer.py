"""Telling the privacy officer, or the owner of a source, what calls for it the same day: kept with the question, told by the worker until it is heard."""

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
from relhub.storage.subject_requests import SubjectRequest

Kind = Literal["break-glass", "search-budget-spent", "unusual-searching"]
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
    same = (kind, asked.consumer.name, asked.official, asked.activity, reason, day)
    key = hub.sealer.keyed("notice", "\0".join(same))
    await notices.add_notice(driver, key, kind, body, asked.at)
    metrics.notices.labels(kind).inc()


async def keep_request_notice(hub: Hub, driver: Driver, request: SubjectRequest) -> None:
    """A request of whom it is about is to be looked into: where, and by when, not what it says. A correction goes to the owner of the source."""
    name = (request.record[0] or request.case[0]) if request.sort == "correction" else ""
    told = name in hub.sources and bool(hub.sources[name].tell_corrections)
    body = {
        "kind": "subject-request",
        "at": request.received_at.astimezone(UTC).isoformat(timespec="seconds"),
        "request": request.id,
        "sort": request.sort,
        "source": name or None,
        "organisation": request.organisation,
        "dueOn": request.due_on.isoformat(),
    }
    await notices.add_notice(driver, f"subject-request {request.id}", "subject-request", body, request.received_at, name if told else "")
    metrics.notices.labels("subject-request").inc()


async def tell_waiting(hub: Hub) -> int:
    """Tells what is due, one by one. Returns how many were heard; one that is not is tried again, ever later, for as long as it takes."""
    told, addresses = 0, _addresses(hub)
    while addresses:
        async with hub.database.begin() as store:
            now = datetime.now(UTC)
            notice = await notices.next_notice(store, now, sorted(addresses))
            if notice is None:
                break
            try:
                await webhook.post(addresses[notice.destination], notice.body)
            except SourceError as error:
                await notices.note_not_told(store, notice.key, now + _wait(notice.attempts))
                log.error(
                    "a notice could not be told",
                    to=notice.destination or "the privacy officer",
                    reason=str(error),
                    attempts=notice.attempts + 1,
                )
            else:
                await notices.note_told(store, notice.key, now)
                told += 1
    return told


def _addresses(hub: Hub) -> dict[str, str]:
    """Where the privacy officer hears, and the owner of each source."""
    known = {"": hub.access.rules.tell, **{name: source.tell_corrections for name, source in hub.sources.items()}}
    return {name: address for name, address in known.items() if address}


def _wait(attempts: int) -> timedelta:
    return min(_FIRST_WAIT * (1 << min(attempts, 10)), _LONGEST_WAIT)
