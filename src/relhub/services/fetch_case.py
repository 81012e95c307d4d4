"""Asking a source for one case now, outside of any pull."""

from datetime import UTC, datetime

from relhub.domain.access import Level, Profile
from relhub.errors import NotFound, SourceError
from relhub.services.hub import Hub
from relhub.services.read_sets import encode, forget, read_sets, save
from relhub.storage import cases, sources


def could_show(hub: Hub, profile: Profile, source: str) -> bool:
    """Whether this source may know cases that this profile sees; others are not asked on its behalf."""
    return source in hub.sources and bool(hub.adapters[source].capacities & set(profile.at_least(Level.summary)))


async def fetch_case(hub: Hub, source: str, case_id: str) -> None:
    """Keeps what the source says of this case now, or forgets the case when the source says that it is gone.

    Raises NotFound for a source that is not there, SourceUnavailable or SourceRefused (noted) when the source does not answer.
    """
    adapter = hub.adapters.get(source)
    if adapter is None:
        raise NotFound("There is no source of this name; GET /v1/sources lists them.")
    try:
        found = await adapter.fetch_one(case_id)
    except SourceError as error:
        async with hub.database.begin() as store:
            await sources.note_failure(store, source, datetime.now(UTC), str(error))
        raise
    at = datetime.now(UTC)
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await sources.note_answer(store, source)
        if found is None:
            await forget(store, hub, source, [], await cases.set_keys_of(store, source, case_id), at)
        else:
            pull = await sources.current_pull(store, source)
            await save(store, hub, source, [encode(document, adapter.mapping_version) for document in found], pull)
            await read_sets(store, hub, source, {document.set_key for document in found}, found, at)
