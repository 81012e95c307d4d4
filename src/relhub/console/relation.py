"""The one face: all that this official may know of a relation now, on one page; and a case with its parties."""

import secrets
from typing import Final

from starlette.responses import Response

from relhub.console.ask import Answer, segment
from relhub.console.pages import page
from relhub.console.visit import Gone, Visit

LISTS: Final = frozenset({"cases", "timeline", "tasks", "contact-moments", "commitments"})


async def relation(visit: Visit) -> Response:
    """The view, and when there is one who deals with it and its timeline: a refusal is logged once."""
    api, id_ = visit.api(), visit.part("relation")
    view = await api.get(f"/relations/{segment(id_)}")
    if moved := _moved(view):
        return visit.to(f"/{visit.work_id}/relations/{moved}")
    officials = await api.get(f"/relations/{segment(id_)}/officials")
    timeline = await api.get(f"/relations/{segment(id_)}/timeline")
    return page(
        visit,
        "relation",
        view=view.body,
        timeline=timeline.body,
        officials=officials.body,
        may_record=visit.records,
        key=secrets.token_hex(16),
        notice=await visit.take_notice(),
    )


def _moved(answer: Answer) -> str:
    """The id that the relation has now, when it is another."""
    return answer.moved.partition("/v1/relations/")[2].partition("/")[0].partition("?")[0]


async def dismiss(visit: Visit) -> Response:
    """The official's department has done with an alert."""
    id_, alert, form = visit.part("relation"), visit.part("alert"), visit.form
    said = {name: text for name, text in (("reason", form.get("reason")), ("text", form.get("text")), ("until", form.get("due"))) if text}
    await visit.api().post(f"/relations/{segment(id_)}/alerts/{segment(alert)}/_dismiss", said, {"Idempotency-Key": form.get("key", "")})
    await visit.tell("alerts.dismissed")
    return visit.to(f"/{visit.work_id}/relations/{id_}")


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
