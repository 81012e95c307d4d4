"""What changed, as CloudEvents in the NL GOV profile: that it did and where to ask, never what."""

import orjson

from relhub.services.admit import renewed
from relhub.services.asked import Asked, EventQuery
from relhub.services.follow import admit_follower, cloud_event, read_place, write_place
from relhub.services.hub import Hub
from relhub.storage.events import events_after, horizon
from relhub.storage.log import add_look


async def list_events(hub: Hub, asked: Asked, query: EventQuery, base: str) -> bytes:
    """The events after the cursor, in the order in which they became visible. `base`: the address of the API, for where to ask.

    Raises NotAllowed, and InvalidInput for a cursor of another list, of before the database was restored, or of before the events that are kept.
    """
    admitted = await admit_follower(hub, asked, "events")
    async with hub.database.begin() as store:
        before = await horizon(store.driver)
        await renewed(
            hub, store.driver, admitted
        )  # after the horizon: else an event before it may be of a compartment that is not known here
        place = await read_place(hub, store.driver, query.cursor, before)
        after = place or (before if query.start == "now" else 0, 0)
        found = await events_after(store.driver, after, before, admitted.profile, query.limit)
        relation_ids = sorted({event.relation_id for event in found if event.relation_id})
        await add_look(store.driver, admitted.look, "shown", relation_ids, [event.case for event in found if event.case])
    # A page that is not full has come to the horizon; what is before it is done with, also what may not be seen.
    last = found[-1].place if len(found) == query.limit else max(after, (before, 0))
    return orjson.dumps({"results": [cloud_event(hub, event, base) for event in found], "next": write_place(hub.sealer, last)})
