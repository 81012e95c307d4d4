"""What goes on at an address or object."""

import orjson

from relhub.domain.access import admits_place, names_parties
from relhub.domain.compartments import Level
from relhub.domain.places import PlaceName
from relhub.services.admit import Admitted, admit, refuse
from relhub.services.asked import Asked, PlaceQuery, View
from relhub.services.cursors import read_cursor, write_cursor
from relhub.services.hub import Hub
from relhub.services.look import look_with
from relhub.services.search_budget import within_budget
from relhub.services.view_relation import is_complete, sources_of, timeless
from relhub.storage.database import Driver
from relhub.storage.places import PlaceCase, PlaceFilter, PlaceParts, place_parts


async def show_place(hub: Hub, asked: Asked, place: PlaceName, query: PlaceQuery) -> View:
    """The visible cases at a place, open ones first, newest first; a place of which nothing may be told is as one where nothing goes on.

    Raises NotAllowed, InvalidInput, TooManyRequests, and SourceError when the occasion can't be verified.
    """
    admitted = await admit(hub, asked, "place", verified_with_the_look=True, of_place=True)
    if refusal := admits_place(admitted.profile.activity, admitted.occasion):
        await refuse(hub, admitted.look, refusal)
    about = f"place/{place.bag_id}/{place.address}"
    after = read_cursor(hub.sealer, about, query.cursor)

    async def read(driver: Driver) -> PlaceParts:
        wanted = _wanted(admitted, place, query)
        return await place_parts(driver, wanted, admitted.profile, admitted.occasion_case, admitted.look, limit=query.limit, after=after)

    parts = await look_with(hub, admitted, lambda: within_budget(hub, asked, admitted, read))
    return _view(hub, admitted, parts, query.limit, about)


def _wanted(admitted: Admitted, place: PlaceName, query: PlaceQuery) -> PlaceFilter:
    """Read anew for each look: to verify a case that was not known may have brought compartments."""
    profile = admitted.profile
    wanted = [id_ for id_ in profile.at_least(Level.existence) if query.capacity in ("", profile.compartments[id_].capacity)]
    lies_there = not profile.activity.search and profile.activity.case.involves_relation
    return PlaceFilter(place, wanted, {"open": True, "closed": False}.get(query.phase), lies_there)


def _view(hub: Hub, admitted: Admitted, parts: PlaceParts, limit: int, about: str) -> View:
    shown, profile = parts.cases[:limit], admitted.profile
    sources = sources_of(hub, profile, parts.sources, parts.named_sources)
    head = {
        "complete": is_complete(sources) and not parts.referral,
        "sources": sources,
        "summary": {"openCases": parts.open_cases, "byCapacity": parts.by_capacity},
        **({"referral": {"via": "coordinator", "ask": profile.coordinator}} if parts.referral else {}),
        "next": write_cursor(hub.sealer, about, shown[-1].position) if len(parts.cases) > limit else None,
    }
    results = b',"results":[' + b",".join(_case(admitted, case) for case in shown) + b"]}"
    return View("", orjson.dumps(head)[:-1] + results, hub.sealer.tag(orjson.dumps(timeless(head))[:-1] + results))


def _case(admitted: Admitted, case: PlaceCase) -> bytes:
    """The rendered part, closed; who is in it is part of the case, so not shown at `existence`."""
    if case.part.startswith(b'{"level":"existence"'):
        return case.part + b"}"
    source, _, case_id = case.ref.partition("/")
    parties = case.parties
    if not names_parties(admitted.profile, admitted.occasion, source, case_id, case.compartment):
        parties = [{key: value for key, value in party.items() if key != "name"} for party in parties]
    more = b',"moreParties":true' if case.more else b""
    also = b',"alsoKnownAs":[' + case.also + b"]" if case.also else b""
    return case.part + b',"parties":' + orjson.dumps(parties) + more + also + b"}"
