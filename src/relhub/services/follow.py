"""Following changes: who may, and what they are told of one, by whichever way they are told."""

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from relhub.domain.access import Profile, Refusal
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import Admitted, admit, decide_now, refuse
from relhub.services.asked import Asked
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage.database import Driver
from relhub.storage.events import Event
from relhub.storage.purges import trimmed_to
from relhub.storage.sealing import Sealer

TYPES: Final[Mapping[str, str]] = {
    "case.changed": "nl.zaken.zaak-gewijzigd",
    "case.ended": "nl.zaken.zaak-vervallen",
    "relation.changed": "nl.relaties.relatie-gewijzigd",
    "relation.merged": "nl.relaties.relatie-samengevoegd",
    "relation.ended": "nl.relaties.relatie-vervallen",
    "alert.raised": "nl.relaties.attendering-ontstaan",
}
"""Of events, as they are told."""

Place = tuple[int, int]
"""(transaction, id) of an event: all up to there was told."""

_MAY_NOT_FOLLOW = Refusal("This processing activity may not follow changes; name one of which the access rule says follow = true.")
_NO_OCCASION = Refusal("Changes are followed without an occasion: leave X-Occasion out.")
_RESTORED = "is not one that this list gave since the store was restored; start again without it"
_TRIMMED = "is older than the events that are still kept, so some may be missed; read again what you follow, and start again without it"


async def admit_follower(hub: Hub, asked: Asked, operation: str) -> Admitted:
    """As `admit`, for an activity that may follow. Raises NotAllowed (logged)."""
    admitted = await admit(hub, asked, operation)
    if refusal := _may_not(admitted.profile, on_case=admitted.on_case):
        await refuse(hub, admitted.look, refusal)
    return admitted


def decide_follower(hub: Hub, asked: Asked, operation: str) -> Admitted | Refusal:
    """The same for who asked before, with the rules in force now; logs nothing."""
    admitted = decide_now(hub, asked, operation)
    if isinstance(admitted, Refusal):
        return admitted
    return _may_not(admitted.profile, on_case=False) or admitted


def _may_not(profile: Profile, *, on_case: bool) -> Refusal | None:
    if not profile.activity.follow:
        return _MAY_NOT_FOLLOW
    return _NO_OCCASION if on_case else None


async def read_place(hub: Hub, driver: Driver, cursor: str, before: int, where: str = "query cursor") -> Place | None:
    """Where a cursor of events stands; None for no cursor. Raises InvalidInput for one of another list, or one that is not known any more."""
    try:
        found = open_cursor(hub.sealer, "cursor/events", cursor)
    except InvalidInput as error:
        raise InvalidInput(Problem(where, error.problems[0].detail)) from None
    if found is None:
        return None
    place = (int(found[1]), int(found[2]))
    if place[0] > before:
        raise InvalidInput(Problem(where, _RESTORED))
    if place < await trimmed_to(driver):
        raise InvalidInput(Problem(where, _TRIMMED))
    return place


def write_place(sealer: Sealer, place: Place) -> str:
    """Another one each time and always as long, so that it does not tell whether anything happened that may not be seen."""
    return seal_cursor(sealer, "cursor/events", [secrets.token_hex(8), *(f"{number:020}" for number in place)])


def event_id(hub: Hub, event: int) -> str:
    """As it is told: the same each time."""
    return hub.sealer.tag(f"event {event}".encode())


def cloud_event(hub: Hub, event: Event, base: str) -> dict[str, Any]:
    """As a CloudEvent in the NL GOV profile: that it changed and where to ask, never what."""
    source, _, case_id = (event.case or "").partition("/")
    alerts = "/alerts" if event.type == "alert.raised" else ""
    where = f"relations/{event.relation_id}{alerts}" if event.relation_id else f"cases/{source}/{quote(case_id, safe='')}"
    return {
        "specversion": "1.0",
        "id": event_id(hub, event.id),
        "source": hub.event_source,
        "type": TYPES[event.type],
        "time": at_utc(event.at),
        "subject": event.relation_id or event.case,
        "dataref": f"{base}/{where}",
    }
