"""The subscriptions of a consumer, and what could not be delivered for one."""

from typing import Any

import orjson

from relhub.services.admit import Admitted, not_found, renewed
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.follow import admit_follower, cloud_event, write_place
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.make_subscription import EXPIRED, NO_SUBSCRIPTION, describe, owner_of, tag_of
from relhub.storage import subscriptions
from relhub.storage.database import Store
from relhub.storage.deliveries import Waiting, list_deliveries
from relhub.storage.events import Event
from relhub.storage.log import add_look
from relhub.storage.subscriptions import Subscription


async def list_subscriptions(hub: Hub, asked: Asked, query: PageQuery) -> bytes:
    """Those of the consumer, its department and the activity. Raises NotAllowed, InvalidInput."""
    admitted = await admit_follower(hub, asked, "subscriptions")
    owner = owner_of(asked)
    about = f"cursor/subscriptions/{orjson.dumps([owner.consumer, owner.organisation, owner.department, owner.activity]).hex()}"
    place = open_cursor(hub.sealer, about, query.cursor)
    async with hub.database.begin() as store:
        found = await subscriptions.list_own(store, owner, place[0] if place else "", query.limit + 1)
        shown = found[: query.limit]
        await add_look(store.driver, admitted.look, "shown", [], [f"subscription/{one.id}" for one in shown])
    following = seal_cursor(hub.sealer, about, [shown[-1].id]) if len(found) > query.limit else None
    return orjson.dumps({"results": [describe(one) for one in shown], "next": following})


async def show_subscription(hub: Hub, asked: Asked, id_: str) -> View:
    """Raises NotAllowed, NotFound."""
    admitted = await admit_follower(hub, asked, "subscription")
    async with hub.database.begin() as store:
        one = await subscriptions.find_own(store, owner_of(asked), id_)
        if one:
            await add_look(store.driver, admitted.look, "shown", [], [f"subscription/{id_}"])
    if one is None:
        await not_found(hub, admitted.look, NO_SUBSCRIPTION)
    return View("", orjson.dumps(describe(one)), tag_of(one))


async def show_deliveries(hub: Hub, asked: Asked, id_: str, query: PageQuery) -> bytes:
    """How telling goes, and what waits or is held: of what may be told now. Raises NotAllowed, NotFound, InvalidInput."""
    admitted = await admit_follower(hub, asked, "deliveries")
    about = f"cursor/deliveries/{id_}"
    place = open_cursor(hub.sealer, about, query.cursor)
    body = None
    async with hub.database.begin() as store:
        one = await subscriptions.find_own(store, owner_of(asked), id_)
        if one:
            after = (int(place[0]), int(place[1])) if place else (-1, -1)
            body, events = await _deliveries(hub, store, admitted, one, after, query.limit, about)
            relations = sorted({event.relation_id for event in events if event.relation_id})
            await add_look(store.driver, admitted.look, "shown", relations, [event.case for event in events if event.case])
    if body is None:
        await not_found(hub, admitted.look, NO_SUBSCRIPTION)
    return body


async def _deliveries(
    hub: Hub, store: Store, admitted: Admitted, one: Subscription, after: tuple[int, int], limit: int, about: str
) -> tuple[bytes, list[Event]]:
    await renewed(hub, store.driver, admitted)
    found = await list_deliveries(store.driver, one.id, after, admitted.profile, one.wanted, limit + 1)
    shown = found[:limit]
    body = {
        "lastToldAt": _moment(one.last_told_at),
        "failingSince": _moment(one.failing_since),
        "trouble": (EXPIRED if one.has_expired(admitted.look.at) else one.trouble) or None,
        "missedAt": _moment(one.missed_at),
        "results": [_delivery(hub, one, event, row) for event, row in shown],
        "next": seal_cursor(hub.sealer, about, list(shown[-1][0].place)) if len(found) > limit else None,
    }
    return orjson.dumps(body), [event for event, _ in shown]


def _delivery(hub: Hub, one: Subscription, event: Event, row: Waiting) -> dict[str, Any]:
    return {
        "state": "held" if row.held_at else "waiting",
        "event": cloud_event(hub, event, one.base),
        "attempts": row.attempts,
        "firstAt": at_utc(row.first_at),
        "nextAt": None if row.held_at else at_utc(row.next_at),
        "reason": row.reason or None,
        "cursor": write_place(hub.sealer, (event.transaction, event.id - 1)),
    }


def _moment(at: Any) -> str | None:
    return at_utc(at) if at else None
