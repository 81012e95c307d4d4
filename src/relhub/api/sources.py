"""/sources: how each source is doing."""

from fastapi import APIRouter, Response

from relhub.api.answers import SourceResults
from relhub.api.gate import Gated, Route
from relhub.services.list_sources import list_sources

router = APIRouter(prefix="/sources", route_class=Route, tags=["sources"])


@router.get(
    "",
    operation_id="listSources",
    response_model=SourceResults,
    summary="The sources and how each is doing",
    description=(
        "For whoever watches over the sources (bronnen): state, last success, last error, and what is in quarantine. Shows "
        "nothing about anyone."
    ),
)
async def get_sources(gated: Gated) -> Response:
    return Response(await list_sources(gated.hub, gated.asked()), media_type="application/json")
