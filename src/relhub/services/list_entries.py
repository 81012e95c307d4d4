"""The contact moments, tasks or commitments of one relation, page by page."""

from datetime import datetime

import orjson

from relhub.domain.entries import Sort
from relhub.services.admit import admit
from relhub.services.asked import Asked, EntryQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.look import look
from relhub.storage.entries_seen import EntryPage, listed_entries


async def list_entries(hub: Hub, asked: Asked, relation_id: str, sort: Sort, query: EntryQuery) -> View:
    """Those that may be seen, the last first. Raises NotAllowed, NotFound, Restricted, InvalidInput."""
    admitted = await admit(hub, asked, f"{sort}s", verified_with_the_look=True)
    place = open_cursor(hub.sealer, about(sort, relation_id), query.cursor)
    after = (datetime.fromisoformat(place[0]), int(place[1])) if place else None
    found = await look(
        hub,
        admitted,
        lambda driver: listed_entries(
            driver,
            relation_id,
            admitted.profile,
            admitted.occasion_case,
            admitted.look,
            sort=sort,
            is_open=query.is_open,
            after=after,
            limit=query.limit,
        ),
    )
    body = entry_page(hub, sort, found.relation_id, found.page, name="results")
    return View(found.relation_id, body, hub.sealer.tag(body))


def about(sort: Sort, relation_id: str) -> str:
    """What cursors of this list are sealed for."""
    return f"cursor/{sort}s/of/{relation_id}"


def entry_page(hub: Hub, sort: Sort, relation_id: str, page: EntryPage, *, name: str) -> bytes:
    """Entries as a page: `{"next": …, "items": […]}`."""
    following = seal_cursor(hub.sealer, about(sort, relation_id), [page.last[0].isoformat(), page.last[1]]) if page.last else None
    return b'{"next":' + orjson.dumps(following) + b',"' + name.encode() + b'":[' + b",".join(page.parts) + b"]}"
