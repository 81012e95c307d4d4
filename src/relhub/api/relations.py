"""/relations: the view of a relation, found by its id, by a reference or by facts, and its cases."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_party import RELATION_ID
from relhub.api.answer_relations import BatchResults, RelationResults
from relhub.api.answers import CaseResults, RelationView, SearchResults
from relhub.api.errors import METHOD_NOT_ALLOWED, refused
from relhub.api.etag import tagged
from relhub.api.gate import Gated, Route
from relhub.api.parameters import case_query, relation_query, view_options
from relhub.api.questions import BatchBody, LookupBody, SearchBody
from relhub.errors import NotFound
from relhub.services.asked import CaseQuery, RelationQuery, View, ViewOptions
from relhub.services.list_cases import list_cases
from relhub.services.list_relations import list_relations
from relhub.services.look import NOT_FOUND
from relhub.services.lookup_batch import lookup_batch
from relhub.services.lookup_relation import lookup_relation
from relhub.services.search_relations import search_relations
from relhub.services.view_relation import view_relation

router = APIRouter(prefix="/v1/relations", route_class=Route, tags=["relations"])
_JSON = "application/json"
_WELL_FORMED = re.compile(RELATION_ID)


async def _relation_id(
    relation_id: Annotated[
        str,
        Path(
            alias="id",
            title="Relatienummer",
            description="The id of a relation, as answers give it.",
            json_schema_extra={"pattern": RELATION_ID},
        ),
    ],
) -> str:
    """An id that can't exist is answered as one that does not."""
    if relation_id in ("_batch", "_lookup", "_search"):  # addresses of their own, for another method
        raise refused(METHOD_NOT_ALLOWED, Allow="POST")
    if not _WELL_FORMED.fullmatch(relation_id):
        raise NotFound(NOT_FOUND)
    return relation_id


RelationId = Annotated[str, Depends(_relation_id)]
Options = Annotated[ViewOptions, Depends(view_options)]


def _json(body: bytes) -> Response:
    return Response(body, media_type=_JSON)


def moved(request: Request, relation_id: str, rest: str = "") -> Response:
    """The relation goes by another id now: the same question there."""
    root, query = request.scope.get("root_path", ""), request.url.query
    return Response(status_code=308, headers={"Location": f"{root}/v1/relations/{relation_id}{rest}{'?' + query if query else ''}"})


@router.post(
    "/_lookup",
    operation_id="lookupRelation",
    response_model=RelationView,
    summary="Look up a relation by what you know of it",
    description=(
        "From a case number, an official number or a source's own number to the whole view, in one call (opzoeken). "
        "The number goes in the body: nothing about anyone is ever in a URL. "
        "By case the answer is about the applicant, and `otherParties` names the others."
    ),
)
async def lookup(gated: Gated, options: Options, body: LookupBody) -> Response:
    view = await lookup_relation(gated.hub, gated.asked(), body.reference(), options)
    return _json(view.body)


@router.post(
    "/_search",
    operation_id="searchRelations",
    response_model=SearchResults,
    summary="Search relations by facts",
    description=(
        "At least two facts that the relation has to meet (zoeken). Only for processing activities that may search; every"
        " search is logged with what it found. "
        "Whoever gets too many must say more: there are no further pages."
    ),
)
async def search(gated: Gated, body: SearchBody) -> Response:
    return _json(await search_relations(gated.hub, gated.asked(), body.query()))


@router.post(
    "/_batch",
    operation_id="lookupRelations",
    response_model=BatchResults,
    summary="Look up many relations for a list screen",
    description=(
        "Up to 100 references at once, and of each relation the summary (samenvatting) of its open cases only, as in its view. Each has an outcome of its own, "
        "so that one that is not found does not spoil the others; only what can't be a reference at all makes the whole a bad request. The store "
        "is asked and no source, so a case that relhub does not know is not found here; `_lookup` fetches it. An occasion counts for all: with "
        "one, the relations that its case involves are shown, such as the parties of a project. Every relation is logged by itself."
    ),
)
async def lookup_many(gated: Gated, body: BatchBody) -> Response:
    return _json(await lookup_batch(gated.hub, gated.asked(), [each.reference() for each in body.references]))


@router.get(
    "",
    operation_id="listRelations",
    response_model=RelationResults,
    summary="Organisations or branches",
    description=(
        "The organisations (organisaties) or branches (vestigingen) that have a case which your application may see from `summary` on, in pages, "
        "with little more than their names. People are never listed. For processing activities that may search, as this shows many relations "
        "without a question about any; logged with all that it showed. Nothing is counted."
    ),
)
async def get_relations(gated: Gated, query: Annotated[RelationQuery, Depends(relation_query)]) -> Response:
    return _json(await list_relations(gated.hub, gated.asked(), query))


@router.get(
    "/{id}",
    operation_id="getRelation",
    response_model=RelationView,
    summary="The view of a relation",
    description="Everything that your application may know of this relation now (relatiebeeld), from all sources in one record.",
)
async def get_relation(request: Request, gated: Gated, relation_id: RelationId, options: Options) -> Response:
    return relation_answer(request, await view_relation(gated.hub, gated.asked(), relation_id, options), relation_id)


@router.get(
    "/{id}/cases",
    operation_id="listRelationCases",
    response_model=CaseResults,
    summary="The cases of a relation",
    description="All cases (zaken) of this relation that your application may see, the newest open ones first, in pages.",
)
async def get_cases(request: Request, gated: Gated, relation_id: RelationId, query: Annotated[CaseQuery, Depends(case_query)]) -> Response:
    return relation_answer(request, await list_cases(gated.hub, gated.asked(), relation_id, query), relation_id, "/cases")


def relation_answer(request: Request, view: View, relation_id: str, rest: str = "") -> Response:
    """The view, or where the relation is now."""
    return tagged(request, view.body, view.tag) if view.relation_id == relation_id else moved(request, view.relation_id, rest)
