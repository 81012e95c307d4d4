"""One case, with its parties, as far as its level allows; and the same zaak as other systems know it."""

from typing import Any

import orjson

from relhub.domain.access import names_parties
from relhub.services.admit import Admitted, admit
from relhub.services.asked import Asked, View
from relhub.services.hub import Hub
from relhub.services.look_at_case import look_at_case
from relhub.storage.department_cases import CaseView, one_case
from relhub.storage.log import add_look

NO_CASE = "There is no such case, or nothing of it that this processing activity may see."


async def show_case(hub: Hub, asked: Asked, source: str, case_id: str) -> View:
    """A case from level `summary` on; one that the hub does not know is asked of its source first.

    Raises NotAllowed, NotFound, Restricted, and SourceError when the source has to be asked and does not answer.
    """
    admitted = await admit(hub, asked, "case")
    found = await look_at_case(hub, admitted, source, case_id, lambda: _look(hub, admitted, source, case_id), NO_CASE)
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


def _show(admitted: Admitted, part: bytes, ref: str, compartment: int, parties: list[dict[str, Any]]) -> bytes:
    source, _, case_id = ref.partition("/")
    if not names_parties(admitted.profile, admitted.occasion, source, case_id, compartment):
        parties = [{key: value for key, value in party.items() if key != "name"} for party in parties]
    return part + b',"parties":' + orjson.dumps(parties) + b"}"
