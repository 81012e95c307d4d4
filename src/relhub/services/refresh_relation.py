"""Fresher than the store: asking the sources again for the open cases of one relation."""

import asyncio
from datetime import UTC, datetime

from relhub.domain.access import Level, Profile
from relhub.errors import SourceError, SourceUnavailable
from relhub.services.fetch_case import fetch_case
from relhub.services.hub import Hub
from relhub.storage import sources
from relhub.storage.cases import newest_open_cases
from relhub.storage.views import ViewParts

_CASES = 20


def stale_sources(hub: Hub, profile: Profile, parts: ViewParts, at: datetime, max_age: int) -> list[str]:
    """Sources with something visible of this relation whose copy is older than that."""
    ages = {name: state["asOf"] for name, state in parts.sources.items()}
    return [name for name in sorted(parts.named_sources & set(hub.sources)) if _older(ages.get(name), at, max_age)]


def _older(as_of: str | None, at: datetime, max_age: int) -> bool:
    return as_of is None or (at - datetime.fromisoformat(as_of)).total_seconds() > max_age


async def refresh_relation(hub: Hub, profile: Profile, relation_id: str, names: list[str]) -> set[str]:
    """Fetches the newest open visible cases from these sources, all at once and each within its limit. Returns the sources that answered."""
    async with hub.database.driver() as driver:
        cases = await newest_open_cases(driver, relation_id, profile.at_least(Level.existence), names, _CASES)
    by_source = {name: [case_id for source, case_id in cases if source == name] for name in names}
    answered = await asyncio.gather(*(_refresh(hub, name, case_ids) for name, case_ids in by_source.items()))
    return {name for name, ok in zip(by_source, answered, strict=True) if ok}


async def _refresh(hub: Hub, source: str, case_ids: list[str]) -> bool:
    """False when the source does not answer in time: noted in its state, and the view answers from the store."""
    try:
        async with asyncio.timeout(hub.sources[source].limits.total):
            await asyncio.gather(*(fetch_case(hub, source, case_id) for case_id in case_ids))
    except (SourceError, TimeoutError) as error:
        if isinstance(error, TimeoutError):
            error = SourceUnavailable(source, f"no answer within {hub.sources[source].limits.total} s")
        async with hub.database.begin() as store:
            await sources.note_failure(store, source, datetime.now(UTC), str(error))
        return False
    return True
