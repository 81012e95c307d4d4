"""What somebody asks about their own data, through the portal: contest a link, have something corrected, restriction, objection."""

import secrets
from dataclasses import astuple, dataclass

import orjson

from relhub.domain import marks
from relhub.domain.access import Refusal
from relhub.domain.dates import AMSTERDAM
from relhub.domain.identity import Decision, PartyName
from relhub.domain.subject_requests import Sort, due
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import Admitted, admit, not_found, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.look import NOT_FOUND
from relhub.services.settle import settle
from relhub.services.show_requests import describe
from relhub.services.tell_privacy_officer import keep_request_notice
from relhub.storage import decisions, relations
from relhub.storage.cases import is_case_of
from relhub.storage.database import Store
from relhub.storage.marks import put_marks
from relhub.storage.parties import is_record_of, visible_relation
from relhub.storage.record_rows import Written
from relhub.storage.subject_requests import SubjectRequest, add_request, said_now

_MAY_NOT = Refusal(
    "This processing activity may make no requests for whom it is about; name one of which the access rule says make_requests = true."
)
_NO_RECORD = Problem(
    "body record", "is no record of this relation that your application may see; GET /relations/{id}/source-records lists them"
)
_NO_CASE = Problem("body case", "is no case of this relation that your application may see; GET /relations/{id}/cases lists them")
_NO_ACTIVITY = Problem("body activities", "names a processing activity that is not known")


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What is asked. `record`: (source, key), `case`: (source, case id); `activities`: of an objection, none for all."""

    sort: Sort
    words: str
    record: PartyName | None = None
    case: tuple[str, str] | None = None
    field: str = ""
    activities: tuple[str, ...] = ()


async def make_request(hub: Hub, asked: Asked, relation_id: str, form: RequestForm, key: str) -> bytes:
    """The request as it is kept; what protects takes effect with it. Raises NotAllowed, NotFound, InvalidInput, KeyReused."""
    admitted = await admit(hub, asked, "subject-request", (form.sort,))
    if not admitted.profile.activity.make_requests:
        await refuse(hub, admitted.look, _MAY_NOT)
    present = await _check(hub, admitted, relation_id, form)
    return await write_once(
        hub,
        admitted,
        key,
        ("subject-request", present, *astuple(form)),
        lambda store: _make(hub, store, admitted, present, form),
        outcome="made",
        relation_ids=[present],
    )


async def _check(hub: Hub, admitted: Admitted, relation_id: str, form: RequestForm) -> str:
    """The id that the relation has now; it and what the form names are there, for who asks."""
    problems, profile = [], admitted.profile
    async with hub.database.driver() as driver:
        present = await visible_relation(driver, profile, relation_id)
        if present and form.record and not await is_record_of(driver, profile, present, *form.record):
            problems.append(_NO_RECORD)
        if present and form.case and not await is_case_of(driver, profile, present, *form.case):
            problems.append(_NO_CASE)
    if present is None:
        await not_found(hub, admitted.look, NOT_FOUND)
    if not set(form.activities) <= hub.access.rules.activities.keys():
        problems.append(_NO_ACTIVITY)
    if problems:
        raise InvalidInput(*problems)
    return present


async def _make(hub: Hub, store: Store, admitted: Admitted, relation_id: str, form: RequestForm) -> bytes:
    await store.lock_resolve()
    who, at = admitted.look, admitted.look.at
    about = form.record or form.case
    source = hub.sources.get(about[0]) if about and form.sort == "correction" else None
    request = SubjectRequest(
        id=f"req_{secrets.token_hex(16)}",
        sort=form.sort,
        state="open",
        relation_id=relation_id,
        record=form.record or ("", ""),
        case=form.case or ("", ""),
        field=form.field,
        activities=form.activities,
        organisation=source.organisation if source else who.organisation,
        consumer=who.consumer,
        official=who.official,
        received_at=at,
        due_on=due(at.astimezone(AMSTERDAM).date()),
        extended=False,
        decided_at=None,
        decided_by="",
    )
    said = await said_now(store.driver, request.record, request.case) if form.sort == "correction" else None
    await add_request(store, hub.sealer, request, form.words, said)
    await _protect(hub, store, request)
    await keep_request_notice(hub, store.driver, request)
    return orjson.dumps(await describe(hub, store, request))


async def _protect(hub: Hub, store: Store, request: SubjectRequest) -> None:
    """What holds from the moment that it is asked, until somebody has looked into it."""
    if request.sort == "correction":
        return
    names = await relations.names_in(store, request.relation_id)
    seeds = await relations.numbers_of(store, names)
    if request.sort == "contest":
        for other in sorted(names - {request.record}):
            reason = f"contested by whom it is about: {request.id}"
            await decisions.add_decision(store, Decision(request.record, other, "different"), reason, request.id, request.received_at)
    words = {"contest": (marks.CONTESTED,), "restriction": (marks.RESTRICTION,)}.get(request.sort) or marks.objections(request.activities)
    await put_marks(store, names, words, request.id, request.received_at)
    apart = seeds if request.sort == "contest" else ()
    await settle(store, hub, "steward", Written(retold=seeds), apart, request.received_at)
