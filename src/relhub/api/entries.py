"""/contact-moments, /tasks, /commitments, and those of one relation: what officials record here."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_entries import COMMITMENT_ID, CONTACT_ID, TASK_ID, Entry, EntryResults, ListedEntryResults
from relhub.api.entry_questions import CommitmentBody, ContactBody, TaskBody
from relhub.api.etag import known, strongly_tagged
from relhub.api.gate import Asking, Gated, Route
from relhub.api.parameters import assigned_query, entry_query, idempotency_key, page_query
from relhub.api.relations import RelationId, relation_answer
from relhub.api.step_questions import CommitmentStepBody, ContactStepBody, TaskStepBody
from relhub.domain.entries import Sort
from relhub.services.asked import EntryQuery, PageQuery
from relhub.services.list_entries import list_entries
from relhub.services.record_entry import EntryForm, record_entry
from relhub.services.show_entry import list_assigned, list_unidentified, show_entry
from relhub.services.step_entry import StepForm, step_entry

router = APIRouter(prefix="/v1", route_class=Route, tags=["entries"])
_JSON = "application/json"
Query = Annotated[EntryQuery, Depends(entry_query)]
Assigned = Annotated[EntryQuery, Depends(assigned_query)]


def _id(title: str, what: str, pattern: str) -> object:
    return Path(alias="id", title=title, description=f"The id of a {what}.", json_schema_extra={"pattern": pattern})


ContactId = Annotated[str, _id("Klantcontactnummer", "contact moment", CONTACT_ID)]
TaskId = Annotated[str, _id("Taaknummer", "task or question", TASK_ID)]
CommitmentId = Annotated[str, _id("Toezeggingsnummer", "commitment", COMMITMENT_ID)]


async def _record(request: Request, asking: Asking, relation_id: str, form: EntryForm, where: str) -> Response:
    answer = await record_entry(asking.hub, asking.asked(), relation_id, form, idempotency_key(request))
    entry, root = orjson.loads(answer), request.scope.get("root_path", "")
    headers = {"Location": f"{root}/v1/{where}/{entry['id']}", "ETag": f'"{entry["id"]}-{entry["version"]}"'}
    return Response(answer, 201, headers, media_type=_JSON)


async def _show(request: Request, asking: Asking, sort: Sort, id_: str) -> Response:
    view = await show_entry(asking.hub, asking.asked(), sort, id_)
    return strongly_tagged(request, view.body, view.tag)


async def _step(request: Request, asking: Asking, sort: Sort, id_: str, form: StepForm) -> Response:
    view = await step_entry(asking.hub, asking.asked(), sort, id_, form, known(request), idempotency_key(request))
    return Response(view.body, headers={"ETag": f'"{view.tag}"'}, media_type=_JSON)


@router.post(
    "/relations/{id}/contact-moments",
    operation_id="recordContactMoment",
    response_model=Entry,
    status_code=201,
    summary="Record a contact with a relation",
    description=(
        "A contact moment (klantcontact), under a processing activity that may record them: by telephone, at the desk, by letter or otherwise. It shows "
        "in the view of the relation, as far as the level of its capacity and of its cases allows; your own department sees it whole. Contact with "
        "who speaks for somebody is recorded with who is represented, and `spokenWith`. For seven days it is an occasion for your "
        "department (`X-Occasion: contact-moment:{id}`), where the access rules accept that."
    ),
)
async def post_contact(request: Request, gated: Gated, relation_id: RelationId, body: ContactBody) -> Response:
    return await _record(request, gated, relation_id, body.form(), "contact-moments")


@router.get(
    "/relations/{id}/contact-moments",
    operation_id="listRelationContactMoments",
    response_model=EntryResults,
    summary="The contacts with a relation",
    description="The contact moments (klantcontacten) that your application may see, the last first, in pages.",
)
async def get_contacts(request: Request, gated: Gated, relation_id: RelationId, query: Query) -> Response:
    view = await list_entries(gated.hub, gated.asked(), relation_id, "contact-moment", query)
    return relation_answer(request, view, relation_id, "/contact-moments")


@router.post(
    "/contact-moments",
    operation_id="recordUnidentifiedContact",
    response_model=Entry,
    status_code=201,
    summary="Record a contact with somebody of whom it is not known who they are",
    description=(
        "Kept apart until somebody of your department has established whom it was with (step `identified`): it is never joined to a relation by a name "
        "or number alone. Needs `capacity`, and names no cases."
    ),
)
async def post_unidentified(request: Request, gated: Gated, body: ContactBody) -> Response:
    return await _record(request, gated, "", body.form(), "contact-moments")


@router.get(
    "/contact-moments",
    operation_id="listUnidentifiedContacts",
    response_model=ListedEntryResults,
    summary="The contacts of which it is not known whom they were with",
    description="Those that your own department recorded, the last first, in pages.",
)
async def get_unidentified(gated: Gated, page: Annotated[PageQuery, Depends(page_query)]) -> Response:
    query = EntryQuery(cursor=page.cursor, limit=page.limit)
    return Response(await list_unidentified(gated.hub, gated.asked(), query), media_type=_JSON)


@router.get(
    "/contact-moments/{id}",
    operation_id="getContactMoment",
    response_model=Entry,
    summary="One contact",
    description="For the department that recorded it: all of it, with what it said before it was corrected.",
)
async def get_contact(request: Request, gated: Gated, contact_id: ContactId) -> Response:
    return await _show(request, gated, "contact-moment", contact_id)


@router.post(
    "/contact-moments/{id}/steps",
    operation_id="changeContactMoment",
    response_model=Entry,
    summary="Correct, identify or delete a contact",
    description=(
        "For the department that recorded it. What it said before is kept. To say whom it was with, or to name cases, takes an occasion for that "
        "relation. `If-Match` takes the `ETag` of what you saw."
    ),
)
async def post_contact_step(request: Request, gated: Gated, contact_id: ContactId, body: ContactStepBody) -> Response:
    return await _step(request, gated, "contact-moment", contact_id, body.form())


@router.post(
    "/relations/{id}/tasks",
    operation_id="askTask",
    response_model=Entry,
    status_code=201,
    summary="Ask a colleague something about a relation",
    description=(
        "A question (vraag) or task (interne taak) for an official, a department, the department of a case, or, at level `referral`, for whoever is "
        "behind it through the coordinator, without learning who. Another department that is asked may look at the relation on that occasion "
        "(`X-Occasion: task:{id}`), where the access rules accept that, until it is answered."
    ),
)
async def post_task(request: Request, gated: Gated, relation_id: RelationId, body: TaskBody) -> Response:
    return await _record(request, gated, relation_id, body.form(), "tasks")


@router.get(
    "/relations/{id}/tasks",
    operation_id="listRelationTasks",
    response_model=EntryResults,
    summary="The questions and tasks about a relation",
    description="The questions and tasks (vragen en taken) that your application may see, the last first, in pages.",
)
async def get_relation_tasks(request: Request, gated: Gated, relation_id: RelationId, query: Query) -> Response:
    return relation_answer(request, await list_entries(gated.hub, gated.asked(), relation_id, "task", query), relation_id, "/tasks")


@router.get(
    "/tasks",
    operation_id="listTasks",
    response_model=ListedEntryResults,
    summary="What there is to do",
    description=(
        "The questions and tasks for you or your department, or that you or it asked; what is due first goes first, in pages. "
        "Of whom use of the data is restricted nothing is listed."
    ),
)
async def get_tasks(gated: Gated, query: Assigned) -> Response:
    return Response(await list_assigned(gated.hub, gated.asked(), "task", query), media_type=_JSON)


@router.get(
    "/tasks/{id}",
    operation_id="getTask",
    response_model=Entry,
    summary="One question or task",
    description="For who asked and who deals with it: with the thread. Who asked through the coordinator learns what was answered, not by whom.",
)
async def get_task(request: Request, gated: Gated, task_id: TaskId) -> Response:
    return await _show(request, gated, "task", task_id)


@router.post(
    "/tasks/{id}/steps",
    operation_id="changeTask",
    response_model=Entry,
    summary="Accept, answer, hand over, close or withdraw",
    description="Each step is kept in the thread. `If-Match` takes the `ETag` of what you saw; 412 shows what it says meanwhile.",
)
async def post_task_step(request: Request, gated: Gated, task_id: TaskId, body: TaskStepBody) -> Response:
    return await _step(request, gated, "task", task_id, body.form())


@router.post(
    "/relations/{id}/commitments",
    operation_id="recordCommitment",
    response_model=Entry,
    status_code=201,
    summary="Record what was promised to a relation",
    description="A commitment (toezegging): what, by when, and who is to see to it. What is due shows in the summary of the view.",
)
async def post_commitment(request: Request, gated: Gated, relation_id: RelationId, body: CommitmentBody) -> Response:
    return await _record(request, gated, relation_id, body.form(), "commitments")


@router.get(
    "/relations/{id}/commitments",
    operation_id="listRelationCommitments",
    response_model=EntryResults,
    summary="What was promised to a relation",
    description="The commitments (toezeggingen) that your application may see, the last first, in pages.",
)
async def get_relation_commitments(request: Request, gated: Gated, relation_id: RelationId, query: Query) -> Response:
    view = await list_entries(gated.hub, gated.asked(), relation_id, "commitment", query)
    return relation_answer(request, view, relation_id, "/commitments")


@router.get(
    "/commitments",
    operation_id="listCommitments",
    response_model=ListedEntryResults,
    summary="What you or your department promised",
    description="What you or your department are to see to, or recorded; what is due first goes first, in pages.",
)
async def get_commitments(gated: Gated, query: Assigned) -> Response:
    return Response(await list_assigned(gated.hub, gated.asked(), "commitment", query), media_type=_JSON)


@router.get(
    "/commitments/{id}",
    operation_id="getCommitment",
    response_model=Entry,
    summary="One commitment",
    description="For the departments that made it and see to it: with how it went on.",
)
async def get_commitment(request: Request, gated: Gated, commitment_id: CommitmentId) -> Response:
    return await _show(request, gated, "commitment", commitment_id)


@router.post(
    "/commitments/{id}/steps",
    operation_id="changeCommitment",
    response_model=Entry,
    summary="Keep, break, move or hand over a commitment",
    description="Each step is kept. `If-Match` takes the `ETag` of what you saw; 412 shows what it says meanwhile.",
)
async def post_commitment_step(request: Request, gated: Gated, commitment_id: CommitmentId, body: CommitmentStepBody) -> Response:
    return await _step(request, gated, "commitment", commitment_id, body.form())
