"""Finding a relation by facts: a right of its own, two facts at least, minimal answers."""

from collections.abc import Iterator
from typing import Any

import orjson

from relhub.domain.access import Profile, Refusal
from relhub.domain.compartments import Level
from relhub.domain.golden import Voice, golden_record
from relhub.domain.names import name_key
from relhub.domain.search_terms import ADDRESS_FIELDS, address_term, phone_term
from relhub.errors import InvalidInput, Problem
from relhub.services.admit import admit, refuse
from relhub.services.asked import Asked, SearchQuery
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation
from relhub.services.search_budget import is_spent, over_budget
from relhub.services.view_relation import party_of
from relhub.storage.log import add_look
from relhub.storage.parties import relations_by_terms, visible_parties

MOST = 20
_NO_SEARCH = Refusal("This processing activity may not search; look a relation up by case or by official number.")

_NOT_BY_DETAILS = Refusal(
    "This processing activity does not see addresses, phones and e-mail addresses, so it can't search by them; search by name and birthDate."
)


async def search_relations(hub: Hub, asked: Asked, query: SearchQuery) -> bytes:
    """Relations with visible records that have all of these facts. Raises NotAllowed, InvalidInput when the question is too broad, TooManyRequests."""
    admitted = await admit(hub, asked, "search")
    profile = admitted.profile
    if not profile.activity.search:
        await refuse(hub, admitted.look, _NO_SEARCH)
    await verify_without_relation(hub, admitted)
    profile = admitted.profile  # to verify a case that was not known may have brought compartments
    terms = list(_terms(query))
    if len({field for field, _ in terms}) < 2:
        raise InvalidInput(
            Problem("body", "too broad: give at least two facts (name, birthDate, postalCode with or without houseNumber, email, phone)")
        )
    if "contact-details" not in profile.groups and any(field in ADDRESS_FIELDS for field, _ in terms):
        await refuse(hub, admitted.look, _NOT_BY_DETAILS)
    seen = profile.at_least(Level.summary)
    hidden = "non-disclosed" not in profile.groups
    hashed = [(field, hub.sealer.token(f"search:{field}", term), hidden and field in ADDRESS_FIELDS) for field, term in terms]
    async with hub.database.begin() as store:
        spent = await is_spent(hub, store, asked, admitted)
        found = [] if spent else await relations_by_terms(store.driver, profile, hashed, query.kind, MOST + 1)
        shown = await visible_parties(store.driver, seen, found[:MOST])
        outcome = "over-budget" if spent else "too-broad" if len(found) > MOST else "shown"
        await add_look(store.driver, admitted.look, outcome, found if outcome == "shown" else [], [])
    if spent:
        raise over_budget(asked, admitted)
    if len(found) > MOST:
        raise InvalidInput(Problem("body", f"too broad: more than {MOST} relations have these facts; add one"))
    hits = [show_hit(hub, profile, relation_id, *shown[relation_id]) for relation_id in found]
    return orjson.dumps({"results": hits, "next": None})


def _terms(query: SearchQuery) -> Iterator[tuple[str, str]]:
    if query.house_number and not query.postcode:
        raise InvalidInput(Problem("body houseNumber", "needs postalCode beside it"))
    postcode = query.postcode.replace(" ", "").upper()
    terms = {
        "name": name_key(query.name),
        "birth": query.birth_date,
        "address": address_term(postcode, query.house_number),
        "postcode": "" if query.house_number else postcode,
        "email": query.email.casefold(),
        "phone": phone_term(query.phone),
    }
    return ((field, term) for field, term in terms.items() if term)


def show_hit(hub: Hub, profile: Profile, relation_id: str, non_disclosure: bool, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """As little as is needed to choose: name, birth date, city."""
    voices = [Voice(party_of(row), hub.sources[row["source"]].trust if row["source"] in hub.sources else 0, row["at"]) for row in rows]
    party = golden_record(voices, profile.groups, non_disclosure).record
    addresses = party.get("addresses") or [{}]
    return {
        "id": relation_id,
        "kind": rows[0]["kind"],
        "name": party.get("name"),
        "birth": party.get("birth"),
        "city": addresses[0].get("city", ""),
    }
