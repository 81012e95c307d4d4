"""What officials record here: a contact moment, a task or question for a colleague, a commitment."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

import orjson

from relhub.domain.access import Profile, Refusal, may_record
from relhub.domain.compartments import OWN
from relhub.domain.dates import AMSTERDAM
from relhub.domain.entries import BEGINS, Entry, Sort
from relhub.domain.occasions import names_by_number
from relhub.domain.record import Capacity
from relhub.domain.relation_managers import who_is_reached
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import Admitted, admit, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.follow_alerts import count_followed
from relhub.services.hub import Hub
from relhub.services.look import look_to_write
from relhub.services.show_entry import describe
from relhub.storage.cases import cases_seen, department_of_seen
from relhub.storage.compartments import keep_compartments, present_id
from relhub.storage.database import Store
from relhub.storage.entries import KeptStep, compartments_of_cases, contact_is_seen, own_departments, save_entry
from relhub.storage.events import Change, add_events
from relhub.storage.relation_managers import managers_now

_PREFIX = {"contact-moment": "con", "task": "tsk", "commitment": "com"}
_NO_CASE = Problem("body cases", "names a case that is not of this relation, or that your application may not see")
_NO_CASE_TO = Problem("body to.case", "is no case of this relation of which your application may know the department")
_NO_CONTACT = Problem("body contactMoment", "is no contact moment with this relation that your application may see")
_IN_THE_FUTURE = Problem("body at", "lies in the future")
_PAST = Problem("body due", "is past")
_NO_CAPACITY = Problem("body capacity", "is needed where no case is named")
_NO_NUMBER = "must not hold a citizen service number (BSN): whom it is about is known already"
_NO_DEPARTMENT = Problem("body to.department", "is no department that is known here")
_NO_MANAGER = Problem("body to.relationManager", "can't be: nobody that you may know of is the relation manager")
_NO_COORDINATOR = Problem("body to.coordinator", "can't be: the access rules name no coordinator_department")


@dataclass(frozen=True, slots=True)
class To:
    """Whom it is for: a department (and official), the department of a case, the relation manager, or whoever is behind a referral, through the coordinator."""

    department: str = ""
    official: str = ""
    case: str = ""
    coordinator: bool = False
    relation_manager: bool = False


@dataclass(frozen=True, slots=True)
class EntryForm:
    """What is to be recorded. `capacity`: empty for that of the first case; `said`: what only this sort has."""

    sort: Sort
    said: dict[str, Any]
    capacity: Capacity | None = None
    confidentiality: str = "zaakvertrouwelijk"
    at: datetime | None = None
    cases: tuple[str, ...] = ()
    due: date | None = None
    to: To = field(default_factory=To)


async def record_entry(hub: Hub, asked: Asked, relation_id: str, form: EntryForm, key: str) -> bytes:
    """The entry as it is kept; `relation_id`: empty when it is not known whom a contact was with.

    Raises NotAllowed, NotFound, Restricted, InvalidInput, KeyReused.
    """
    admitted = await admit(hub, asked, f"record-{form.sort}", own_work=not relation_id)
    if form.sort not in admitted.profile.activity.records:
        await refuse(hub, admitted.look, may_not_record(form.sort))
    present = await look_to_write(hub, admitted, relation_id) if relation_id else ""
    compartments = await known_cases(hub, admitted.profile, form.cases, present)
    await _known_contact(hub, admitted, form, present)
    entry = await _entry(hub, admitted, present, form, [admitted.profile.compartments[compartments[ref]].capacity for ref in form.cases])
    return await write_once(
        hub,
        admitted,
        key,
        ("record", relation_id, *astuple(form)),
        lambda store: _record(hub, store, admitted, entry),
        outcome="recorded",
        relation_ids=[present] if present else [],
        records=lambda answer: [f"entry/{orjson.loads(answer)['id']}"],
    )


def may_not_record(sort: Sort) -> Refusal:
    return Refusal(f'This processing activity may not record this; name one of which the access rule says records = ["{sort}"].')


async def known_cases(hub: Hub, profile: Profile, refs: Sequence[str], relation_id: str) -> dict[str, int]:
    """The compartments of these cases. Raises InvalidInput when one is not of the relation, or not seen from `summary` on."""
    async with hub.database.driver() as driver:
        found = await cases_seen(driver, profile, refs, relation_id)
    if set(refs) - found.keys():
        raise InvalidInput(_NO_CASE)
    return found


async def _known_contact(hub: Hub, admitted: Admitted, form: EntryForm, relation_id: str) -> None:
    named, own = form.said.get("contactMoment"), own_departments(admitted.profile, admitted.look)
    if not named:
        return
    async with hub.database.driver() as driver:
        if not await contact_is_seen(driver, admitted.profile, own, named, relation_id):
            raise InvalidInput(_NO_CONTACT)


async def _entry(hub: Hub, admitted: Admitted, relation_id: str, form: EntryForm, capacities: Sequence[Capacity]) -> Entry:
    look, profile = admitted.look, admitted.profile
    capacity = form.capacity or next(iter(capacities), None)
    problems = [*number_problems(form.said), *_time_problems(form, look.at)]
    if capacity is None:
        raise InvalidInput(_NO_CAPACITY, *problems)
    if not may_record(profile, capacity, form.sort, form.confidentiality):
        await refuse(
            hub, look, Refusal(f"This processing activity may not record this in the capacity {capacity}, at this confidentiality.")
        )
    to = await assignee(hub, admitted, form.to, relation_id, capacity)
    if problems:
        raise InvalidInput(*problems)
    return Entry(
        id=f"{_PREFIX[form.sort]}_{secrets.token_hex(16)}",
        sort=form.sort,
        relation_id=relation_id,
        organisation=look.organisation,
        department=look.department,
        official=look.official,
        capacity=capacity,
        confidentiality=form.confidentiality,
        at=form.at or look.at,
        said=form.said,
        cases=form.cases,
        state=BEGINS[form.sort],
        due=form.due,
        assignee=to.official if form.sort != "contact-moment" else "",
        assignee_department=to.department if form.sort != "contact-moment" else "",
        through=to.coordinator,
    )


async def assignee(hub: Hub, admitted: Admitted, to: To, relation_id: str, capacity: Capacity | Literal[""] = "") -> To:
    """With the department filled in: of the case, of the relation manager (in this capacity, else of the whole), of the coordinator, or one's own. Raises InvalidInput."""
    if to.relation_manager:
        return await _relation_manager(hub, admitted, relation_id, capacity)
    if to.coordinator:
        if not hub.access.rules.coordinator_department:
            raise InvalidInput(_NO_COORDINATOR)
        return To(hub.access.rules.coordinator_department, coordinator=True)
    if to.case:
        async with hub.database.driver() as driver:
            found = await department_of_seen(driver, admitted.profile, to.case, relation_id)
        if found is None:
            raise InvalidInput(_NO_CASE_TO)
        return To(found, to.official)
    if to.department and to.department not in departments(hub, admitted.look.organisation) | {admitted.look.department}:
        raise InvalidInput(_NO_DEPARTMENT)
    if not to.department:
        return To(admitted.look.department, to.official or admitted.look.official)
    return to


