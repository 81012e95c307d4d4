"""One case, with its parties, as far as its level allows; and the same zaak as other systems know it."""

from typing import Any

import orjson

from relhub.domain.access import names_parties
from relhub.services.admit import Admitted, admit, fetch_logged, fetch_occasion, not_found, refuse, restricted
from relhub.services.asked import Asked, View
from relhub.services.fetch_case import could_show
from relhub.services.hub import Hub
from relhub.services.look import verify_without_relation
from relhub.storage.department_cases import CaseView, one_case
from relhub.storage.log import add_look

NO_CASE = "There is no such case, or nothing of it that this processing activity may see."


async def show_case(hub: Hub, asked: Asked, source: str, case_id: str) -> View:
    """A case from level `summary` on; one that the hub does not know is asked of its source first.

    Raises NotAllowed, NotFound, Restricted, and SourceError when the source has to be asked and does not answer.
    """
    admitted = await admit(hub, asked, "case")
    if admitted.occasion_case != (source, case_id):
        await verify_without_relation(hub, admitted)  # before a source is asked for another case on its account
    found = await _look(hub, admitted, source, case_id)
    if (not found.records and not found.restricted) or (admitted.on_case and found.holds is None):
        found = await _ask_sources(hub, admitted, source, case_id, found)
    if admitted.on_case and not found.holds:
        await refuse(hub, admitted.look, admitted.does_not_hold)
    if found.restricted:
        await restricted(hub, admitted)
    if not found.records:
        await not_found(hub, admitted.look, NO_CASE)
    case, *others = [_show(admitted, *record) for record in found.records]
    body = case[:-1] + b',"alsoKnownAs":[' + b",".join(others) + b"]}" if others else case
    return View("", body, hub.sealer.tag(body))


async def _look(hub: Hub, admitted: Admitted, source: str, case_id: str) -> CaseView:
    """What may be seen; logged when it is shown."""
    profile = admitted.profile
    async with hub.database.begin() as store:
        found = await one_case(store.driver, source, case_id, profile, admitted.occasion_case, admitted.look.department)
        if found.records and (not admitted.on_case or found.holds):
            relation_ids = sorted({party["relation"] for *_, parties in found.records for party in parties})
            await add_look(store.driver, admitted.look, "shown", relation_ids, [ref for _, ref, *_ in found.records])
    return found


async def _ask_sources(hub: Hub, admitted: Admitted, source: str, case_id: str, found: CaseView) -> CaseView:
    """Fetches what is not there. A case that may not be seen is fetched as one that is not known: neither can be told from the other."""
    if admitted.on_case and found.holds is None:
        await fetch_occasion(hub, admitted)
        found = await _look(hub, admitted, source, case_id)
    if not found.records and not found.restricted and could_show(hub, admitted.profile, source):
        await fetch_logged(hub, admitted, source, case_id)
        found = await _look(hub, admitted, source, case_id)
    return found


def _show(admitted: Admitted, part: bytes, ref: str, compartment: int, parties: list[dict[str, Any]]) -> bytes:
    source, _, case_id = ref.partition("/")
    if not names_parties(admitted.profile, admitted.occasion, source, case_id, compartment):
        parties = [{key: value for key, value in party.items() if key != "name"} for party in parties]
    return part + b',"parties":' + orjson.dumps(parties) + b"}"
