"""How each source is doing. Nothing about anyone."""

from typing import Any

import orjson

from relhub.services.admit import admit_watcher, not_found, shown
from relhub.services.ask_pull import NO_SOURCE, describe_pull
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.keep_records import at_utc
from relhub.storage import documents, pulls
from relhub.storage.log import add_look
from relhub.storage.sources import SourceState, source_states


async def list_sources(hub: Hub, asked: Asked) -> bytes:
    """Every configured source with its state. Raises NotAllowed."""
    admitted = await admit_watcher(hub, asked, "sources")
    await shown(hub, admitted.look)
    return orjson.dumps({"results": await describe_sources(hub)})


async def read_source(hub: Hub, asked: Asked, name: str) -> bytes:
    """One source, with how old its copy is and the pull that is under way or was last. Raises NotAllowed, NotFound."""
    admitted = await admit_watcher(hub, asked, "source")
    if name not in hub.sources:
        await not_found(hub, admitted.look, NO_SOURCE)
    async with hub.database.begin() as store:
        state = next((state for state in await source_states(store) if state.source == name), None)
        pull = await pulls.latest(store, name)
        _, seen = await documents.pull_counts(store, name, state.pull_number if state else 1)
        await add_look(store.driver, admitted.look, "shown", [], [name])
    success = state.last_success_at if state else None
    more = {
        "schedule": hub.sources[name].schedule or None,
        "lagSeconds": int((asked.at - success).total_seconds()) if success else None,
        "seen": seen,
        "pull": describe_pull(pull) if pull else None,
    }
    return orjson.dumps(_describe(hub, name, state) | more)


async def describe_sources(hub: Hub) -> list[dict[str, Any]]:
    """The same, for the command line."""
    async with hub.database.begin() as store:
        states = {state.source: state for state in await source_states(store)}
    return [_describe(hub, name, states.get(name)) for name in sorted(hub.sources)]


def _describe(hub: Hub, name: str, state: SourceState | None) -> dict[str, Any]:
    config = hub.sources[name]
    times = {
        "lastSuccessAt": state.last_success_at if state else None,
        "lastAttemptAt": state.last_attempt_at if state else None,
        "unavailableSince": state.unavailable_since if state else None,
    }
    return {
        "source": name,
        "organisation": config.organisation,
        "adapter": config.adapter,
        "mode": config.mode,
        "state": _word(state),
        **{key: at_utc(moment) if moment else None for key, moment in times.items()},
        "lastError": state.last_error if state and state.last_error else None,
        "expected": state.expected if state else None,
        "cases": state.cases if state else 0,
        "quarantined": state.quarantined if state else 0,
    }


def _word(state: SourceState | None) -> str:
    if state and state.unavailable_since:
        return "unavailable"
    if state and state.last_error:
        return "failing"
    return "well" if state and state.last_success_at else "never-pulled"
