"""/subject-requests and /relations/{id}/subject-requests: what the one it is about asks, and what is decided on it."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_requests import REQUEST_ID, RequestResults, SubjectRequest
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key, request_query
from relhub.api.relations import RelationId
from relhub.api.request_questions import DecisionBody, RequestBody
from relhub.services.asked import RequestQuery
from relhub.services.decide_request import decide_request
from relhub.services.make_request import make_request
from relhub.services.show_requests import list_requests, show_request

router = APIRouter(prefix="/v1", route_class=Route, tags=["subject-requests"])
_JSON = "application/json"
RequestId = Annotated[
    str, Path(alias="id", title="Verzoeknummer", description="The id of a request.", json_schema_extra={"pattern": REQUEST_ID})
]


@router.post(
    "/relations/{id}/subject-requests",
    operation_id="makeSubjectRequest",
    response_model=SubjectRequest,
    status_code=201,
    summary="Ask something about one's own data",
    description=(
        "For the portal (Mijn-omgeving) of the organisation, under a processing activity that may make requests for the one the relation is: that "
        "it is them is for the portal to see to. What protects takes effect at once, until somebody has looked into it: a contested record "
        "is set apart from the relation, and of who asks for restriction or objects nothing is shown to activities that may not use it all the same "
        "(they are answered with the problem `restricted`). A correction goes to the owner of the source. The answer is due within a month."
    ),
)
async def post_request(request: Request, gated: Gated, relation_id: RelationId, body: RequestBody) -> Response:
    answer = await make_request(gated.hub, gated.asked(), relation_id, body.form(), idempotency_key(request))
    root = request.scope.get("root_path", "")
    return Response(answer, 201, {"Location": f"{root}/v1/subject-requests/{orjson.loads(answer)['id']}"}, media_type=_JSON)


@router.get(
    "/subject-requests",
    operation_id="listSubjectRequests",
    response_model=RequestResults,
    summary="The requests to be answered",
    description=(
        "For privacy officers and data stewards (gegevensbeheerders), under a processing activity that may handle requests: those to your own "
        "organisation, the first due first, in pages; without what they say."
    ),
)
async def get_requests(gated: Gated, query: Annotated[RequestQuery, Depends(request_query)]) -> Response:
    return Response(await list_requests(gated.hub, gated.asked(), query), media_type=_JSON)


@router.get(
    "/subject-requests/{id}",
    operation_id="getSubjectRequest",
    response_model=SubjectRequest,
    summary="One request",
    description="For who handles requests, and for the application that made it: what was asked, how it goes on, and what was answered.",
)
async def get_request(gated: Gated, request_id: RequestId) -> Response:
    return Response(await show_request(gated.hub, gated.asked(), request_id), media_type=_JSON)


@router.post(
    "/subject-requests/{id}/decisions",
    operation_id="decideSubjectRequest",
    response_model=SubjectRequest,
    summary="Decide on a request",
    description=(
        "For who handles requests; the application that made one may withdraw it. Granted, what was done at once stays: a contested record stays "
        "apart, as a decision of a data steward. Refused or withdrawn, it is undone as if it had not been. The answer is kept with it."
    ),
)
async def post_decision(request: Request, gated: Gated, request_id: RequestId, body: DecisionBody) -> Response:
    answer = await decide_request(gated.hub, gated.asked(), request_id, body.outcome, body.answer, idempotency_key(request))
    return Response(answer, media_type=_JSON)
