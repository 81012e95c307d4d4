"""What is over time goes: whole sets with all that came from them, in the transaction of whoever found it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from relhub.domain.record import CaseRecord
from relhub.domain.retention import Age, version
from relhub.services.hub import Hub
from relhub.services.settle import settle
from relhub.storage.database import Store
from relhub.storage.former_parties import Forgotten, forget_parties
from relhub.storage.purges import Marks
from relhub.storage.records import replace_sets


@dataclass(frozen=True, slots=True)
class Expired:
    """How many documents and party records went, and what was forgotten of parties without any record left."""

    documents: int
    parties: int
    forgotten: Forgotten


def marks_of(hub: Hub, source: str) -> Marks:
    """What is remembered of this source's purged documents; a source without a file has no rules of its own."""
    config = hub.sources.get(source)
    return Marks(hub.sealer, source, version(config.retention_rules) if config else "")


def ages(cases: Iterable[CaseRecord]) -> list[Age]:
    """What decides how long each of these is kept."""
    return [Age(case.kind, case.phase != "closed", case.ended, case.modified_at, case.retention) for case in cases]


async def expire_sets(store: Store, hub: Hub, source: str, set_keys: Collection[str], at: datetime) -> Expired:
    """These sets go, with documents, records, links and what is known of parties that nothing speaks of any more.

    Of the documents is remembered, as keyed hashes, that they were here, so that they are not read again while they stay as they are.
    """
    keys = sorted(set_keys)
    documents = await marks_of(hub, source).take_documents(store, keys)
    written = await replace_sets(store, source, keys, [], [], [])
    await settle(store, hub, source, written, [], at)
    gone = {(name, key) for (name, key, _), _ in written.gone.refs}
    return Expired(documents, len(written.gone.refs), await forget_parties(store, gone))
