"""Looking at one case: what is not known is asked of its source first, and the occasion must be that case or have to do with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from relhub.services.admit import Admitted, fetch_logged, fetch_occasion, not_found, refuse, restricted
from relhub.services.fetch_case import could_show
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation


class FoundCase(Protocol):
    """`records`: empty when there is no such case, or nothing of it that may be seen; `holds`: whether the occasion does, None when it is not known.

    `restricted`: it is there, and someone in it has a mark that bars this activity.
    """

    @property
    def records(self) -> Sequence[Any]: ...

    @property
    def holds(self) -> bool | None: ...

    @property
    def restricted(self) -> bool: ...


_Found = TypeVar("_Found", bound=FoundCase)


async def look_at_case(
    hub: Hub, admitted: Admitted, source: str, case_id: str, read: Callable[[], Awaitable[_Found]], reason: str
) -> _Found:
    """What `read` finds, which is to log it when it is shown. `reason`: why nothing is found, when nothing is.

    Raises NotAllowed, NotFound, Restricted, and SourceError when the source has to be asked and does not answer.
    """
    if admitted.occasion_case != (source, case_id):
        await verify_without_relation(hub, admitted)  # before a source is asked for another case on its account
    found = await read()
    if admitted.on_case and found.holds is None:
        await fetch_occasion(hub, admitted)
        found = await read()
    if not found.records and not found.restricted and could_show(hub, admitted.profile, source):
        await fetch_logged(hub, admitted, source, case_id)  # also one that may not be seen: neither can be told from the other
        found = await read()
    if admitted.on_case and not found.holds:
        await refuse(hub, admitted.look, admitted.does_not_hold)
    if found.restricted:
        await restricted(hub, admitted)
    if not found.records:
        await not_found(hub, admitted.look, reason)
    return found
