"""Organisations and branches in pages; people are never listed."""

import orjson

from relhub.domain.access import Refusal
from relhub.domain.compartments import Level
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, RelationQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation
from relhub.services.search_relations import show_hit
from relhub.storage.log import add_look
from relhub.storage.parties import relations_of_kind, visible_parties

_NO_SEARCH = Refusal("This processing activity may not search, so it may not list relations either; look one up by case or by number.")


async def list_relations(hub: Hub, asked: Asked, query: RelationQuery) -> bytes:
    """Relations of this kind with a visible case that meets the filter, in a fixed order without meaning. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, "relations")
    if not admitted.profile.activity.search:
        await refuse(hub, admitted.look, _NO_SEARCH)
    await verify_without_relation(hub, admitted)
    about = f"cursor/relations/{query.kind}"
    after = (open_cursor(hub.sealer, about, query.cursor) or [""])[0]
    seen = admitted.profile.at_least(Level.summary)
    wanted = [id_ for id_ in seen if query.capacity in ("", admitted.profile.compartments[id_].capacity)]
    async with hub.database.begin() as store:
        is_open = {"open": True, "closed": False}.get(query.phase)
        found = await relations_of_kind(store.driver, query.kind, wanted, admitted.profile.bars, is_open, after, query.limit + 1)
        ids = found[: query.limit]
        shown = await visible_parties(store.driver, seen, ids)
        await add_look(store.driver, admitted.look, "shown", ids, [])
    following = seal_cursor(hub.sealer, about, [ids[-1]]) if len(found) > query.limit else None
    hits = [show_hit(hub, admitted.profile, relation_id, *shown[relation_id]) for relation_id in ids]
    return orjson.dumps({"results": [{key: hit[key] for key in ("id", "kind", "name", "city")} for hit in hits], "next": following})
