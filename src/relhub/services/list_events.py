"""What changed, as CloudEvents in the NL GOV profile: that it did and where to ask, never what."""

import secrets
from typing import Any
from urllib.parse import quote

import orjson

from relhub.domain.access import Refusal
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, EventQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage.events import Event, events_after, horizon
from relhub.storage.log import add_look
from relhub.storage.purges import trimmed_to

_TYPES = {
    "case.changed": "nl.zaken.zaak-gewijzigd",
    "case.ended": "nl.zaken.zaak-vervallen",
    "relation.changed": "nl.relaties.relatie-gewijzigd",
    "relation.merged": "nl.relaties.relatie-samengevoegd",
    "relation.ended": "nl.relaties.relatie-vervallen",
}
_MAY_NOT_FOLLOW = Refusal("This processing activity may not follow changes; name one of which the access rule says follow = true.")
_RESTORED = Problem("query cursor", "is not one that this list gave since the store was restored; start again without it")
_TRIMMED = Problem(
    "query cursor",
    "is older than the events that are still kept, so some may be missed; read again what you follow, and start again without it",
)
_NO_OCCASION = Refusal("Changes are followed without an occasion: leave X-Occasion out.")


async def list_events(hub: Hub, asked: Asked, query: EventQuery, base: str) -> bytes:
    """The events after the cursor, in the order in which they became visible. `base`: the address of the API, for where to ask.

    Raises NotAllowed, and InvalidInput for a cursor of another list, of before the database was restored, or of before the events that are kept.
    """
    admitted = await admit(hub, asked, "events")
    profile = admitted.profile
    if not profile.activity.follow or admitted.on_case:
        await refuse(hub, admitted.look, _NO_OCCASION if profile.activity.follow else _MAY_NOT_FOLLOW)
    place = open_cursor(hub.sealer, "cursor/events", query.cursor)
    async with hub.database.begin() as store:
        before = await horizon(store.driver)
        after = (int(place[1]), int(place[2])) if place else (before if query.start == "now" else 0, 0)
        if after[0] > before:
            raise InvalidInput(_RESTORED)
        if place and after < await trimmed_to(store.driver):
            raise InvalidInput(_TRIMMED)
        found = await events_after(store.driver, after, before, profile, query.limit)
        relation_ids = sorted({event.relation_id for event in found if event.relation_id})
        await add_look(store.driver, admitted.look, "shown", relation_ids, [event.case for event in found if event.case])
    # A page that is not full has come to the horizon; what is before it is done with, also what may not be seen.
    last = (found[-1].transaction, found[-1].id) if len(found) == query.limit else max(after, (before, 0))
    return orjson.dumps({"results": [_cloud_event(hub, event, base) for event in found], "next": _cursor(hub, last)})


def _cursor(hub: Hub, place: tuple[int, int]) -> str:
    """Another one each time and always as long, so that it does not tell whether anything happened that may not be seen."""
    return seal_cursor(hub.sealer, "cursor/events", [secrets.token_hex(8), *(f"{number:020}" for number in place)])


def _cloud_event(hub: Hub, event: Event, base: str) -> dict[str, Any]:
    source, _, case_id = (event.case or "").partition("/")
    where = f"relations/{event.relation_id}" if event.relation_id else f"cases/{source}/{quote(case_id, safe='')}"
    return {
        "specversion": "1.0",
        "id": hub.sealer.tag(f"event {event.id}".encode()),
        "source": hub.event_source,
        "type": _TYPES[event.type],
        "time": at_utc(event.at),
        "subject": event.relation_id or event.case,
        "dataref": f"{base}/{where}",
    }
