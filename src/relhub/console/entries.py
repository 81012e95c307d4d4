"""Contacts, questions and promises: recorded, looked at, and gone on with."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from relhub.console.ask import Answer, Refused, segment
from relhub.console.entry_forms import CHANNELS, LISTS, NAMES, SORTS, body_of, step_of
from relhub.console.pages import page
from relhub.console.problems import Said, said
from relhub.console.sign_in import known
from relhub.console.visit import Gone, Visit
from relhub.domain.access import Activity
from relhub.domain.compartments import CONFIDENTIALITIES
from relhub.domain.entries import Side, steps_from
from relhub.domain.record import CAPACITIES
from relhub.services.record_entry import departments

_RECIPIENTS: Final = ("department", "case", "manager", "coordinator")


async def new(visit: Visit) -> Response:
    """The form of a new entry about a relation; `case`, `to`: what it begins with."""
    query = visit.request.query_params
    begins = {name: query.get(name, "") for name in ("case", "to")}
    return await _show_form(visit, begins)


async def record(visit: Visit) -> Response:
    """Records it, and shows what was recorded."""
    sort, relation = _sort(visit), visit.part("relation")
    try:
        made = await visit.api().post(
            f"/relations/{segment(relation)}/{LISTS[sort]}", body_of(sort, visit.form), {"Idempotency-Key": visit.form.get("key", "")}
        )
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return await _show_form(visit, visit.form, refusal.status, said(visit.words, refusal, NAMES))
    await visit.tell("entry.recorded")
    return visit.to(f"/{visit.work_id}/entries/{made.body['id']}")


async def _show_form(visit: Visit, form: Mapping[str, str], status: int = 200, problem: Said | None = None) -> Response:
    relation, sort = visit.part("relation"), _sort(visit)
    here = f"{visit.console.path}/{visit.work_id}/relations/{relation}/new/{sort}"
    choices = await _choices(visit)
    return page(visit, "new_entry", status, sort=sort, relation=relation, form=form, problem=problem, here=here, key=_key(form), **choices)


def _key(form: Mapping[str, str]) -> str:
    """By which a form that is sent twice is recorded once."""
    return form.get("key") or secrets.token_hex(16)


async def _choices(visit: Visit) -> dict[str, Any]:
    """What there is to choose from."""
    consumer = (await known(visit, visit.who.token)).consumer
    return {
        "capacities": CAPACITIES,
        "channels": CHANNELS,
        "recipients": _RECIPIENTS,
        "confidentialities": CONFIDENTIALITIES,
        "departments": sorted(departments(visit.hub, consumer.organisation) | {consumer.department}),
        "own": consumer.department,
    }


def _sort(visit: Visit) -> str:
    sort = visit.part("sort")
    if sort not in LISTS:
        raise Gone
    return sort


async def entry(visit: Visit) -> Response:
    """One entry with how it went on, and what can be done with it."""
    return await _show_entry(visit)


async def step(visit: Visit) -> Response:
    """Goes on with it, and shows what it says now."""
    sort, id_ = _named(visit)
    headers = {"If-Match": visit.form.get("seen", ""), "Idempotency-Key": visit.form.get("key", "")}
    try:
        await visit.api().post(f"/{LISTS[sort]}/{segment(id_)}/steps", step_of(visit.form), headers)
    except Refused as refusal:
        if refusal.status in (401, 404):
            raise
        return await _show_entry(visit, refusal.status, said(visit.words, refusal, NAMES))
    if visit.form.get("step") == "deleted":
        await visit.tell("entry.deleted")
        return visit.to(f"/{visit.work_id}/tasks")
    await visit.tell("entry.changed")
    return visit.to(f"/{visit.work_id}/entries/{id_}")


async def _show_entry(visit: Visit, status: int = 200, problem: Said | None = None) -> Response:
    sort, id_ = _named(visit)
    found = await visit.api().get(f"/{LISTS[sort]}/{segment(id_)}")
    choices = await _choices(visit)
    steps = [step for step in steps_from(found.body["state"], _sides(found.body, choices["own"])) if step != "identified"]
    return page(
        visit,
        "entry",
        status,
        sort=sort,
        entry=found.body,
        seen=found.tag,
        steps=steps,
        opens=_opens(visit, sort, found, choices["own"]),
        form=visit.form,
        key=_key({}),
        problem=problem,
        notice=await visit.take_notice(),
        here=f"{visit.console.path}/{visit.work_id}/entries/{id_}",
        **choices,
    )


def _named(visit: Visit) -> tuple[str, str]:
    id_ = visit.part("entry")
    sort = SORTS.get(id_.partition("_")[0])
    if sort is None:
        raise Gone
    return sort, id_


def _sides(found: Mapping[str, Any], own: str) -> frozenset[Side]:
    """On which sides of it the official's department is, as far as the answer says so."""
    recorder: frozenset[Side] = frozenset({"recorder"} if found.get("department") == own else ())
    handler: frozenset[Side] = frozenset({"handler"} if found.get("assignedTo", {}).get("department") == own else ())
    return recorder | handler


def _opens(visit: Visit, sort: str, found: Answer, own: str) -> str:
    """As which occasion the entry opens its relation for this official: task, question or contact-moment; empty when it does not."""
    activity: Activity | None = visit.hub.access.rules.activities.get(visit.work.activity)
    entry = found.body
    if activity is None or not entry.get("relation"):
        return ""
    handles = "handler" in _sides(entry, own)
    sorts = {
        "task": sort == "task" and handles and entry["state"] in ("asked", "accepted"),
        "question": sort == "task" and bool(entry.get("opens")) and not handles,
        "contact-moment": sort == "contact-moment",
    }
    return next((name for name, opens in sorts.items() if opens and name in activity.occasions), "")


async def tasks(visit: Visit) -> Response:
    """What there is to do for this official, what they asked, and what they promised."""
    api = visit.api()
    lists = {
        "mine": await api.get("/tasks", assignee="me", state="open"),
        "asked": await api.get("/tasks", recorder="me", state="open"),
        "promised": await api.get("/commitments", assignee="me", state="open"),
    }
    return page(visit, "tasks", lists={name: found.body for name, found in lists.items()}, notice=await visit.take_notice())
