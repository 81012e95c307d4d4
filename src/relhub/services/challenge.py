"""Before a subscriber is told anything it shows that it expects that: it sends back what it was sent."""

import random
from datetime import UTC, datetime
from typing import Any

import orjson

from relhub.domain.subscriptions import VERIFY_WITHIN, wait
from relhub.errors import SourceError
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.teller import Signing, Teller
from relhub.storage import subscriptions
from relhub.storage.subscriptions import Subscription

_TYPE = "nl.relaties.abonnement-te-bevestigen"
_NEVER = datetime(9000, 1, 1, tzinfo=UTC)
_NOT_ECHOED = "answered the challenge with something else than what it was sent"
_GIVEN_UP = "; it was tried for a day, have it sent again with POST …/_verify"


async def challenge(teller: Teller, one: Subscription, signing: Signing) -> None:
    """Sends the challenge, and notes what came of it. Raises DeliveryLost when the subscription is not this process's any more."""
    sent = token_of(teller.hub, one)
    reason = await _try(teller, one, signing, sent)
    now = datetime.now(UTC)
    changes: dict[str, Any] = {"verified_at": now, "version": one.version + 1, "failures": 0, "failing_since": None, "trouble": ""}
    if reason:
        failures = one.failures + 1
        given_up = now - one.challenged_at >= VERIFY_WITHIN
        again = _NEVER if given_up else now + wait(failures, random.random())
        changes = {"failures": failures, "trouble": reason + (_GIVEN_UP if given_up else ""), "next_at": again}
    async with teller.store, teller.hub.database.driver() as driver:
        await subscriptions.end_round(driver, one, changes)


def token_of(hub: Hub, one: Subscription) -> str:
    """What the subscriber at this address sends back."""
    return hub.sealer.keyed("challenge", f"{one.id} {one.callback} {one.challenged_at.isoformat()}")


async def _try(teller: Teller, one: Subscription, signing: Signing, sent: str) -> str:
    """Why it did not show that it expects to be told; empty when it did."""
    event = {
        "specversion": "1.0",
        "id": sent,
        "source": teller.hub.event_source,
        "type": _TYPE,
        "time": at_utc(datetime.now(UTC)),
        "subject": one.id,
        "data": {"challenge": sent},
    }
    body = orjson.dumps(event)
    try:
        answer = await teller.post(one.callback, body, signing.headers(sent, body))
    except SourceError as error:
        return error.reason
    return "" if _echoed(answer.body) == sent else _NOT_ECHOED


def _echoed(body: bytes) -> str:
    """As text, or as JSON: `{"challenge": "…"}`."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace").strip()
    said = found.get("challenge") if isinstance(found, dict) else found
    return said if isinstance(said, str) else ""
