"""From what an official knows of somebody to their relation; what they type goes in the body of a request, never in an address."""

from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from relhub.console.ask import Refused
from relhub.console.pages import page
from relhub.console.problems import Said, said
from relhub.console.sign_in import known
from relhub.console.visit import Visit
from relhub.services.own_activities import own_sources

_FACTS: Final = {
    "name": "name",
    "birth": "birthDate",
    "postal_code": "postalCode",
    "house_number": "houseNumber",
    "email": "email",
    "phone": "phone",
}
SCHEMES: Final = ("bsn", "kvk", "rsin", "vestiging", "oin", "a_number")
_NAME_OF_FIELD: Final = {"body identifier.value": "value", "body case": "number"} | {f"body {api}": name for name, api in _FACTS.items()}


async def finding(visit: Visit) -> Response:
    """Where a relation is found."""
    return await show_find(visit)


async def show_find(visit: Visit, status: int = 200, problem: Said | None = None, **found: Any) -> Response:
    activity = visit.hub.access.rules.activities.get(visit.work.activity)
    consumer = (await known(visit, visit.who.token)).consumer
    return page(
        visit,
        "find",
        status,
        search=bool(activity and activity.search),
        sources=own_sources(visit.hub, consumer, activity) if activity else [],
        schemes=SCHEMES,
        form=visit.form,
        problem=problem,
        results=found.get("results"),
        notice=await visit.take_notice(),
        here=f"{visit.console.path}/{visit.work_id}",
    )


async def find(visit: Visit) -> Response:
    """To the relation, or to what was found."""
    by = visit.form.get("by", "")
    try:
        if by == "search":
            facts = {api: visit.form[name] for name, api in _FACTS.items() if visit.form.get(name)}
            found = await visit.api().post("/relations/_search", facts)
            return await show_find(visit, results=found.body["results"])
        return await _look_up(visit, _reference(visit, by))
    except Refused as refusal:
        if refusal.status == 401:
            raise
        return await show_find(visit, refusal.status, said(visit.words, refusal, _NAME_OF_FIELD))


def _reference(visit: Visit, by: str) -> dict[str, Any]:
    form = visit.form
    if by == "occasion":
        return {"case": visit.work.occasion.removeprefix("case:")}
    if by == "case":
        return {"case": f"{form.get('source', '')}/{form.get('number', '')}"}
    return {"identifier": {"scheme": form.get("scheme", ""), "value": form.get("value", "")}}


async def _look_up(visit: Visit, reference: dict[str, Any]) -> Response:
    """Its summary is asked here, to know which relation it is; the page asks the whole."""
    found = (await visit.api().post("/relations/_lookup", reference, sections="summary")).body
    if found.get("otherParties"):
        return visit.to(f"/{visit.work_id}/cases/{quote(reference['case'])}")
    return visit.to(f"/{visit.work_id}/relations/{found['id']}")
