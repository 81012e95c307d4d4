"""/sources: how each source is doing, what of it could not be read, and having it pulled."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_sources import PULL_ID, Pull, QuarantineResults, SourceDetail
from relhub.api.answers import SourceResults
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key, page_query
from relhub.api.questions import PullBody
from relhub.services.ask_pull import ask_pull, read_pull
from relhub.services.asked import PageQuery
from relhub.services.list_quarantine import list_quarantine
from relhub.services.list_sources import list_sources, read_source

router = APIRouter(prefix="/v1/sources", route_class=Route, tags=["sources"])
_JSON = "application/json"
SourceName = Annotated[
    str,
    Path(
        alias="name",
        title="Bron",
        description="The name of a source, as `GET /sources` gives it.",
    ),
]


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
    return Response(await list_sources(gated.hub, gated.asked()), media_type=_JSON)


@router.get(
    "/{name}",
    operation_id="getSource",
    response_model=SourceDetail,
    summary="How one source is doing",
    description=(
        "What `GET /sources` says of it, and more: when it is due, how old the copy is, how much of what it said it has was seen, "
        "and the pull (ophaalronde) that is under way or was last. Shows nothing about anyone."
    ),
)
async def get_source(gated: Gated, name: SourceName) -> Response:
    return Response(await read_source(gated.hub, gated.asked(), name), media_type=_JSON)


@router.get(
    "/{name}/quarantine",
    operation_id="listQuarantine",
    response_model=QuarantineResults,
    summary="What of a source could not be read",
    description=(
        "Why records of this source are in quarantine (quarantaine) and since when, the newest first, in pages. What the source "
        "sent and which record it was are not shown: the administrator finds those with `relhub quarantine`."
    ),
)
async def get_quarantine(gated: Gated, name: SourceName, page: Annotated[PageQuery, Depends(page_query)]) -> Response:
    return Response(await list_quarantine(gated.hub, gated.asked(), name, page.cursor, page.limit), media_type=_JSON)


@router.post(
    "/{name}/pulls",
    operation_id="pullSource",
    response_model=Pull,
    status_code=202,
    summary="Have a source pulled now",
    description=(
        "For operators (technisch beheer), under a processing activity that may have sources pulled. A worker does it, as a rule within "
        "a second; `Location` says where to see how far it is. When a pull of this source waits or runs already, that one is the answer. "
        "Sent again with the same `Idempotency-Key` it is answered as it was the first time, and asks for nothing."
    ),
)
async def post_pull(request: Request, gated: Gated, name: SourceName, body: PullBody) -> Response:
    answer = await ask_pull(gated.hub, gated.asked(), name, accept_loss=body.accept_loss, key=idempotency_key(request))
    root = request.scope.get("root_path", "")
    return Response(answer, 202, {"Location": f"{root}/v1/sources/{name}/pulls/{orjson.loads(answer)['id']}"}, media_type=_JSON)


@router.get(
    "/{name}/pulls/{id}",
    operation_id="getPull",
    response_model=Pull,
    summary="How far a pull is",
    description="How far a pull (ophaalronde) is, or how it ended. Kept for ninety days.",
)
async def get_pull(
    gated: Gated,
    name: SourceName,
    pull_id: Annotated[
        str,
        Path(alias="id", title="Ophaalronde", description="The id of a pull.", json_schema_extra={"pattern": PULL_ID}),
    ],
) -> Response:
    return Response(await read_pull(gated.hub, gated.asked(), name, pull_id), media_type=_JSON)