async def _relation_manager(hub: Hub, admitted: Admitted, relation_id: str, capacity: Capacity | Literal[""]) -> To:
    """Who is it now, or who takes over from them today. Raises InvalidInput."""
    async with hub.database.driver() as driver:
        managers, directory = await managers_now(driver, await present_id(driver, relation_id), admitted.profile)
    found = next((one for wanted in (capacity, "") for one in managers if one.capacity == wanted), None)
    if found is None:
        raise InvalidInput(_NO_MANAGER)
    department, official = who_is_reached(found, directory, admitted.look.at.astimezone(AMSTERDAM).date())
    if department not in departments(hub, admitted.look.organisation) | {admitted.look.department, found.department}:
        return To(found.department)
    return To(department, official)


def _time_problems(form: EntryForm, now: datetime) -> Iterable[Problem]:
    if form.at and form.at > now + timedelta(minutes=5):  # clocks differ
        yield _IN_THE_FUTURE
    if form.due and form.due < now.astimezone(AMSTERDAM).date():
        yield _PAST


def departments(hub: Hub, organisation: str) -> set[str]:
    """The departments of an organisation that its sources and access rules name."""
    named = {name for source in hub.sources.values() if source.organisation == organisation for name in source.departments.values()}
    for activity in hub.access.rules.activities.values():
        if not activity.organisations or organisation in activity.organisations:
            named |= activity.departments
    return named | {hub.access.rules.coordinator_department} - {""}


def number_problems(said: dict[str, Any]) -> Iterable[Problem]:
    """Citizen service numbers in what is said."""
    return [Problem(f"body {name}", _NO_NUMBER) for name, value in said.items() if names_by_number(orjson.dumps(value).decode())]


async def _record(hub: Hub, store: Store, admitted: Admitted, entry: Entry) -> bytes:
    step = KeptStep("recorded", admitted.look.at, entry.organisation, entry.department, entry.official, "", False, {})
    if entry.relation_id:
        await count_followed(store, hub, admitted, entry.relation_id, entry.sort)  # before it is there: it may be the answer
    await keep_entry(store, entry, step)
    return orjson.dumps(await describe(store, admitted, entry))


async def keep_entry(store: Store, entry: Entry, step: KeptStep) -> None:
    """The entry with all that follows from it: its compartments, and that the relation changed."""
    own = (OWN + entry.organisation, entry.capacity, entry.sort, entry.confidentiality)
    ids = (await keep_compartments(store, [own])).values()
    compartments = sorted({*ids, *await compartments_of_cases(store, entry.cases)})
    await save_entry(store, entry, compartments, step)
    if entry.relation_id:
        await add_events(store, OWN.rstrip(":"), [Change("relation.changed", entry.relation_id, None, compartments, all_of=True)], step.at)
