"""Looking at one relation: the statement that shows it also verifies the occasion and writes the log row."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from relhub.domain.access import occasion_does_not_hold
from relhub.errors import NotAllowed, NotFound, Restricted
from relhub.services.admit import Admitted, fetch_occasion, not_found, refuse, renew, restricted
from relhub.services.hub import Hub
from relhub.storage.cases import is_open_with
from relhub.storage.database import Driver
from relhub.storage.seen import verdict

NOT_FOUND = "There is no such relation, or nothing of it that this processing activity may see."


class Looked(Protocol):
    """What such a statement gave: shown | refused | unknown-occasion | not-found | restricted | outdated."""

    @property
    def outcome(self) -> str: ...


_Looked = TypeVar("_Looked", bound=Looked)


async def look(hub: Hub, admitted: Admitted, read: Callable[[Driver], Awaitable[_Looked]]) -> _Looked:
    """What the statement shows, which is to read the profile of `admitted` each time. Raises as `look_with` does."""
    return await look_with(hub, admitted, lambda: hub.database.in_turn(read))


async def look_with(hub: Hub, admitted: Admitted, read: Callable[[], Awaitable[_Looked]]) -> _Looked:
    """What `read` shows, which opens a connection or transaction of its own each time. An occasion that the hub does not know is asked of its source once.

    Raises NotAllowed, NotFound, Restricted, and SourceError when the occasion can't be verified.
    """
    looked = await _looked(hub, admitted, read)
    if looked.outcome == "not-found":
        raise NotFound(NOT_FOUND)
    if looked.outcome == "restricted":
        raise Restricted(admitted.profile.coordinator)
    if looked.outcome != "shown":
        raise NotAllowed(admitted.does_not_hold.reason)
    return looked


async def _looked(hub: Hub, admitted: Admitted, read: Callable[[], Awaitable[_Looked]]) -> _Looked:
    fetched = False
    while True:
        looked = await read()
        if looked.outcome == "outdated":
            await renew(hub, admitted)
        elif looked.outcome == "unknown-occasion" and not fetched:
            await fetch_occasion(hub, admitted)
            fetched = True
        else:
            return looked


async def look_to_write(hub: Hub, admitted: Admitted, relation_id: str) -> str:
    """The id that the relation has now, for who is to write something about it. Raises as `look` does, and logs that."""
    found = await _looked(
        hub,
        admitted,
        lambda: hub.database.in_turn(lambda driver: verdict(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look)),
    )
    if found.outcome == "not-found":
        await not_found(hub, admitted.look, NOT_FOUND)
    if found.outcome == "restricted":
        await restricted(hub, admitted)
    if found.outcome != "shown":
        await refuse(hub, admitted.look, admitted.does_not_hold)
    return found.relation_id


async def verify_without_relation(hub: Hub, admitted: Admitted) -> None:
    """For a question about no one relation: a case that is named as the occasion must be open, and with the consumer's own department.

    Raises NotAllowed (logged), and SourceError when a case that the hub does not know can't be asked of its source.
    """
    if not admitted.on_case:
        return
    refusal = occasion_does_not_hold(admitted.profile.activity, with_relation=False)
    for last in (False, True):
        async with hub.database.driver() as driver:
            holds = await is_open_with(driver, admitted.profile, *admitted.occasion_case, admitted.look.department)
        if holds:
            return
        if holds is None and not last:
            await fetch_occasion(hub, admitted, refusal)
    await refuse(hub, admitted.look, refusal)
