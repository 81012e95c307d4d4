"""The requests of whom it is about: for who handles them, and each for the portal that made it."""

from dataclasses import replace
from datetime import date
from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.services.admit import Admitted, admit, not_found, refuse
from relhub.services.asked import Asked, RequestQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.subject_requests import SubjectRequest, changed_since, find_request, words_of
from relhub.storage.subject_requests import list_requests as requests_after

NO_REQUEST = "There is no such request, or none that this processing activity may see."
_MAY_NOT = Refusal("This processing activity may not see the requests; name one of which the access rule says handle_requests = true.")


def may_see(admitted: Admitted, request: SubjectRequest) -> bool:
    """Who handles those of the organisation, and the application that made it."""
    activity, look = admitted.profile.activity, admitted.look
    return (activity.handle_requests and request.organisation == look.organisation) or (
        activity.make_requests and request.consumer == look.consumer
    )


async def show_request(hub: Hub, asked: Asked, id_: str) -> bytes:
    """One request, with what was asked and answered in words. Raises NotAllowed, NotFound."""
    admitted = await admit(hub, asked, "subject-request")
    if not (admitted.profile.activity.handle_requests or admitted.profile.activity.make_requests):
        await refuse(hub, admitted.look, _MAY_NOT)
    async with hub.database.begin() as store:
        request = await find_request(store, id_)
        body = None
        if request is not None and may_see(admitted, request):
            body = orjson.dumps(await describe(hub, store, request))
            await add_look(store.driver, admitted.look, "shown", [request.relation_id], [])
    if body is None:
        await not_found(hub, admitted.look, NO_REQUEST)
    return body


async def list_requests(hub: Hub, asked: Asked, query: RequestQuery) -> bytes:
    """Those to the consumer's organisation, the first due first, without words. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, "subject-requests")
    if not admitted.profile.activity.handle_requests:
        await refuse(hub, admitted.look, _MAY_NOT)
    about = f"cursor/subject-requests/{orjson.dumps(replace(query, cursor='', limit=0)).hex()}"
    place = open_cursor(hub.sealer, about, query.cursor)
    after = (date.fromisoformat(place[0]), place[1]) if place else None
    async with hub.database.begin() as store:
        found = await requests_after(store, admitted.look.organisation, query.state, query.sort, query.source, after, query.limit + 1)
        shown = found[: query.limit]
        await add_look(store.driver, admitted.look, "shown", sorted({request.relation_id for request in shown}), [])
    more = len(found) > query.limit
    following = seal_cursor(hub.sealer, about, [shown[-1].due_on.isoformat(), shown[-1].id]) if more else None
    return orjson.dumps({"results": [_in_short(request) for request in shown], "next": following})


async def describe(hub: Hub, store: Store, request: SubjectRequest) -> dict[str, Any]:
    """As answers show one request."""
    words, answer = await words_of(store, hub.sealer, request.id)
    followed = {"changedSince": await changed_since(store, request)} if request.sort == "correction" else {}
    return {**_in_short(request), "words": words, "answer": answer or None, **followed}


def _in_short(request: SubjectRequest) -> dict[str, Any]:
    about: dict[str, Any] = {}
    if request.record[1]:
        about["record"] = {"source": request.record[0], "key": request.record[1]}
    if request.case[1]:
        about["case"] = "/".join(request.case)
    if request.sort == "objection":
        about["activities"] = list(request.activities)
    return {
        "id": request.id,
        "sort": request.sort,
        "state": request.state,
        "relation": request.relation_id,
        **about,
        **({"field": request.field} if request.field else {}),
        "receivedAt": at_utc(request.received_at),
        "dueOn": request.due_on.isoformat(),
        "extended": request.extended,
        "decidedAt": at_utc(request.decided_at) if request.decided_at else None,
    }
