"""How an entry goes on: each step is kept with who took it, and how it was before."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import date
from typing import Any

import orjson

from relhub.domain.entries import Entry, Sort, Step, follows, side_of
from relhub.errors import ChangedMeanwhile, InvalidInput, Problem, WrongState
from relhub.services.admit import Admitted, admit, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked, View
from relhub.services.hub import Hub
from relhub.services.look import look_to_write
from relhub.services.record_entry import To, assignee, keep_entry, known_cases, may_not_record, number_problems
from relhub.services.show_entry import describe, tag_of, visible_entry
from relhub.storage.database import Store
from relhub.storage.entries import KeptStep, find_entry
from relhub.storage.log import add_look

_NO_TEXT = Problem("body text", "is needed: say why, or what")


@dataclass(frozen=True, slots=True)
class StepForm:
    """What is done. `said`, `cases`: of a correction, what it says now; `relation`: of an identification, who it is; `opens`: of an answer."""

    step: Step
    text: str = ""
    said: Mapping[str, Any] | None = None
    cases: tuple[str, ...] | None = None
    due: date | None = None
    to: To = field(default_factory=To)
    relation: str = ""
    opens: bool = False

    @property
    def names_others(self) -> bool:
        """Whether it names a relation or cases beside the entry: then it is a question about those, with an occasion as any other."""
        return bool(self.relation or self.cases or self.to.case or self.to.relation_manager)


async def step_entry(hub: Hub, asked: Asked, sort: Sort, id_: str, form: StepForm, seen: str, key: str) -> View:
    """The entry as it is after it. `seen`: the tag of the entry as the consumer knows it.

    Raises NotAllowed, NotFound, Restricted, InvalidInput, WrongState, ChangedMeanwhile (with the entry as it is), KeyReused.
    """
    admitted = await admit(hub, asked, f"{sort}-step", (form.step,), own_work=not form.names_others)
    if sort not in admitted.profile.activity.records:
        await refuse(hub, admitted.look, may_not_record(sort))
    async with hub.database.begin() as store:
        entry = await visible_entry(hub, store, admitted, sort, id_)
    changed = await _change(hub, admitted, entry, form)
    try:
        answer = await write_once(
            hub,
            admitted,
            key,
            ("step", id_, seen, orjson.dumps(astuple(form), default=str).decode()),
            lambda store: _step(store, admitted, id_, form, changed, seen),
            outcome=form.step,
            relation_ids=[entry.relation_id] if entry.relation_id else [],
            records=lambda _: [f"entry/{id_}"],
        )
    except (WrongState, ChangedMeanwhile):
        async with hub.database.driver() as driver:
            await add_look(driver, admitted.look, "refused", [entry.relation_id] if entry.relation_id else [], [f"entry/{id_}"])
        raise
    version = orjson.loads(answer)["version"]
    return View("", answer, f"{id_}-{version}")


async def _change(hub: Hub, admitted: Admitted, entry: Entry, form: StepForm) -> dict[str, Any]:
    """What the step changes of the entry. Raises InvalidInput."""
    problems = [*number_problems({"text": form.text, **(form.said or {})})]
    if not form.text and form.step in ("answered", "remarked", "deleted", "broken", "withdrawn"):
        problems.append(_NO_TEXT)
    if problems:
        raise InvalidInput(*problems)
    changed: dict[str, Any] = {}
    if form.names_others:
        looked_at = await look_to_write(hub, admitted, form.relation or entry.relation_id)
        if form.step == "identified":
            changed["relation_id"] = looked_at
    if form.said is not None:
        changed["said"] = dict(form.said)
    if form.cases is not None:
        await known_cases(hub, admitted.profile, form.cases, entry.relation_id)
        changed["cases"] = form.cases
    if form.due:
        changed["due"] = form.due
    if form.step == "handed-over":
        to = await assignee(hub, admitted, form.to, entry.relation_id, entry.capacity)
        changed |= {"assignee": to.official, "assignee_department": to.department}
    if form.step == "accepted" and not entry.assignee:
        changed["assignee"] = admitted.look.official
    if form.step == "answered":
        changed |= {"opens": form.opens, "answered_at": admitted.look.at}
    return changed


async def _step(store: Store, admitted: Admitted, id_: str, form: StepForm, changed: dict[str, Any], seen: str) -> bytes:
    look = admitted.look
    entry = await find_entry(store, id_, to_change=True)
    if entry is None or seen not in ("*", tag_of(entry)):
        raise ChangedMeanwhile(orjson.dumps(await describe(store, admitted, entry)) if entry else b"null")
    sides = side_of(entry, look.organisation, look.department)
    state = follows(entry, form.step, sides)
    inside = entry.through and "handler" in sides
    before = {name: getattr(entry, name) for name in changed if name not in ("opens", "answered_at")} | {"state": entry.state}
    step = KeptStep(form.step, look.at, look.organisation, look.department, look.official, form.text, inside, _plain(before))
    after = replace(entry, state=state, version=entry.version + 1, **changed)
    await keep_entry(store, after, step)
    return orjson.dumps(await describe(store, admitted, after))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As it is kept: by the names of the API, dates as texts."""
    names = {"assignee": "official", "assignee_department": "department", "relation_id": "relation"}
    return {names.get(name, name): value.isoformat() if isinstance(value, date) else value for name, value in values.items() if value}
