"""The one face: all that this official may know of a relation now, on one page; and a case with its parties."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.responses import Response

from relhub.console.ask import Answer, segment
from relhub.console.pages import page
from relhub.console.visit import Gone, Visit

LISTS: Final = frozenset({"cases", "timeline", "tasks", "contact-moments", "commitments"})


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who deals with the relation, for these cases; without a name: their department."""

    capacity: str
    department: str
    name: str
    part: str
    phone: str
    email: str
    cases: tuple[str, ...] = ()


async def relation(visit: Visit) -> Response:
    """The view, and when there is one its timeline: a refusal is logged once."""
    api, id_ = visit.api(), visit.part("relation")
    view = await api.get(f"/relations/{segment(id_)}")
    if moved := _moved(view):
        return visit.to(f"/{visit.work_id}/relations/{moved}")
    timeline = await api.get(f"/relations/{segment(id_)}/timeline")
    return page(
        visit,
        "relation",
        view=view.body,
        timeline=timeline.body,
        colleagues=list(colleagues(view.body["cases"]["items"])),
        may_record=_may_record(visit),
        notice=await visit.take_notice(),
    )


def _moved(answer: Answer) -> str:
    """The id that the relation has now, when it is another."""
    return answer.moved.partition("/v1/relations/")[2].partition("/")[0].partition("?")[0]


def _may_record(visit: Visit) -> frozenset[str]:
    activity = visit.hub.access.rules.activities.get(visit.work.activity)
    return frozenset(activity.records) if activity else frozenset()


def colleagues(cases: list[Mapping[str, Any]]) -> Iterator[Colleague]:
    """Who deals with these cases, each once per capacity; of a case without officials its department."""
    found: dict[Colleague, list[str]] = {}
    for case in cases:
        for person in case.get("officials") or [{}]:
            name, part, phone, email = (str(person.get(name) or "") for name in ("name", "part", "phone", "email"))
            one = Colleague(case["capacity"], person.get("department") or case.get("department") or "", name, part, phone, email)
            found.setdefault(one, []).extend([case["ref"]] if case.get("ref") else [])
    return (replace(one, cases=tuple(dict.fromkeys(refs))) for one, refs in found.items())


async def case(visit: Visit) -> Response:
    """A case, with its parties to choose from."""
    source, id_ = visit.part("source"), visit.part("case")
    found = await visit.api().get(f"/cases/{segment(source)}/{segment(id_)}")
    return page(visit, "case", case=found.body, notice="")


async def more(visit: Visit) -> Response:
    """The next page of a list of this relation."""
    id_, name = visit.part("relation"), visit.part("list")
    if name not in LISTS:
        raise Gone
    cursor = visit.request.query_params.get("cursor", "")
    found = await visit.api().get(f"/relations/{segment(id_)}/{name}", **({"cursor": cursor} if cursor else {}))
    if moved := _moved(found):
        return visit.to(f"/{visit.work_id}/relations/{moved}/{name}")
    return page(visit, "more", relation=id_, list=name, results=found.body["results"], next=found.body["next"], notice="")
