"""From what a consumer knows (a case, an official number, its own key) to the view."""

from collections.abc import Sequence
from typing import Any, NoReturn

from relhub.domain import identifiers
from relhub.domain.access import names_parties
from relhub.errors import AmbiguousIdentifier, InvalidInput, Problem
from relhub.services.admit import Admitted, admit, fetch_logged, fetch_occasion, not_found, refuse
from relhub.services.asked import Asked, Reference, View, ViewOptions
from relhub.services.fetch_case import could_show
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation
from relhub.services.view_relation import view_admitted
from relhub.storage.cases import CaseParty, is_known, parties_of_case, relations_of_occasion
from relhub.storage.log import add_look
from relhub.storage.parties import relations_by_number

_MAIN_ROLES = ("applicant", "subject-of-enforcement")
_NO_CASE = "There is no such case, or nothing of it that this processing activity may see."
_NO_NUMBER = "No relation that this processing activity may see has this number."


async def lookup_relation(hub: Hub, asked: Asked, reference: Reference, options: ViewOptions) -> View:
    """The view of the one relation that this refers to; by case: of its applicant, with references to the other parties.

    Raises NotAllowed, NotFound, InvalidInput, AmbiguousIdentifier (a number of several relations), SourceError.
    """
    admitted = await admit(hub, asked, "lookup", options.named)
    if reference.case:
        return await _by_case(hub, admitted, *reference.case, options)
    scheme, value = reference.identifier or ("", "")
    if reference.record:
        source, value = reference.record
        scheme = f"own:{source}"
    else:
        value = _checked(scheme, value)
    return await _by_number(hub, admitted, scheme, value, options)


def _checked(scheme: str, value: str) -> str:
    try:
        return identifiers.identifier(scheme, value).value
    except ValueError as error:
        raise InvalidInput(Problem("body identifier.value", str(error))) from None


async def _by_case(hub: Hub, admitted: Admitted, source: str, case_id: str, options: ViewOptions) -> View:
    if admitted.occasion_case != (source, case_id):
        await verify_without_relation(hub, admitted)  # before a source is asked for another case on its account
    parties = await _parties(hub, admitted, source, case_id)
    if not parties:
        await _nothing(hub, admitted, _NO_CASE)
    main = main_party([party.role for party in parties])
    others = [party for n, party in enumerate(parties) if n != main and party.relation_id != parties[main].relation_id and not party.barred]
    named = names_parties(admitted.profile, admitted.occasion, source, case_id, parties[main].compartment)
    shown = {"otherParties": [_reference(party, named=named) for party in others]}
    return await view_admitted(hub, admitted, parties[main].relation_id, options, shown, [party.relation_id for party in others])


def main_party(roles: Sequence[str]) -> int:
    """Which of the parties of a case is meant by the case: its applicant, or whom it is about, or the first."""
    return min(range(len(roles)), key=lambda n: (_MAIN_ROLES.index(roles[n]) if roles[n] in _MAIN_ROLES else len(_MAIN_ROLES), n))


async def _parties(hub: Hub, admitted: Admitted, source: str, case_id: str) -> list[CaseParty]:
    """Of a case that may be seen. One that may not be is fetched as one that is not known: neither can be told from the other."""
    async with hub.database.driver() as driver:
        found = await parties_of_case(driver, admitted.profile, source, case_id)
    if not found and could_show(hub, admitted.profile, source):
        await fetch_logged(hub, admitted, source, case_id)
        async with hub.database.driver() as driver:
            found = await parties_of_case(driver, admitted.profile, source, case_id)
    return found


def _reference(party: CaseParty, *, named: bool) -> dict[str, Any]:
    return {"role": party.role, "relation": party.relation_id, "kind": party.kind, **({"name": party.display} if named else {})}


async def _by_number(hub: Hub, admitted: Admitted, scheme: str, value: str, options: ViewOptions) -> View:
    await know_occasion(hub, admitted)
    token = hub.sealer.token(scheme, value)
    async with hub.database.driver() as driver:
        found = await relations_by_number(driver, admitted.profile, scheme, token)
    if not found:
        await _nothing(hub, admitted, _NO_NUMBER)
    if len(found) > 1:
        await _ambiguous(hub, admitted, found)
    return await view_admitted(hub, admitted, found[0], options)


async def know_occasion(hub: Hub, admitted: Admitted) -> None:
    """A case that is new may bring the party that is asked for: it is fetched before anything is looked up."""
    if not admitted.on_case:
        return
    async with hub.database.driver() as driver:
        known = await is_known(driver, admitted.profile, *admitted.occasion_case)
    if not known:
        await fetch_occasion(hub, admitted)


async def _nothing(hub: Hub, admitted: Admitted, reason: str) -> NoReturn:
    """Nothing found: where an occasion is needed that is answered as one that does not hold, so that nobody learns who is known."""
    if not admitted.on_case:
        await not_found(hub, admitted.look, reason)
    await refuse(hub, admitted.look, admitted.does_not_hold)


async def _ambiguous(hub: Hub, admitted: Admitted, found: list[str]) -> NoReturn:
    """Both are named to those whose occasion involves one of them, or who need none."""
    if not admitted.profile.activity.case.involves_relation:
        await verify_without_relation(hub, admitted)
    elif admitted.on_case:
        async with hub.database.driver() as driver:
            involved = await relations_of_occasion(driver, admitted.profile, *admitted.occasion_case, admitted.look.department)
        if not set(found) & involved:
            await refuse(hub, admitted.look, admitted.does_not_hold)
    async with hub.database.driver() as driver:
        await add_look(driver, admitted.look, "ambiguous", found, [])
    raise AmbiguousIdentifier(tuple(found))
