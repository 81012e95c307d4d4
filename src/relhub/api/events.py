"""/events: what changed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from relhub.api.answer_events import Events
from relhub.api.gate import Gated, Route
from relhub.api.parameters import event_query
from relhub.services.asked import EventQuery
from relhub.services.list_events import list_events

router = APIRouter(prefix="/v1/events", route_class=Route, tags=["events"])


@router.get(
    "",
    operation_id="listEvents",
    response_model=Events,
    summary="What changed",
    description=(
        "For an application that keeps something of its own up to date: that relations and cases changed (gebeurtenissen), as CloudEvents in the "
        "NL GOV profile, and where to ask what they are now. Keep `next`, and ask with it again; nothing is skipped, also when a slower "
        "transaction commits later, and an event may come twice. After the store was restored from a backup an old cursor may be refused with "
        "400: start again without it. Only changes of records that your processing activity may see are told: of a relation from level "
        "`existence` on, of a case from `summary` on. Following changes is a right of its own, as it shows ids of many relations without an occasion: the access rule says `follow = true`, and `X-Occasion` is left out. Every question is logged with the "
        "relations that it named."
    ),
)
async def get_events(request: Request, gated: Gated, query: Annotated[EventQuery, Depends(event_query)]) -> Response:
    base = f"{request.scope.get('root_path', '')}/v1"
    return Response(await list_events(gated.hub, gated.asked(), query, base), media_type="application/json")
