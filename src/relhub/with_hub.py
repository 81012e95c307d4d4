"""A hub for the length of one command."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from relhub.config.settings import Settings
from relhub.services.check_ready import check_ready
from relhub.services.hub import Hub

_Result = TypeVar("_Result")


def with_hub(work: Callable[[Hub], Coroutine[Any, Any, _Result]]) -> _Result:
    """Does this with a hub that can be used. Raises ConfigurationError or DatabaseUnusable."""

    async def go(hub: Hub) -> _Result:
        await check_ready(hub)
        return await work(hub)

    return asyncio.run(opened(Settings.load(), go))


async def opened(settings: Settings, work: Callable[[Hub], Coroutine[Any, Any, _Result]]) -> _Result:
    """Does this with a hub, whether or not its database can be used."""
    hub = await Hub.open(settings)
    try:
        return await work(hub)
    finally:
        await hub.close()
