"""Asking for all that is held of one relation (inzage-export), and how far it is. A worker makes it."""

import secrets
from dataclasses import dataclass
from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.errors import KeyReused
from relhub.services.admit import Admitted, admit, not_found, refuse
from relhub.services.answer_once import KEY_REUSED, answer_once
from relhub.services.asked import Asked, View
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.services.look import look_with
from relhub.storage import exports
from relhub.storage.database import Store
from relhub.storage.exported_cases import glimpse
from relhub.storage.exports import Asker, Export
from relhub.storage.log import add_look

STEPS = 4
"""Of making one: the party, its history, its cases, who looked."""
NO_EXPORT = "There is no such export for your application and processing activity; exports are remembered for ninety days."
_MAY_NOT = Refusal(
    "This processing activity may not have all that is held put together; name one of which the access rule says export = true."
)


async def admit_export(hub: Hub, asked: Asked, operation: str) -> Admitted:
    """As `admit`, for an activity that may. Raises NotAllowed (logged)."""
    admitted = await admit(hub, asked, operation)
    if not admitted.profile.activity.export:
        await refuse(hub, admitted.look, _MAY_NOT)
    return admitted


async def ask_export(hub: Hub, asked: Asked, relation_id: str, key: str, base: str) -> View:
    """The export that waits or is being made for the same asker, or else a new one; of another relation when those were merged, and then nothing is asked.

    `base`: the address of the API, for the links. Raises NotAllowed, NotFound, Restricted, KeyReused.
    """
    admitted = await admit_export(hub, asked, "ask-export")
    given = await look_with(hub, admitted, lambda: _look_and_ask(hub, admitted, asked, relation_id, key, base))
    if given.relation_id == relation_id and not given.answer:
        raise KeyReused(KEY_REUSED)
    return View(given.relation_id, given.answer, "")


@dataclass(frozen=True, slots=True)
class _Given:
    """`outcome` as of a view; no answer when the key was used for another request."""

    outcome: str
    relation_id: str
    answer: bytes = b""


async def _look_and_ask(hub: Hub, admitted: Admitted, asked: Asked, relation_id: str, key: str, base: str) -> _Given:
    """In one transaction with the row of the log that says that the relation may be seen."""
    request = ("ask-export", relation_id, asked.activity, asked.occasion, asked.consumer.department, asked.official)
    async with hub.database.begin() as store:
        seen = await glimpse(store.driver, relation_id, admitted.profile, admitted.occasion_case, admitted.look)
        if seen.outcome != "shown" or seen.relation_id != relation_id:
            return _Given(seen.outcome, seen.relation_id)
        try:
            answer = await answer_once(
                store, hub.sealer, asked.consumer.name, key, request, asked.at, lambda: _ask(store, asked, relation_id, base)
            )
        except KeyReused:
            answer = b""
            await add_look(store.driver, admitted.look, "refused", [relation_id], [])
    return _Given(seen.outcome, relation_id, answer)


async def _ask(store: Store, asked: Asked, relation_id: str, base: str) -> bytes:
    who = asked.consumer
    asker = Asker(
        who.name,
        who.organisation,
        who.department,
        sorted(who.roles),
        asked.official,
        asked.activity,
        asked.occasion or "none",
        asked.trace_id,
        asked.span_id,
    )
    export = await exports.ask(store, f"exp_{secrets.token_hex(16)}", relation_id, asker, asked.at)
    return orjson.dumps(describe_export(export, base))


async def read_export(hub: Hub, asked: Asked, export_id: str, base: str) -> bytes:
    """How far an export is, or how it ended, for who asked for it. Raises NotAllowed, NotFound."""
    admitted = await admit_export(hub, asked, "export-job")
    async with hub.database.begin() as store:
        export = await find_own(store, asked, export_id)
        if export:  # nothing of the relation is shown: whoever asks ten times how far it is has not looked at anyone ten times
            await add_look(store.driver, admitted.look, "shown", [], [export_id])
    if export is None:
        await not_found(hub, admitted.look, NO_EXPORT)
    return orjson.dumps(describe_export(export, base))


async def find_own(store: Store, asked: Asked, export_id: str) -> Export | None:
    """This export, when it was asked for by this consumer, for this department and activity."""
    who = asked.consumer
    return await exports.find(store, export_id, who.name, who.organisation, who.department, asked.activity)


def describe_export(export: Export, base: str) -> dict[str, Any]:
    """As answers show it."""
    moments = {"askedAt": export.asked_at, "doneAt": export.ended_at, "expiresAt": export.expires_at}
    links = {name: f"{base}/exports/{export.id}/{name}" for name in ("content", "page")}
    return {
        "id": export.id,
        "relation": export.relation_id,
        "state": export.state,
        **{name: at_utc(moment) if moment else None for name, moment in moments.items()},
        "steps": STEPS,
        "stepsDone": export.steps_done,
        "links": links if export.state == "done" else None,
        "error": export.error or None,
    }
