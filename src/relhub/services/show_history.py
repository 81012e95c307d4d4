"""Which ids and records one relation had, from when until when: what was merged with it and split from it."""

from typing import Any

from relhub.services.admit import admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look
from relhub.services.pages import page
from relhub.storage.memberships import Period, periods


async def show_history(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """Periods of the visible records, newest first. Raises NotAllowed, NotFound, InvalidInput."""
    admitted = await admit(hub, asked, "history", verified_with_the_look=True)
    found = await look(hub, admitted, lambda driver: periods(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look))
    ordered = sorted(found.periods, key=place_of)
    body = page(hub, f"history/{found.relation_id}", query, ordered, place_of, lambda period: show_period(period, found.relation_id))
    return View(found.relation_id, body, hub.sealer.tag(body))


def place_of(period: Period) -> list[Any]:
    """Its place in the order: the latest begun first."""
    until = -period.until_at.timestamp() if period.until_at else -1e15  # what still holds goes first
    return [-period.from_at.timestamp(), until, period.relation_id, period.now, period.source, period.key]


def show_period(period: Period, relation_id: str) -> dict[str, Any]:
    """As answers show it."""
    what = "split" if period.now != relation_id else "merged" if period.relation_id != relation_id else "here"
    record = {"source": period.source, "key": period.key} if period.source else {}
    return {
        "what": what,
        "relation": period.relation_id,
        "from": at_utc(period.from_at),
        "until": at_utc(period.until_at) if period.until_at else None,
        "now": period.now,
        **record,
    }
