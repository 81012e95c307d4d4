"""All cases of a relation, page by page."""

from relhub.services.admit import admit
from relhub.services.asked import Asked, CaseQuery, View
from relhub.services.cursors import read_cursor
from relhub.services.hub import Hub
from relhub.services.view_relation import case_page, load


async def list_cases(hub: Hub, asked: Asked, relation_id: str, query: CaseQuery) -> View:
    """The visible cases, open ones first, newest first. Raises NotAllowed, NotFound, InvalidInput."""
    admitted = await admit(hub, asked, "cases", verified_with_the_look=True)
    after = read_cursor(hub.sealer, relation_id, query.cursor)
    only_open = {"open": True, "closed": False}.get(query.phase)
    parts = await load(hub, admitted, relation_id, limit=query.limit, only_open=only_open, after=after)
    body = case_page(hub, parts, query.limit, name="results")
    return View(parts.relation_id, body, hub.sealer.tag(body))
