"""Who is the face of the organisation to a relation, and who was."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from relhub.domain.dates import AMSTERDAM
from relhub.domain.officials import Directory
from relhub.domain.relation_managers import RelationManager, says_why
from relhub.services.admit import admit
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.list_officials import show_absence, show_listed
from relhub.services.look import look
from relhub.services.pages import page
from relhub.storage.relation_managers import seen_managers


async def list_managers(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """Who is it now, and from level `summary` on who was, the last first. Raises NotAllowed, NotFound, Restricted, InvalidInput."""
    admitted = await admit(hub, asked, "managers", verified_with_the_look=True)
    found = await look(
        hub, admitted, lambda driver: seen_managers(driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look)
    )
    today = admitted.look.at.astimezone(AMSTERDAM).date()
    numbered = list(enumerate(found.managers))
    body = page(
        hub,
        f"managers/{found.relation_id}",
        query,
        numbered,
        lambda item: [item[0]],
        lambda item: show_manager(item[1], found.directory, today, why=not found.hidden and says_why(admitted.profile, item[1])),
    )
    return View(found.relation_id, body, hub.sealer.tag(body))


def show_manager(manager: RelationManager, directory: Directory, today: date, *, why: bool = False) -> dict[str, Any]:
    """As answers show one, with how to reach them or who takes over; `why`: with the words of who said so."""
    text, ended_text = (manager.text, manager.ended_text) if why else ("", "")
    ended = {"department": manager.ended_department, "official": manager.ended_official, "text": ended_text}
    shown: dict[str, Any] = {
        "id": manager.id,
        "capacity": manager.capacity,
        **show_reach(manager, directory, today),
        "from": at_utc(manager.from_at),
        "setBy": _filled({"department": manager.by_department, "official": manager.by_official, "text": text}),
        "until": at_utc(manager.until_at) if manager.until_at else "",
        "endedBy": _filled(ended) if manager.until_at else {},
    }
    return {"now": manager.until_at is None, **_filled(shown)}


def show_reach(manager: RelationManager, directory: Directory, today: date) -> dict[str, Any]:
    """Who it is, and how to reach them or who takes over."""
    listed = directory.get((manager.organisation, manager.official))
    known = show_listed(listed) | show_absence(listed, directory, today) if listed else {}
    return known | {"account": manager.official, "department": manager.department}


def summarised(managers: Sequence[RelationManager], directory: Directory, organisation: str, today: date) -> dict[str, Any] | None:
    """The manager of the whole relation, for a summary: of one's own organisation before others."""
    own = sorted(managers, key=lambda manager: manager.organisation != organisation)
    return show_reach(own[0], directory, today) if own else None


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
