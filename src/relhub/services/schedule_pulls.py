"""Asking for the pulls that are due, and finding those that wait for somebody to do them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from relhub.domain.schedule import last_moment
from relhub.services.hub import Hub
from relhub.storage import exports, kept_answers, pulls

KEEP_PULLS, KEEP_EXPORTS, KEEP_ANSWERS = timedelta(days=90), timedelta(days=90), timedelta(hours=24)


def due_moments(hub: Hub, now: datetime) -> dict[str, datetime]:
    """The moment at which each source with a schedule was last due."""
    return {
        name: last_moment(config.schedule, f"{config.organisation_rsin} {name}", now)
        for name, config in hub.sources.items()
        if config.schedule
    }


async def schedule_pulls(hub: Hub, moments: Mapping[str, datetime], now: datetime) -> None:
    """Each moment is asked for once, however many processes do so. One at which the source was being pulled is passed over."""
    async with hub.database.begin() as store:
        for name, moment in sorted(moments.items()):
            await pulls.ask_scheduled(store, name, moment, now)


async def sources_to_pull(hub: Hub) -> list[str]:
    """The sources with a pull that waits, or that some process is at, the longest waiting first."""
    async with hub.database.begin() as store:
        return [name for name in await pulls.open_sources(store) if name in hub.sources]


async def forget_old(hub: Hub, now: datetime) -> None:
    """What is kept of pulls, exports and answered requests, no longer than it is needed."""
    async with hub.database.begin() as store:
        await pulls.forget_pulls(store, now - KEEP_PULLS)
        await exports.empty_expired(store, now)
        await exports.forget_exports(store, now - KEEP_EXPORTS)
        await kept_answers.forget_answers(store, now - KEEP_ANSWERS)
