"""Asking a source for cases now, outside of any pull."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from relhub.adapters import Document
from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.errors import NotFound, SourceUnavailable
from relhub.services.hub import Hub
from relhub.services.read_sets import encode, forget, not_older, read_sets, save
from relhub.storage import cases, sources
from relhub.storage.database import Store

_PATIENCE = 2.0  # seconds: who asks does not wait longer for a pull or a rebuild to let go


def could_show(hub: Hub, profile: Profile, source: str) -> bool:
    """Whether this source may know cases that this profile sees; others are not asked on its behalf."""
    return source in hub.sources and profile.sources[source] >= Level.summary


async def fetch_case(hub: Hub, source: str, case_id: str) -> None:
    """The same for one case."""
    await fetch_cases(hub, source, [case_id])


async def fetch_cases(hub: Hub, source: str, case_ids: Sequence[str]) -> None:
    """Keeps what the source says of these cases now, or forgets those of which it says that they are gone; all or none.

    Raises NotFound for a source that is not there, SourceUnavailable (noted) or SourceRefused when it does not answer, DatabaseUnusable
    when a change of the store takes too long.
    """
    adapter, asked = hub.adapters.get(source), datetime.now(UTC)
    if adapter is None:
        raise NotFound("There is no source of this name; GET /v1/sources lists them.")
    try:
        found = await asyncio.gather(*(adapter.fetch_one(case_id) for case_id in case_ids))
    except SourceUnavailable as error:
        async with hub.database.begin() as store:
            await sources.note_failure(store, source, datetime.now(UTC), str(error))
        raise
    async with hub.fetching, hub.database.begin(patience=_PATIENCE) as store:
        await store.lock_resolve()
        await sources.note_answer(store, source)
        gone = [
            key
            for case_id, one in zip(case_ids, found, strict=True)
            if one is None
            for key in await cases.set_keys_of(store, source, case_id)
        ]
        if gone:
            await forget(store, hub, source, [], gone, datetime.now(UTC))
        await _keep(hub, store, source, [document for one in found if one for document in one], asked)


async def _keep(hub: Hub, store: Store, source: str, found: Sequence[Document], asked: datetime) -> None:
    """What a pull has read since this was asked is newer, and stays."""
    adapter = hub.adapters[source]
    fresh = await not_older(store, source, found, asked)
    await save(
        store,
        hub,
        source,
        [encode(document, adapter.mapping_version) for document in fresh],
        await sources.current_pull(store, source),
        asked,
    )
    await read_sets(store, hub, source, {document.set_key for document in fresh}, fresh, datetime.now(UTC))
