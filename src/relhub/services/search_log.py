"""Who looked at whom, and why: for privacy officers."""

from dataclasses import fields, replace
from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, PageQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import verify_without_relation
from relhub.storage.log import add_look
from relhub.storage.log_search import Entry, LogFilter, search_looks

_MAY_NOT = Refusal(
    "This processing activity may not inspect the consultation log; name one of which the access rule says inspect_log = true."
)


async def search_log(hub: Hub, asked: Asked, wanted: LogFilter, query: PageQuery) -> bytes:
    """The consultations that meet all of it, the last first; itself logged with the relations that it named. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, "log-search")
    if not admitted.profile.activity.inspect_log:
        await refuse(hub, admitted.look, _MAY_NOT)
    await verify_without_relation(hub, admitted)
    about = f"cursor/log/{orjson.dumps(wanted).hex()}"
    place = open_cursor(hub.sealer, about, query.cursor)
    look = replace(admitted.look, sections=tuple(field.name for field in fields(wanted) if getattr(wanted, field.name)))
    async with hub.database.begin() as store:
        found = await search_looks(store.driver, wanted, place[0] if place else None, query.limit + 1)
        shown = found[: query.limit]
        named = {relation_id for entry in shown for relation_id in entry.relation_ids} | ({wanted.relation} - {""})
        await add_look(store.driver, look, "shown", sorted(named), [])
    following = seal_cursor(hub.sealer, about, [shown[-1].id]) if len(found) > query.limit else None
    return orjson.dumps({"results": [_show(hub, entry) for entry in shown], "next": following})


def _show(hub: Hub, entry: Entry) -> dict[str, Any]:
    activity = hub.access.rules.activities.get(entry.activity)
    return {
        "at": at_utc(entry.at),
        "traceId": entry.trace_id,
        "consumer": entry.consumer,
        "application": entry.application,
        "organisation": entry.organisation,
        "department": entry.department,
        "official": entry.official,
        "activity": entry.activity,
        "purpose": activity.purpose if activity else None,
        "registerUri": entry.register_uri or None,
        "rulesVersion": entry.rules_version,
        "occasion": entry.occasion,
        "operation": entry.operation,
        "outcome": entry.outcome,
        "sections": list(entry.sections),
        "levels": entry.levels,
        "relations": list(entry.relation_ids),
        "records": list(entry.records),
        "disclosable": entry.disclosable,
    }
