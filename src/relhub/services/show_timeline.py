"""What happened with one relation, newest first."""

from datetime import date

import orjson

from relhub.services.admit import admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.look import look
from relhub.storage.timeline import timeline


async def show_timeline(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """Cases that began and ended (from summary on), what was decided, inspected and imposed (in full). Raises NotAllowed, NotFound, InvalidInput."""
    admitted = await admit(hub, asked, "timeline", verified_with_the_look=True)
    place = open_cursor(hub.sealer, f"timeline/{relation_id}", query.cursor)
    after = (date.fromisoformat(place[0]), int(place[1]), int(place[2])) if place else None
    found = await look(
        hub,
        admitted,
        lambda driver: timeline(
            driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look, limit=query.limit, after=after
        ),
    )
    shown = found.moments[: query.limit]
    more = len(found.moments) > query.limit
    following = seal_cursor(hub.sealer, f"timeline/{found.relation_id}", list(shown[-1][1])) if more else None
    body = b'{"results":[' + b",".join(body for body, _ in shown) + b'],"next":' + orjson.dumps(following) + b"}"
    return View(found.relation_id, body, hub.sealer.tag(body))
