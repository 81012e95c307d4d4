"""/relations/{id}/…: what is asked of a relation by itself."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from relhub.api.answer_officials import OfficialResults
from relhub.api.answer_relations import History, SourceRecords, Timeline
from relhub.api.gate import Gated, Route
from relhub.api.parameters import page_query
from relhub.api.relations import RelationId, relation_answer
from relhub.services.asked import PageQuery
from relhub.services.list_officials import list_officials
from relhub.services.list_source_records import list_source_records
from relhub.services.show_history import show_history
from relhub.services.show_timeline import show_timeline

router = APIRouter(prefix="/v1/relations/{id}", route_class=Route, tags=["relations"])
Page = Annotated[PageQuery, Depends(page_query)]


@router.get(
    "/timeline",
    operation_id="getRelationTimeline",
    response_model=Timeline,
    summary="What happened with a relation",
    description=(
        "The cases that began and ended and, where your application sees them in full, what was decided, inspected and imposed in them "
        "(tijdlijn), and the contacts, questions and commitments that were recorded, newest first. Of what is at level `existence` nothing is told. One zaak that two systems know begins and ends once."
    ),
)
async def get_timeline(request: Request, gated: Gated, relation_id: RelationId, query: Page) -> Response:
    return relation_answer(request, await show_timeline(gated.hub, gated.asked(), relation_id, query), relation_id, "/timeline")


@router.get(
    "/officials",
    operation_id="listRelationOfficials",
    response_model=OfficialResults,
    summary="Who of us deals with a relation",
    description=(
        "The officials (medewerkers) who deal with the relation now or did so lately, as far as your application sees the cases and what was recorded "
        "here: in which capacity and for what, how to reach them, who is away and who takes over. At level `existence` it is told who deals "
        "with something now, not with what; at `referral` that a colleague is involved, to ask for through the coordinator."
    ),
)
async def get_officials(request: Request, gated: Gated, relation_id: RelationId, query: Page) -> Response:
    return relation_answer(request, await list_officials(gated.hub, gated.asked(), relation_id, query), relation_id, "/officials")


@router.get(
    "/source-records",
    operation_id="listRelationSourceRecords",
    response_model=SourceRecords,
    summary="What each source says of a relation, and why it is one",
    description=(
        "The party records (partijgegevens) behind the view that your application may see, one by one: who says what, since when, and why "
        "the record is of this relation (uitleg van de koppeling). Numbers of people are masked without the field group "
        "`identifiers`, and address and contact details follow the same rules as in the view."
    ),
)
async def get_source_records(request: Request, gated: Gated, relation_id: RelationId, query: Page) -> Response:
    return relation_answer(request, await list_source_records(gated.hub, gated.asked(), relation_id, query), relation_id, "/source-records")


@router.get(
    "/history",
    operation_id="getRelationHistory",
    response_model=History,
    summary="Which ids and records a relation had",
    description=(
        "From when until when its visible records had which id (historie): which relations were merged into it, and into which others "
        "records went when it was split. Of records that their source no longer has, or that may not be seen, nothing is told."
    ),
)
async def get_history(request: Request, gated: Gated, relation_id: RelationId, query: Page) -> Response:
    return relation_answer(request, await show_history(gated.hub, gated.asked(), relation_id, query), relation_id, "/history")
