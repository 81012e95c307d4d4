"""/projects: a project as a set of relations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from relhub.api.answer_places import ProjectView
from relhub.api.cases import CaseId, CaseSource, is_well_formed
from relhub.api.etag import tagged
from relhub.api.gate import Gated, Route
from relhub.api.parameters import page_query
from relhub.errors import NotFound
from relhub.services.asked import PageQuery
from relhub.services.show_project import NO_PROJECT, show_project

router = APIRouter(prefix="/v1/projects", route_class=Route, tags=["projects"])


@router.get(
    "/{source}/{caseId:path}",
    operation_id="getProject",
    response_model=ProjectView,
    summary="A project with its stakeholders",
    description=(
        "A case in the capacity `project`, from level `summary` on, as a set of relations (belanghebbenden), in pages: who has which part in it, who "
        "speaks for an organisation, which colleagues deal with it, and of each relation in short what else we have to do with it, which contacts about this project there were and what is planned, and who of us speaks to them. On a case as the "
        "occasion that last is told of those whom the case involves: on the project itself of all. A project that relhub does not know yet is asked "
        "of its source first. An occasion, where your activity needs one, must be this project or an open case of your department that has a party "
        "in common with it. A case in another capacity is answered as one that is not there; `GET /cases/{ref}` has it."
    ),
)
async def get_project(
    request: Request, gated: Gated, source: CaseSource, case_id: CaseId, query: Annotated[PageQuery, Depends(page_query)]
) -> Response:
    if not is_well_formed(source, case_id):
        raise NotFound(NO_PROJECT)
    view = await show_project(gated.hub, gated.asked(), source, case_id, query)
    return tagged(request, view.body, view.tag)
