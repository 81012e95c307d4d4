"""/consultation-log and /relations/{id}/consultation-log: who looked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from relhub.api.answer_log import ConsultationResults, SubjectConsultations
from relhub.api.gate import Gated, Route
from relhub.api.log_questions import LogBody
from relhub.api.parameters import page_query
from relhub.api.relations import RelationId, moved
from relhub.services.asked import PageQuery
from relhub.services.search_log import search_log
from relhub.services.show_consultations import show_consultations

router = APIRouter(prefix="/v1", route_class=Route, tags=["consultation-log"])
Page = Annotated[PageQuery, Depends(page_query)]


@router.post(
    "/consultation-log/_search",
    operation_id="searchConsultationLog",
    response_model=ConsultationResults,
    summary="Who looked at whom, and why",
    description=(
        "For privacy officers (functionaris gegevensbescherming), under a processing activity that may inspect the log: the consultations "
        "(raadplegingen), refusals included, that meet all that is given, the last first, in pages. By relation also those of relations that were "
        "merged with it, and of the ids that its records had before. With a relation, an official or a trace it is quick over all years; "
        "otherwise give a period. The search is itself a consultation, of all relations that it names."
    ),
)
async def post_search(gated: Gated, body: LogBody, query: Page) -> Response:
    return Response(await search_log(gated.hub, gated.asked(), body.wanted(), query), media_type="application/json")


@router.get(
    "/relations/{id}/consultation-log",
    operation_id="listRelationConsultations",
    response_model=SubjectConsultations,
    summary="Who looked at a relation, for the one it is about",
    description=(
        "For the portal (Mijn-omgeving) of the organisation, under a processing activity that may show it, and only to the one that the relation is: "
        "that is for the portal to see to. When was looked, for what and by which department, the last first, in pages. Not by which official: "
        "who needs to know that asks the organisation (CJEU C-579/21). What may not be told, such as an investigation into fraud, is left out."
    ),
)
async def get_consultations(request: Request, gated: Gated, relation_id: RelationId, query: Page) -> Response:
    view = await show_consultations(gated.hub, gated.asked(), relation_id, query)
    if view.relation_id != relation_id:
        return moved(request, view.relation_id, "/consultation-log")
    return Response(view.body, media_type="application/json")
