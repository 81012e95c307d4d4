"""/relations/{id}/managers: who is the face of the organisation to a relation."""

from typing import Annotated, Any, Literal, Self

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ConfigDict, Field, model_validator

from relhub.api.answer_cases import Capacity
from relhub.api.answer_managers import MANAGER_ID, Manager, ManagerResults
from relhub.api.entry_questions import Text
from relhub.api.etag import known
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key, page_query
from relhub.api.questions import PRINTABLE, Strict, bounded
from relhub.api.relations import RelationId, relation_answer
from relhub.domain.relation_managers import Step
from relhub.services.asked import PageQuery
from relhub.services.set_manager import ManagerForm, set_manager, step_manager
from relhub.services.show_managers import list_managers

router = APIRouter(prefix="/v1/relations/{id}/managers", route_class=Route, tags=["relations"])
_Page = Annotated[PageQuery, Depends(page_query)]
ManagerId = Annotated[
    str,
    Path(
        alias="managerId",
        title="Nummer van de relatiebeheerder",
        description="The id of a relation manager.",
        json_schema_extra={"pattern": MANAGER_ID},
    ),
]
_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]
_OFFICIAL, _DEPARTMENT = "The account of the official; without it yours.", "The department; without it that of the official, or yours."


class ManagerBody(Strict):
    """Who is to be the relation manager (relatiebeheerder)."""

    official: _Name = Field(default="", title="Medewerker", description=_OFFICIAL, examples=["m.bos"])
    department: _Name = Field(default="", title="Afdeling", description=_DEPARTMENT, examples=["Relatiebeheer"])
    text: Text = Field(default="", title="Reden", description="Why.", examples=["Heeft met drie afdelingen te maken."])
    capacity: Capacity = Field(
        default=None,  # type: ignore[arg-type]  # absent, never null
        title="Hoedanigheid",
        description="In which capacity only; without it for the whole relation.",
    )

    def form(self) -> ManagerForm:
        return ManagerForm(self.official, self.department, self.text, self.capacity or "")


def _who_only_when_handed_over(schema: dict[str, Any]) -> None:
    bounded(schema)
    schema["if"] = {"properties": {"step": {"const": "ended"}}, "required": ["step"]}
    schema["then"] = {"properties": {"official": False, "department": False}}


class ManagerStepBody(Strict):
    """What is done with a relation manager."""

    model_config = ConfigDict(json_schema_extra=_who_only_when_handed_over)

    step: Literal["handed-over", "ended"] = Field(
        title="Stap", description="`handed-over` (overgedragen): somebody else is it from now on. `ended` (beëindigd): nobody is."
    )
    official: _Name = Field(default="", title="Medewerker", description=f"With `handed-over`: {_OFFICIAL}", examples=["m.bos"])
    department: _Name = Field(default="", title="Afdeling", description=f"With `handed-over`: {_DEPARTMENT}", examples=["Relatiebeheer"])
    text: Text = Field(default="", title="Reden", description="Why.", examples=["Gaat met pensioen."])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.step == "ended" and (self.official or self.department):
            raise ValueError("must not have official or department when step is ended")
        return self

    def form(self) -> tuple[Step, ManagerForm]:
        return self.step, ManagerForm(self.official, self.department, self.text)


@router.post(
    "",
    operation_id="setRelationManager",
    response_model=Manager,
    status_code=201,
    summary="Say who is the relation manager",
    description=(
        "Where nobody is it yet, under a processing activity whose access rule says `manage = true`. Tasks can be handed over to who it is "
        "(`relationManager`), and the summary of the view names them. Where somebody is it already: hand over from that one."
    ),
)
async def post_manager(request: Request, gated: Gated, relation_id: RelationId, body: ManagerBody) -> Response:
    answer = await set_manager(gated.hub, gated.asked(), relation_id, body.form(), idempotency_key(request))
    root = request.scope.get("root_path", "")
    return _tagged(answer, 201, {"Location": f"{root}/v1/relations/{relation_id}/managers"})


@router.get(
    "",
    operation_id="listRelationManagers",
    response_model=ManagerResults,
    summary="Who is the face of the organisation to a relation",
    description=(
        "The relation managers (relatiebeheerders), of the whole relation and per capacity, with how to reach them and who takes over; from level "
        "`summary` on also who was it before. Who is it for the whole relation is seen by whoever sees any capacity of that organisation."
    ),
)
async def get_managers(request: Request, gated: Gated, relation_id: RelationId, query: _Page) -> Response:
    return relation_answer(request, await list_managers(gated.hub, gated.asked(), relation_id, query), relation_id, "/managers")


@router.post(
    "/{managerId}/steps",
    operation_id="changeRelationManager",
    response_model=Manager,
    summary="Hand over to another relation manager, or end it",
    description=(
        "The answer is who is it from now on, or with `ended` who no longer is. `If-Match` takes the `id` of the one that you saw as the present one, "
        "in quotes; 412 shows who is it meanwhile."
    ),
)
async def post_manager_step(
    request: Request, gated: Gated, relation_id: RelationId, manager_id: ManagerId, body: ManagerStepBody
) -> Response:
    step, form = body.form()
    answer = await step_manager(gated.hub, gated.asked(), relation_id, manager_id, step, form, known(request), idempotency_key(request))
    return _tagged(answer, 200, {})


def _tagged(answer: bytes, status: int, headers: dict[str, str]) -> Response:
    return Response(answer, status, {**headers, "ETag": f'"{orjson.loads(answer)["id"]}"'}, media_type="application/json")
