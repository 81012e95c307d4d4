"""The cases that a department deals with."""

from datetime import date

import orjson

from relhub.domain.access import Profile, Refusal
from relhub.domain.compartments import Level
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, DepartmentQuery
from relhub.services.cursors import open_cursor, seal_cursor
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation
from relhub.storage.department_cases import CaseFilter, ListedCase, department_cases
from relhub.storage.log import add_look

_OWN_ONLY = Refusal("This processing activity may list the cases of your own department only: leave department out.")


async def list_department_cases(hub: Hub, asked: Asked, query: DepartmentQuery) -> bytes:
    """Visible cases of the consumer's own department or, for activities that may search, of another. Raises NotAllowed, InvalidInput."""
    admitted = await admit(hub, asked, "department-cases")
    wanted = _wanted(admitted.profile, admitted.look.department, query)
    if wanted.department != admitted.look.department and not admitted.profile.activity.search:
        await refuse(hub, admitted.look, _OWN_ONLY)
    await verify_without_relation(hub, admitted)
    about = f"cursor/cases/{wanted.department}"
    place = open_cursor(hub.sealer, about, query.cursor)
    after = (place[0], date.fromisoformat(place[1]), place[2]) if place else None
    async with hub.database.begin() as store:
        found = await department_cases(store.driver, wanted, admitted.profile, after, query.limit + 1)
        shown = found[: query.limit]
        relation_ids = sorted({id_ for case in shown for id_ in case.relation_ids})
        await add_look(store.driver, admitted.look, "shown", relation_ids, [ref for case in shown for ref in case.refs])
    following = seal_cursor(hub.sealer, about, list(shown[-1].place)) if len(found) > query.limit else None
    return b'{"results":[' + b",".join(map(_case, shown)) + b'],"next":' + orjson.dumps(following) + b"}"


def _wanted(profile: Profile, own: str, query: DepartmentQuery) -> CaseFilter:
    seen = [profile.compartments[id_] for id_ in profile.at_least(Level.summary)]
    wanted = [one.id for one in seen if query.capacity in ("", one.capacity) and one.organisation == profile.organisation]
    return CaseFilter(query.department or own, wanted, query.source, {"open": True, "closed": False}.get(query.phase))


def _case(case: ListedCase) -> bytes:
    return case.part + (b',"alsoKnownAs":[' + case.also + b"]}" if case.also else b"}")
