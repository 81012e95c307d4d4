"""/relations/{id}/exports and /exports: all that is held of a relation, for the one it is about."""

import re
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from relhub.api import export_page
from relhub.api.answer_exports import EXPORT_ID, Export, ExportContent
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key
from relhub.api.relations import RelationId, moved
from relhub.errors import NotFound
from relhub.services.ask_export import NO_EXPORT, ask_export, read_export
from relhub.services.open_export import open_export

router = APIRouter(prefix="/v1", route_class=Route, tags=["exports"])
_JSON: Final = "application/json"
_WELL_FORMED = re.compile(EXPORT_ID)


async def _export_id(
    export_id: Annotated[
        str,
        Path(
            alias="id",
            title="Inzage-export",
            description="The id of an export, as asking for it gave it.",
            json_schema_extra={"pattern": EXPORT_ID},
        ),
    ],
) -> str:
    """An id that can't exist is answered as one that does not."""
    if not _WELL_FORMED.fullmatch(export_id):
        raise NotFound(NO_EXPORT)
    return export_id


ExportId = Annotated[str, Depends(_export_id)]


def _base(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/v1"


@router.post(
    "/relations/{id}/exports",
    operation_id="askExport",
    response_model=Export,
    status_code=202,
    summary="Have all that is held of a relation put together",
    description=(
        "For the portal (Mijn-omgeving) of the organisation, and for who answers requests for access (AVG art. 15), under a processing activity that "
        "may have it: everything that this activity opens of the relation, with its sources, purposes and retention, and who looked (inzage-export), as "
        "JSON and as a readable page in Dutch. A worker makes it, as a rule within seconds; `Location` says where to see how far it is. Whether the "
        "activity and the occasion open the relation is decided now, and again when it is made. An export that waits or is being made for the same "
        "question is the answer. Only for the one that the relation is: that is for your application to see to. Sent again with the same "
        "`Idempotency-Key` it is answered as it was the first time. An application that officials work with sends `X-Official`, as everywhere."
    ),
)
async def post_export(request: Request, gated: Gated, relation_id: RelationId) -> Response:
    answer = await ask_export(gated.hub, gated.asked(), relation_id, idempotency_key(request), _base(request))
    if answer.relation_id != relation_id:
        return moved(request, answer.relation_id, "/exports")
    return Response(answer.body, 202, {"Location": f"{_base(request)}/exports/{orjson.loads(answer.body)['id']}"}, media_type=_JSON)


@router.get(
    "/exports/{id}",
    operation_id="getExport",
    response_model=Export,
    summary="How far an export is",
    description=(
        "How far an export (inzage-export) is, or how it ended, for the consumer, department and processing activity that asked for it: for others there "
        "is none. When it is done `links` says where what it holds is, until `expiresAt`; then that is deleted. A link by itself opens nothing: "
        "whoever follows it authenticates as always. Remembered for ninety days."
    ),
)
async def get_export(request: Request, gated: Gated, export_id: ExportId) -> Response:
    return Response(await read_export(gated.hub, gated.asked(), export_id, _base(request)), media_type=_JSON)


@router.get(
    "/exports/{id}/content",
    operation_id="getExportContent",
    response_model=ExportContent,
    summary="What an export holds",
    description=(
        "All of it as JSON, as it was when it was made. Not when the occasion does not hold any more, or when what it was made of is no longer one relation. Each time is a look (raadpleging) at the relation, and is logged."
    ),
)
async def get_content(gated: Gated, export_id: ExportId) -> Response:
    opened = await open_export(gated.hub, gated.asked(), export_id, "export-content")
    return StreamingResponse(opened.content(), media_type=_JSON)


@router.get(
    "/exports/{id}/page",
    operation_id="getExportPage",
    response_class=HTMLResponse,
    summary="What an export holds, to read",
    description=(
        "The same as a page in plain Dutch, to give to the one it is about: without scripts or anything from elsewhere, to be read aloud, printed and "
        "kept. Your application fetches it for the resident who is signed in, and passes it on."
    ),
)
async def get_page(gated: Gated, export_id: ExportId) -> Response:
    opened = await open_export(gated.hub, gated.asked(), export_id, "export-page")
    return StreamingResponse(export_page.rendered(opened), media_type="text/html", headers=export_page.HEADERS)
