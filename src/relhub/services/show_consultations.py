"""Who looked at one relation: for the one it is about, through the portal of the organisation."""

from datetime import datetime
from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, PageQuery, View
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look
from relhub.storage.log_search import Disclosed, disclosed_looks

_MAY_NOT = Refusal("This processing activity may not see who looked; name one of which the access rule says subject_log = true.")


async def show_consultations(hub: Hub, asked: Asked, relation_id: str, query: PageQuery) -> View:
    """When, for what and by which department, the last first: no official (CJEU C-579/21), and nothing that is kept from the one it is about.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    admitted = await admit(hub, asked, "subject-log")
    if not admitted.profile.activity.subject_log:
        await refuse(hub, admitted.look, _MAY_NOT)
    place = open_cursor(hub.sealer, f"cursor/consultations/{relation_id}", query.cursor)
    before, limit = place[0] if place else None, query.limit + 1
    found = await look(
        hub,
        admitted,
        lambda driver: disclosed_looks(
            driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look, before=before, limit=limit
        ),
    )
    shown = found.entries[: query.limit]
    more = len(found.entries) > query.limit
    following = seal_cursor(hub.sealer, f"cursor/consultations/{found.relation_id}", [shown[-1].id]) if more else None
    body = orjson.dumps({"results": [show_look(hub, entry) for entry in shown], "next": following})
    return View(found.relation_id, body, "")


def show_look(hub: Hub, entry: Disclosed) -> dict[str, Any]:
    """The purpose is that of the activity as it is now; of one that is no more, its entry in the register says it."""
    activity = hub.access.rules.activities.get(entry.activity)
    return {
        "at": at_utc(datetime.fromisoformat(entry.at)),
        "organisation": entry.organisation or None,
        "department": entry.department or None,
        "purpose": activity.purpose if activity else None,
        "legalBasis": activity.legal_basis if activity else None,
        "registerUri": entry.register_uri or None,
        "operation": entry.operation,
        "outcome": entry.outcome,
    }
