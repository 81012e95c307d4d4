"""A project as a set of relations: who has which part in it, who speaks for them, and what else we have to do with them."""

from typing import Any

import orjson

from relhub.domain.access import names_parties
from relhub.domain.dates import AMSTERDAM
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.look_at_case import look_at_case
from relhub.services.lookup_batch import show_glance
from relhub.services.show_managers import summarised
from relhub.services.view_relation import show_contact
from relhub.storage.batches import Glance, glances
from relhub.storage.log import add_look
from relhub.storage.projects import ProjectPage, Stakeholder, project_page
from relhub.storage.relation_managers import managers_in

NO_PROJECT = "There is no such project, or nothing of it that this processing activity may see."


async def show_project(hub: Hub, asked: Asked, source: str, case_id: str, query: PageQuery) -> View:
    """A case in the capacity `project`, from level `summary` on, with a page of its stakeholders in the order of the source.

    Raises NotAllowed, NotFound, Restricted, InvalidInput, and SourceError when the source has to be asked and does not answer.
    """
    admitted = await admit(hub, asked, "project")
    about = f"cursor/project/{source}/{case_id}"
    after = (open_cursor(hub.sealer, about, query.cursor) or [-1])[0]
    seen: dict[str, Glance] = {}

    async def read() -> ProjectPage:
        return await _look(hub, admitted, source, case_id, after, query.limit, seen)

    found = await look_at_case(hub, admitted, source, case_id, read, NO_PROJECT)
    shown = found.stakeholders[: query.limit]
    last = [shown[-1].place] if len(found.stakeholders) > query.limit else None
    named = _names(admitted, found)
    rest = {
        "results": [_stakeholder(admitted, each, seen[each.relation_id], named=named) for each in shown],
        "next": last and seal_cursor(hub.sealer, about, last),
    }
    body = b'{"project":' + _project(found) + b"," + orjson.dumps(rest)[1:]
    return View("", body, hub.sealer.tag(body))


async def _look(hub: Hub, admitted: Admitted, source: str, case_id: str, after: int, limit: int, seen: dict[str, Glance]) -> ProjectPage:
    """What may be seen, and each relation of it at a glance; logged when it is shown."""
    profile, look = admitted.profile, admitted.look
    async with hub.database.begin() as store:
        found = await project_page(store.driver, source, case_id, profile, admitted.occasion_case, look, after=after, limit=limit)
        if found.records and (not admitted.on_case or found.holds):
            shown = found.stakeholders[:limit]
            ids = sorted({each.relation_id for each in shown})
            seen |= await glances(store.driver, ids, profile, admitted.occasion_case, look.department)
            speakers = {relation_id for each in shown for relation_id, _ in each.contacts} if _names(admitted, found) else set()
            dealt = [each for each in shown if _dealt(admitted, seen[each.relation_id])]
            entries = sorted({f"entry/{id_}" for each in dealt for id_ in _entries(each)})
            await add_look(store.driver, look, "shown", sorted({*ids, *speakers}), [*(ref for _, ref, _ in found.records), *entries])
    return found


def _names(admitted: Admitted, found: ProjectPage) -> bool:
    _, ref, compartment = found.records[0]
    source, _, case_id = ref.partition("/")
    return names_parties(admitted.profile, admitted.occasion, source, case_id, compartment)


def _project(found: ProjectPage) -> bytes:
    part, *others = [part + b"}" for part, _, _ in found.records]
    return part[:-1] + b',"alsoKnownAs":[' + b",".join(others) + b"]}" if others else part


def _stakeholder(admitted: Admitted, each: Stakeholder, glance: Glance, *, named: bool) -> dict[str, Any]:
    """The other dealings are those that a look-up on the same occasion gives: of nobody whom the occasion does not involve."""
    item: dict[str, Any] = {"relation": each.relation_id, "kind": each.kind, "role": each.role}
    if named:
        item["name"] = each.name
        if each.contacts:
            item["contactPersons"] = [show_contact(body) for _, body in each.contacts]
    return item | show_glance(admitted.profile, glance) | _dealings(admitted, each) if _dealt(admitted, glance) else item


def _dealt(admitted: Admitted, glance: Glance) -> bool:
    return not admitted.on_case or bool(glance.holds)


def _entries(each: Stakeholder) -> list[str]:
    """The ids of those of which something is shown."""
    return [*(one["id"] for one in (*each.done, *each.planned)), *(id_ for *_, id_ in each.spoke)]


def _dealings(admitted: Admitted, each: Stakeholder) -> dict[str, Any]:
    """What was said and is to be done about this project, and who of us speaks to them."""
    managers, directory = managers_in(each.managers)
    managers.sort(key=lambda manager: manager.capacity == "")  # who is it of projects, before who is it of the whole
    today = admitted.look.at.astimezone(AMSTERDAM).date()
    spoke = [{"department": department, "official": official, "lastAt": f"{at[:19]}Z"} for department, official, at, _ in each.spoke]
    manager = summarised(managers, directory, admitted.profile.organisation, today)
    shown = {"contactMoments": each.done, "planned": each.planned, "spokenToBy": spoke, "relationManager": manager}
    return {name: value for name, value in shown.items() if value}
