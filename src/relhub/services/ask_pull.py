"""Asking for a pull now, and how far it is. A worker does it."""

from typing import Any

import orjson

from relhub.domain.access import Refusal
from relhub.services.admit import Admitted, admit, admit_watcher, not_found, refuse
from relhub.services.answer_once import write_once
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage import pulls
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.pulls import Pull

NO_SOURCE = "There is no source of this name; GET /v1/sources lists them."
_NO_PULL = "There is no such pull of this source; pulls are kept for ninety days."
_MAY_NOT = Refusal("This processing activity may not have sources pulled; that is for operators.")


async def ask_pull(hub: Hub, asked: Asked, name: str, *, accept_loss: bool, key: str) -> bytes:
    """The pull of this source that waits or runs, or else a new one. Raises NotAllowed, NotFound, KeyReused."""
    admitted = await admit(hub, asked, "ask-pull")
    if not admitted.profile.activity.pull:
        await refuse(hub, admitted.look, _MAY_NOT)
    if name not in hub.sources:
        await not_found(hub, admitted.look, NO_SOURCE)
    request = ("ask-pull", name, accept_loss)
    return await write_once(
        hub, admitted, key, request, lambda store: _ask(store, admitted, name, accept_loss), outcome="asked", records=lambda _: [name]
    )


async def _ask(store: Store, admitted: Admitted, name: str, accept_loss: bool) -> bytes:
    return orjson.dumps(describe_pull(await pulls.ask(store, name, admitted.look.consumer, admitted.look.at, accept_loss=accept_loss)))


async def read_pull(hub: Hub, asked: Asked, name: str, pull_id: str) -> bytes:
    """How far a pull is, or how it ended. Raises NotAllowed, NotFound."""
    admitted = await admit_watcher(hub, asked, "pull")
    async with hub.database.begin() as store:
        pull = await pulls.find(store, name, pull_id)
        if pull is not None and name in hub.sources:
            await add_look(store.driver, admitted.look, "shown", [], [name])
    if pull is None or name not in hub.sources:
        await not_found(hub, admitted.look, _NO_PULL)
    return orjson.dumps(describe_pull(pull))


def describe_pull(pull: Pull) -> dict[str, Any]:
    """As answers show it."""
    moments = {
        "askedAt": pull.asked_at,
        "scheduledFor": pull.scheduled_for,
        "startedAt": pull.started_at,
        "endedAt": pull.ended_at,
    }
    return {
        "id": pull.id,
        "source": pull.source,
        "state": pull.state,
        "askedBy": pull.asked_by,
        **{name: at_utc(moment) if moment else None for name, moment in moments.items()},
        "acceptLoss": pull.accept_loss,
        "seen": pull.seen,
        "expected": pull.expected,
        "documents": pull.documents,
        "changed": pull.changed,
        "quarantined": pull.quarantined,
        "gone": pull.gone,
        "error": pull.error or None,
    }
