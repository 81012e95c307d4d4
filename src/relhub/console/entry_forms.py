"""What an official fills in about a contact, a question or a promise, as bodies of requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from relhub.domain.dates import AMSTERDAM

Form = Mapping[str, str]
SORTS: Final = {"con": "contact-moment", "tsk": "task", "com": "commitment"}
"""By how ids begin."""
LISTS: Final = {"contact-moment": "contact-moments", "task": "tasks", "commitment": "commitments"}
CHANNELS: Final = ("telephone", "desk", "email", "letter", "chat", "visit", "portal", "other")
_NAMED: Final = {"coordinator": "coordinator", "manager": "relationManager"}
NAMES: Final = {
    f"body {before}{api}": name
    for before in ("", "contact.")
    for api, name in {
        "capacity": "capacity",
        "channel": "channel",
        "direction": "direction",
        "at": "at",
        "subject": "subject",
        "text": "text",
        "outcome": "outcome",
        "spokenWith.name": "spoken_name",
        "spokenWith.authority": "spoken_authority",
        "kind": "entry_kind",
        "due": "due",
        "to": "to",
        "to.coordinator": "to",
        "to.relationManager": "to",
        "to.department": "department",
        "to.official": "assignee",
        "to.case": "case",
        "cases": "case",
        "cases.0": "case",
        "step": "step",
    }.items()
}
"""The fields of the forms, by where the API says that something is wrong."""


def body_of(sort: str, form: Form) -> dict[str, Any]:
    """A new entry as the API takes it; what is empty is left out, so that the API says that it is missing."""
    return {"contact-moment": _contact, "task": _task, "commitment": _commitment}[sort](form)


def step_of(form: Form) -> dict[str, Any]:
    """A step as the API takes it."""
    step = form.get("step", "")
    body: dict[str, Any] = {"step": step, **_filled(text=form.get("text"))}
    if step == "handed-over":
        body["to"] = _recipient(form)
    if step == "moved":
        body |= _filled(due=form.get("due"))
    if step == "answered" and form.get("opens"):
        body["opens"] = True
    if step == "corrected":
        body = {"step": step, "contact": _contact(form), **_filled(text=form.get("why"))}
    return body


def _contact(form: Form) -> dict[str, Any]:
    spoken = _filled(name=form.get("spoken_name"), authority=form.get("spoken_authority"))
    return _about(form) | _filled(
        channel=form.get("channel"),
        direction=form.get("direction"),
        at=_moment(form.get("at", "")),
        outcome=form.get("outcome"),
        spokenWith=spoken,
    )


def _task(form: Form) -> dict[str, Any]:
    return _about(form) | _filled(kind=form.get("entry_kind"), due=form.get("due")) | {"to": _recipient(form)}


def _commitment(form: Form) -> dict[str, Any]:
    return _about(form) | _filled(due=form.get("due"), to=_recipient(form))


def _about(form: Form) -> dict[str, Any]:
    cases = [form["case"]] if form.get("case") and form.get("to") != "case" else []
    return _filled(
        capacity=form.get("capacity"),
        confidentiality=form.get("confidentiality"),
        subject=form.get("subject"),
        text=form.get("text"),
        cases=cases,
    )


def _recipient(form: Form) -> dict[str, Any]:
    to = form.get("to", "")
    if to in _NAMED:
        return {_NAMED[to]: True}
    if to == "case":
        return _filled(case=form.get("case"))
    return _filled(department=form.get("department"), official=form.get("assignee"))


def _moment(text: str) -> str:
    """What a browser gives of a date and time, in the Netherlands; what can't be read is left to the API to refuse."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).isoformat() if text else ""
    except ValueError:
        return text


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
