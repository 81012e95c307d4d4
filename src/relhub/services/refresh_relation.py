"""Fresher than the store: asking the sources again for the cases of one relation."""

import asyncio
from datetime import datetime

from relhub.domain.access import Profile
from relhub.domain.compartments import Level
from relhub.errors import DatabaseUnusable, SourceError
from relhub.services.fetch_case import fetch_cases
from relhub.services.hub import Hub
from relhub.storage.cases import newest_cases
from relhub.storage.views import ViewParts

_CASES = 20  # of one relation in one source: more would make an answer wait for cases that nobody reads


def stale_sources(hub: Hub, parts: ViewParts, at: datetime, max_age: int | None) -> list[str]:
    """Sources with something visible of this relation whose copy is older than that (None: any copy will do), and those that are live."""
    ages = {name: state["asOf"] for name, state in parts.sources.items()}
    return [
        name
        for name in sorted(parts.named_sources & set(hub.sources))
        if hub.sources[name].mode == "live" or (max_age is not None and _older(ages.get(name), at, max_age))
    ]


def _older(as_of: str | None, at: datetime, max_age: int) -> bool:
    return as_of is None or (at - datetime.fromisoformat(as_of)).total_seconds() > max_age


async def refresh_relation(hub: Hub, profile: Profile, relation_id: str, names: list[str]) -> set[str]:
    """Fetches the newest visible cases from these sources, all at once and each within its limit.

    Returns the sources of which every visible case is as the source says it now; of a relation with more cases than are fetched that is none.
    """
    async with hub.database.driver() as driver:
        cases = await newest_cases(driver, relation_id, profile.at_least(Level.existence), names, _CASES + 1)
    by_source = {name: [case_id for source, case_id in cases if source == name] for name in names}
    answered = await asyncio.gather(*(_refresh(hub, name, case_ids[:_CASES]) for name, case_ids in by_source.items()))
    return {name for name, ok in zip(by_source, answered, strict=True) if ok and len(by_source[name]) <= _CASES}


async def _refresh(hub: Hub, source: str, case_ids: list[str]) -> bool:
    """False when the source does not answer in time, or the store is busy with a change: the view answers from what there is."""
    try:
        await fetch_cases(hub, source, case_ids)
    except (SourceError, DatabaseUnusable):
        return False
    return True
