"""How often an official may search in a day: searches by facts and by place count alike."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import TypeVar

from relhub.domain.dates import AMSTERDAM
from relhub.errors import TooManyRequests
from relhub.services.admit import Admitted
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.tell_privacy_officer import keep_notice
from relhub.storage.database import Driver, Store
from relhub.storage.log import add_look, searches_since

_Found = TypeVar("_Found")

_BUDGET = "You have searched {} times today, which is as often as this processing activity may; tomorrow you can again. The privacy officer is told."


async def is_spent(hub: Hub, store: Store, asked: Asked, admitted: Admitted) -> bool:
    """Whether this official (or, without one, this application) has searched as often today as the rules allow.

    The privacy officer is told, and likewise of searching that is unusual, which goes on.
    """
    most, usual = admitted.profile.activity.searches_per_day, admitted.profile.activity.unusual_searches
    hour, day = await searches_since(store, asked.consumer.name, asked.official, asked.at - timedelta(hours=1), _midnight(asked.at))
    if usual and hour >= usual:
        await keep_notice(hub, store.driver, "unusual-searching", asked, f"more than {usual} searches within an hour")
    if not most or day < most:
        return False
    await keep_notice(hub, store.driver, "search-budget-spent", asked, f"more than {most} searches in a day")
    return True


async def within_budget(hub: Hub, asked: Asked, admitted: Admitted, read: Callable[[Driver], Awaitable[_Found]]) -> _Found:
    """What is read, which for who may search is to log itself as one search. Raises TooManyRequests (logged)."""
    if not admitted.profile.activity.search:
        async with hub.database.driver() as driver:
            return await read(driver)
    async with hub.database.begin() as store:
        if not await is_spent(hub, store, asked, admitted):
            return await read(store.driver)
        await add_look(store.driver, admitted.look, "over-budget", [], [])
    raise over_budget(asked, admitted)


def over_budget(asked: Asked, admitted: Admitted) -> TooManyRequests:
    """To raise."""
    return TooManyRequests(_BUDGET.format(admitted.profile.activity.searches_per_day), _until_tomorrow(asked.at))


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(AMSTERDAM).date(), time.min, AMSTERDAM)


def _until_tomorrow(at: datetime) -> int:
    return round((_midnight(at + timedelta(days=1)) - at).total_seconds()) + 1
