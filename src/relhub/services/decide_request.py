"""What is decided on a request of whom it is about: what was done at once stays, or is undone."""

import orjson

from relhub.domain.access import Refusal
from relhub.domain.subject_requests import EXTENSION, Outcome, due, follows, undoes
from relhub.errors import WrongState
from relhub.services.admit import Admitted, admit, not_found, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.settle import settle
from relhub.services.show_requests import NO_REQUEST, describe, may_see
from relhub.storage import decisions, relations
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.marks import lift_marks, marked_parties
from relhub.storage.record_rows import Written
from relhub.storage.subject_requests import SubjectRequest, find_request, save_decision

_MAY_NOT = Refusal("This processing activity may not decide on requests; name one of which the access rule says handle_requests = true.")
_ONLY_WITHDRAW = Refusal(
    "Who made a request may only withdraw it; deciding is for a processing activity of which the access rule says handle_requests = true."
)


async def decide_request(hub: Hub, asked: Asked, id_: str, outcome: Outcome, answer: str, key: str) -> bytes:
    """The request as it is after it. Raises NotAllowed, NotFound, WrongState, KeyReused."""
    admitted = await admit(hub, asked, "subject-request-decision", (outcome,))
    activity = admitted.profile.activity
    if not activity.handle_requests and not activity.make_requests:
        await refuse(hub, admitted.look, _MAY_NOT)
    async with hub.database.begin() as store:
        request = await find_request(store, id_)
    if request is None or not may_see(admitted, request):
        await not_found(hub, admitted.look, NO_REQUEST)
    if not activity.handle_requests and outcome != "withdrawn":
        await refuse(hub, admitted.look, _ONLY_WITHDRAW)
    try:
        return await write_once(
            hub,
            admitted,
            key,
            ("subject-request-decision", id_, outcome, answer),
            lambda store: _decide(hub, store, admitted, id_, outcome, answer),
            outcome=outcome,
            relation_ids=[request.relation_id],
        )
    except WrongState:
        async with hub.database.driver() as driver:
            await add_look(driver, admitted.look, "refused", [request.relation_id], [])
        raise


async def _decide(hub: Hub, store: Store, admitted: Admitted, id_: str, outcome: Outcome, answer: str) -> bytes:
    await store.lock_resolve()
    request = await find_request(store, id_, to_change=True)
    assert request is not None  # none is forgotten while it may be decided on
    state = follows(request.sort, request.state, outcome, extended=request.extended)
    extended = request.extended or outcome == "extended"
    due_on = due(request.due_on, EXTENSION) if outcome == "extended" else request.due_on
    by = admitted.look.official or admitted.look.consumer
    await save_decision(store, hub.sealer, id_, state, due_on, answer, by, admitted.look.at, extended=extended)
    await _carry_out(hub, store, request, outcome, by, admitted)
    changed = await find_request(store, id_)
    assert changed is not None
    return orjson.dumps(await describe(hub, store, changed))


async def _carry_out(hub: Hub, store: Store, request: SubjectRequest, outcome: Outcome, by: str, admitted: Admitted) -> None:
    """What was done when it was made is undone, where it does not stand. A contested link that is looked into is contested no longer."""
    at, parties = admitted.look.at, await marked_parties(store, request.id)
    apart: list[int] = []
    if undoes(outcome) and request.sort == "contest":
        apart = await relations.numbers_of(store, set(await decisions.undo_decisions(store, request.id, by, at)))
    if undoes(outcome) or (outcome == "granted" and request.sort == "contest"):
        await lift_marks(store, request.id, at)
        await settle(store, hub, "steward", Written(retold=parties), apart, at)
