"""Looking at one relation: the statement that shows it also verifies the occasion and writes the log row."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from relhub.domain.access import OCCASION_DOES_NOT_HOLD
from relhub.errors import NotAllowed, NotFound
from relhub.services.admit import Admitted, fetch_occasion
from relhub.services.hub import Hub
from relhub.storage.database import Driver

NOT_FOUND = "There is no such relation, or nothing of it that this processing activity may see."


class Looked(Protocol):
    """What such a statement gave: shown | refused | unknown-occasion | not-found."""

    @property
    def outcome(self) -> str: ...


_Looked = TypeVar("_Looked", bound=Looked)


async def look(hub: Hub, admitted: Admitted, read: Callable[[Driver], Awaitable[_Looked]]) -> _Looked:
    """What the statement shows; an occasion that the hub does not know is asked of its source once.

    Raises NotAllowed, NotFound, and SourceError when the occasion can't be verified.
    """
    for last in (False, True):
        async with hub.database.driver() as driver:
            looked = await read(driver)
        if looked.outcome != "unknown-occasion" or last:
            break
        await fetch_occasion(hub, admitted)
    if looked.outcome == "not-found":
        raise NotFound(NOT_FOUND)
    if looked.outcome != "shown":
        raise NotAllowed(OCCASION_DOES_NOT_HOLD.reason)
    return looked
