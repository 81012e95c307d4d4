"""Telling a subscriber that its subscription will end, while there is time to renew it."""

import random
from datetime import UTC, datetime
from typing import Any

import orjson

from relhub.domain.subscriptions import silence
from relhub.errors import SourceRefused, SourceUnavailable
from relhub.services.keep_records import at_utc
from relhub.services.teller import Signing, Teller
from relhub.storage import subscriptions
from relhub.storage.subscriptions import Subscription

_TYPE = "nl.relaties.abonnement-verloopt"


async def warn_subscriber(teller: Teller, one: Subscription, signing: Signing) -> bool:
    """Tells it, once; whether somebody was there. Raises DeliveryLost when the subscription is not this process's any more."""
    reason, now = await _try(teller, one, signing), datetime.now(UTC)
    changes: dict[str, Any] = {"warned_at": now, "next_at": now, "failures": 0, "failing_since": None, "trouble": ""}
    if reason:
        failures = one.failures + 1
        again = now + silence(failures, random.random())
        changes = {"failures": failures, "failing_since": one.failing_since or now, "trouble": reason, "next_at": again}
    async with teller.store, teller.hub.database.driver() as driver:
        await subscriptions.end_round(driver, one, changes)
    return not reason


async def _try(teller: Teller, one: Subscription, signing: Signing) -> str:
    """Why nobody heard it; empty also when somebody does not want to: what else there is to be told is not to wait for that."""
    assert one.expires_at is not None
    ends = at_utc(one.expires_at)
    event = {
        "specversion": "1.0",
        "id": teller.hub.sealer.keyed("expiry", f"{one.id} {ends}"),
        "source": teller.hub.event_source,
        "type": _TYPE,
        "time": at_utc(datetime.now(UTC)),
        "subject": one.id,
        "dataref": f"{one.base}/subscriptions/{one.id}",
        "data": {"expiresAt": ends},
    }
    body = orjson.dumps(event)
    try:
        await teller.post(one.callback, body, signing.headers(str(event["id"]), body))
    except SourceUnavailable as error:
        return error.reason
    except SourceRefused:
        pass
    return ""
