"""Throwing away what is computed, and computing it again from the facts."""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from relhub.services.compute_alerts import compute_all
from relhub.services.hub import Hub
from relhub.services.keep_records import CASE, case_row, hashed_terms, match_keys
from relhub.services.own_look import own_look
from relhub.services.settle import settle
from relhub.services.stored_party import stored_party
from relhub.storage import computed, entries_computed
from relhub.storage.database import Store
from relhub.storage.log import add_look
from relhub.storage.record_rows import Written
from relhub.storage.records import save_computed

_BATCH = 1000


async def rebuild(hub: Hub, on_progress: Callable[[int, int | None], None] | None = None) -> int:
    """Computes match keys, search terms, rendered cases and relations again, in one transaction: until it ends, all is as it was.

    Returns how many party records it went through.
    """
    at = datetime.now(UTC)
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await computed.clear(store)
        await computed.replay(store, when_unknown=hub.protected_when_unknown)
        parties = await _parties(store, hub)
        await _cases(store)
        await computed.protect_cases(store)
        await entries_computed.render_again(store)
        done: set[int] = set()
        for start in range(0, len(parties), _BATCH):
            seeds = [id_ for id_ in parties[start : start + _BATCH] if id_ not in done]
            resolved = await settle(store, hub, "rebuild", Written(), seeds, at)
            done |= resolved.looked_at
            if on_progress:
                on_progress(len(done), len(parties))
        await compute_all(store, hub, at)
        await add_look(store.driver, own_look(hub, "rebuild"), "done", [], [])
        return len(parties)


async def _parties(store: Store, hub: Hub) -> list[int]:
    ids: list[int] = []
    async for batch in computed.party_batches(store, _BATCH):
        rows = []
        for row in batch:
            party = stored_party(orjson.loads(row.body), row.kind, row.source, row.key)
            rows.append((row.id, match_keys(party, hub.sealer, row.numbers), hashed_terms(party, hub.sealer)))
        await save_computed(store, rows)
        ids += [row.id for row in batch]
    return ids


async def _cases(store: Store) -> None:
    async for batch in computed.case_batches(store, _BATCH):
        await computed.save_cases(store, [(id_, case_row(CASE.validate_json(body), "", {})) for id_, body in batch])
