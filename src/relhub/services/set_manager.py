"""Saying who is the face of the organisation to a relation: set, handed over, ended; who was it is kept."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass, replace
from typing import Literal

import orjson

from relhub.domain.access import Refusal
from relhub.domain.dates import AMSTERDAM
from relhub.domain.officials import Directory
from relhub.domain.record import Capacity
from relhub.domain.relation_managers import RelationManager, Step, follows, may_manage
from relhub.errors import ChangedMeanwhile, InvalidInput, NotFound, Problem, WrongState
from relhub.services.admit import Admitted, admit, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.look import look_to_write
from relhub.services.record_entry import To, assignee, departments, number_problems
from relhub.services.show_managers import show_manager
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.relation_managers import add_manager, directory_from, end_manager, find_manager, lock_managers, managers_now

NO_MANAGER = "There is no such relation manager of this relation, or none that you may see."
_MAY_NOT = Refusal(
    "This processing activity may not say who is the relation manager here; name one of which the access rule says manage = true."
)
_NO_DEPARTMENT = Problem("body department", "is no department that is known here")
_THERE_IS_ONE = "There is one already: hand over from that one, or end that first (GET /v1/relations/{id}/managers)."


@dataclass(frozen=True, slots=True)
class ManagerForm:
    """Who is to be it. `capacity`: empty for the whole relation; `official`, `department`: empty for who asks; `text`: why."""

    official: str = ""
    department: str = ""
    text: str = ""
    capacity: Capacity | Literal[""] = ""


async def set_manager(hub: Hub, asked: Asked, relation_id: str, form: ManagerForm, key: str) -> bytes:
    """Who is it from now on, where nobody was. Raises NotAllowed, NotFound, Restricted, InvalidInput, WrongState, KeyReused."""
    admitted = await admit(hub, asked, "set-manager")
    if not may_manage(admitted.profile, form.capacity):
        await refuse(hub, admitted.look, _MAY_NOT)
    present = await look_to_write(hub, admitted, relation_id)
    to = await _to(hub, admitted, form, present)

    async def write(store: Store) -> bytes:
        await lock_managers(store, present)
        managers, _ = await managers_now(store.driver, present, admitted.profile)
        if any(manager.capacity == form.capacity for manager in managers):
            raise WrongState(_THERE_IS_ONE)
        return await _begin(store, admitted, present, form.capacity, to, form.text)

    return await _written(hub, admitted, key, ("set-manager", present, *astuple(form)), write, "set", present)


async def step_manager(hub: Hub, asked: Asked, relation_id: str, id_: str, step: Step, form: ManagerForm, seen: str, key: str) -> bytes:
    """Handed over: who is it from now on; ended: who no longer is. `seen`: the id of the one that the consumer knows as the present one, or "*".

    Raises NotAllowed, NotFound, Restricted, InvalidInput, WrongState, ChangedMeanwhile, KeyReused.
    """
    admitted = await admit(hub, asked, "manager-step", (step,))
    present = await look_to_write(hub, admitted, relation_id)
    async with hub.database.begin() as store:
        manager, _ = await find_manager(store, present, id_, admitted.profile)
    if manager is None:
        await _logged_refusal(hub, admitted, present)
        raise NotFound(NO_MANAGER)
    if not may_manage(admitted.profile, manager.capacity):
        await refuse(hub, admitted.look, _MAY_NOT)
    to = await _to(hub, admitted, form, present)

    async def write(store: Store) -> bytes:
        await lock_managers(store, present)
        found, directory = await find_manager(store, present, id_, admitted.profile)
        if found is None or seen not in ("*", id_) or (found.until_at and seen != "*"):
            managers, known = await managers_now(store.driver, present, admitted.profile)
            now = next((one for one in managers if found and one.capacity == found.capacity), found)
            raise ChangedMeanwhile(_shown(admitted, now, {**directory, **known}) if now else b"null")
        follows(found, step)
        look = admitted.look
        ended = replace(found, until_at=look.at, ended_department=look.department, ended_official=look.official, ended_text=form.text)
        await end_manager(store, ended)
        if step == "ended":
            return _shown(admitted, ended, directory)
        return await _begin(store, admitted, present, found.capacity, to, form.text)

    return await _written(hub, admitted, key, ("manager-step", present, id_, step, seen, *astuple(form)), write, step, present)


async def _written(
    hub: Hub,
    admitted: Admitted,
    key: str,
    request: tuple[object, ...],
    write: Callable[[Store], Awaitable[bytes]],
    outcome: str,
    relation_id: str,
) -> bytes:
    try:
        return await write_once(hub, admitted, key, request, write, outcome=outcome, relation_ids=[relation_id])
    except (WrongState, ChangedMeanwhile):
        await _logged_refusal(hub, admitted, relation_id)
        raise


async def _logged_refusal(hub: Hub, admitted: Admitted, relation_id: str) -> None:
    async with hub.database.driver() as driver:
        await add_look(driver, admitted.look, "refused", [relation_id], [])


async def _to(hub: Hub, admitted: Admitted, form: ManagerForm, relation_id: str) -> To:
    """The official with their department: of the directory where none is named. Raises InvalidInput."""
    problems = [*number_problems({"text": form.text})]
    if form.department and form.department not in departments(hub, admitted.look.organisation) | {admitted.look.department}:
        problems.append(_NO_DEPARTMENT)
    if problems:
        raise InvalidInput(*problems)
    department = form.department
    if form.official and not department:
        async with hub.database.driver() as driver:
            directory = await directory_from(driver, admitted.look.organisation, form.official)
        listed = directory.get((admitted.look.organisation, form.official))
        department = listed.department if listed else ""
    return await assignee(hub, admitted, To(department, form.official), relation_id)


async def _begin(store: Store, admitted: Admitted, relation_id: str, capacity: Capacity | Literal[""], to: To, text: str) -> bytes:
    look = admitted.look
    manager = RelationManager(
        id=f"mgr_{secrets.token_hex(16)}",
        relation_id=relation_id,
        organisation=look.organisation,
        capacity=capacity,
        official=to.official,
        department=to.department,
        from_at=look.at,
        by_department=look.department,
        by_official=look.official,
        text=text,
    )
    await add_manager(store, manager)
    return _shown(admitted, manager, await directory_from(store.driver, look.organisation, to.official))


def _shown(admitted: Admitted, manager: RelationManager, directory: Directory) -> bytes:
    """With the words of who writes, and of nobody else: whether those may be told is decided where it is looked at."""
    look = admitted.look
    writer = (look.department, look.official)
    text = manager.text if (manager.by_department, manager.by_official) == writer else ""
    ended_text = manager.ended_text if (manager.ended_department, manager.ended_official) == writer else ""
    own = replace(manager, text=text, ended_text=ended_text)
    return orjson.dumps(show_manager(own, directory, look.at.astimezone(AMSTERDAM).date(), why=True))
