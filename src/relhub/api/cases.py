"""/cases: the cases of a department, and one case by itself."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_case import CaseView
from relhub.api.answers import CaseResults
from relhub.api.errors import NO_ADDRESS, refused
from relhub.api.etag import tagged
from relhub.api.gate import Gated, Route
from relhub.api.parameters import department_query
from relhub.errors import NotFound
from relhub.services.asked import DepartmentQuery
from relhub.services.list_department_cases import list_department_cases
from relhub.services.show_case import NO_CASE, show_case

router = APIRouter(prefix="/v1/cases", route_class=Route, tags=["cases"])
_SOURCE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CASE_ID = re.compile(r"[^\x00-\x20\x7f-\x9f/][^\x00-\x1f\x7f-\x9f]{0,199}")

CaseSource = Annotated[str, Path(title="Bron", description="The source: what is before the first slash in `ref`.", examples=["permits"])]
CaseId = Annotated[
    str,
    Path(
        alias="caseId",
        title="Zaaknummer",
        description="The number of the case: what is after that slash, percent-encoded.",
        examples=["V-2026-00001"],
    ),
]


def is_well_formed(source: str, case_id: str) -> bool:
    """Whether there could be such a case. Raises the refusal of an address that ends with a slash."""
    if case_id.endswith("/"):
        raise refused(NO_ADDRESS)
    return bool(_SOURCE.fullmatch(source) and _CASE_ID.fullmatch(case_id))


@router.get(
    "",
    operation_id="listCases",
    response_model=CaseResults,
    summary="The cases of a department",
    description=(
        "The cases (zaken) that your own department deals with, the open ones first and then the newest, in pages; each as far as its level "
        "allows, from `summary` on. Those of another department are listed for processing activities that may search. Who the parties are is "
        "not in a list. An occasion, where your activity needs one, must be an open case of your department. The look is logged for all "
        "relations in the cases that are shown."
    ),
)
async def get_cases(gated: Gated, query: Annotated[DepartmentQuery, Depends(department_query)]) -> Response:
    return Response(await list_department_cases(gated.hub, gated.asked(), query), media_type="application/json")


@router.get(
    "/{source}/{caseId:path}",
    operation_id="getCase",
    response_model=CaseView,
    summary="One case",
    description=(
        "A case (zaak) by its `ref`, from level `summary` on; in full with its properties, decisions, inspections, sanctions and links to "
        "documents. With its parties as references to relations. What other systems have of the same zaak, as far as you may see it, is in "
        "`alsoKnownAs`. A case that relhub does not know yet is asked of its source first. An occasion, where your activity needs one, must "
        "be this case or an open case of your department that has a party in common with it."
    ),
)
async def get_case(request: Request, gated: Gated, source: CaseSource, case_id: CaseId) -> Response:
    if not is_well_formed(source, case_id):
        raise NotFound(NO_CASE)
    view = await show_case(gated.hub, gated.asked(), source, case_id)
    return tagged(request, view.body, view.tag)
