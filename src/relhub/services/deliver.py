"""Telling subscribers: in order per relation, at least once, decided with the rules in force when it is told."""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag

from relhub.domain.access import Refusal
from relhub.errors import DeliveryLost, SealLost
from relhub.services.challenge import challenge
from relhub.services.deliver_round import Round
from relhub.services.hub import Hub
from relhub.services.teller import Signing, Teller, log_refusal, may_tell
from relhub.services.warn_subscriber import warn_subscriber
from relhub.storage import subscriptions
from relhub.storage.events import horizon
from relhub.storage.subscriptions import Subscription, Taken

SECONDS: Final = 20.0
"""For how long a process has a subscription: a round ends well before, and when the process dies another begins it anew after this."""
_PUT_OFF = timedelta(minutes=1)
_NO_SECRET = "The secret can't be opened any more; ask for a new one (POST …/_rotate)."
log = structlog.get_logger(__name__)


async def take_due(hub: Hub, limit: int) -> tuple[list[Taken], int]:
    """Subscriptions with something to be told, for this process alone; and the horizon: of events before it all is visible."""
    async with hub.database.begin() as store:
        before = await horizon(store.driver)
        await subscriptions.after_a_restore(store)
        taken = await subscriptions.take_due(store, limit, SECONDS, before)
    if taken:
        async with hub.database.driver() as driver:
            await hub.access.renew(driver)  # after the horizon: else an event before it may be of a compartment that is not known here
    return taken, before


async def tell(teller: Teller, taken: Taken, before: int) -> bool:
    """One round of a subscription that this process has taken: what is due is told, once. Whether there is more at once.

    `before`: the horizon when it was taken, since which the compartments were renewed.
    """
    one, now = taken.subscription, datetime.now(UTC)
    admitted = may_tell(teller, one, now)
    try:
        if isinstance(admitted, Refusal):
            if admitted.reason != one.trouble:
                await log_refusal(teller, one, now)
            await _put_off(teller, one, admitted.reason, now)
            return False
        try:
            signing = Signing(teller.hub, one, now)
        except (SealLost, InvalidTag):
            await _put_off(teller, one, _NO_SECRET, now)
            return False
        if one.verified_at is None:
            await challenge(teller, one, signing)
            return False
        if one.expires_soon(now):
            return await warn_subscriber(teller, one, signing)
        return await Round(teller, taken, admitted, signing, now).run(before)
    except DeliveryLost:
        async with teller.store, teller.hub.database.driver() as driver:
            await subscriptions.let_go(driver, taken)
        return False


async def _put_off(teller: Teller, one: Subscription, reason: str, now: datetime) -> None:
    """Nothing is told; what it was not told stays before it, for when it may."""
    changes = {"trouble": reason, "next_at": now + _PUT_OFF, "failing_since": one.failing_since or now}
    if reason != one.trouble:
        log.warning("a subscription is not told anything", subscription=one.id, reason=reason)
    async with teller.store, teller.hub.database.driver() as driver:
        await subscriptions.end_round(driver, one, changes)
