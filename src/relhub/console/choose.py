"""The first page: for what an official looks, and on which occasion."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from relhub.api.gate import OCCASION
from relhub.console.ask import NOTHING_PARTICULAR
from relhub.console.pages import page
from relhub.console.sign_in import known
from relhub.console.visit import Visit
from relhub.domain.access import Activity
from relhub.services.keep_session import Work, begin_work
from relhub.services.own_activities import own_activities, own_sources

_SORTS: Final = ("case", "none", "task", "question", "contact-moment", "break-glass")


@dataclass(frozen=True, slots=True)
class Choice:
    """A processing activity, with the occasions that it accepts and where a case can be."""

    activity: Activity
    occasions: list[str]
    sources: list[str]


async def home(visit: Visit) -> Response:
    """What this official may look for."""
    return await show_home(visit)


async def show_home(visit: Visit, status: int = 200, error: str = "", activity: str = "") -> Response:
    """`error`: what is wrong with the choice of this activity (a key of the catalogue)."""
    return page(
        visit,
        "home",
        status,
        choices=await _choices(visit),
        error=error,
        chosen=activity,
        form=visit.form,
        notice=await visit.take_notice(),
        here=visit.console.path,
    )


async def _choices(visit: Visit) -> list[Choice]:
    consumer = (await known(visit, visit.who.token)).consumer
    return [
        Choice(activity, [sort for sort in _SORTS if sort in activity.occasions], own_sources(visit.hub, consumer, activity))
        for activity in own_activities(visit.hub, consumer)
    ]


async def choose(visit: Visit) -> Response:
    """Begins work on an activity and occasion, and leads to where a relation is found, or to the relation that was asked for."""
    form, activity = visit.form, visit.form.get("activity", "")
    if activity not in {choice.activity.id for choice in await _choices(visit)}:
        return await show_home(visit, 400, "choose.activity")
    if form.get("to") == "tasks":  # one's own work needs no occasion
        return visit.to(f"/{await begin_work(visit.hub, visit.key, Work(activity, NOTHING_PARTICULAR))}/tasks")
    occasion, error = _occasion(form.get("occasion", "none"), form.get("source", ""), form.get("number", ""), form.get("reason", ""))
    if error:
        return await show_home(visit, 400, error, activity)
    work = await begin_work(visit.hub, visit.key, Work(activity, occasion))
    relation = form.get("relation", "")
    return visit.to(f"/{work}/relations/{relation}" if re.fullmatch(RELATION, relation) else f"/{work}")


RELATION: Final = r"rel_[0-9A-HJKMNP-TV-Z]{26}"


def _occasion(sort: str, source: str, number: str, reason: str) -> tuple[str, str]:
    """(the occasion as the API takes it, what is wrong)."""
    if sort == "none":
        return NOTHING_PARTICULAR, ""
    if sort == "break-glass":
        said = f"break-glass:{quote(' '.join(reason.split()))}"
        return (said, "") if len(reason) >= 20 and re.fullmatch(OCCASION, said) else ("", "choose.reason")
    said = f"case:{source}/{number}" if sort == "case" else f"{sort}:{number}"
    return (said, "") if re.fullmatch(OCCASION, said) else ("", "choose.number" if sort == "case" else "choose.entry")
