"""From documents to records: what changed is kept, complete sets are read, and what follows is decided, in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

import orjson

from relhub.adapters import Document
from relhub.domain.record import RecordSet
from relhub.domain.retention import all_over_time
from relhub.errors import RecordRejected
from relhub.services.expire_sets import ages, expire_sets, marks_of
from relhub.services.hub import Hub
from relhub.services.keep_records import check_records, keep_rows, personal_numbers, set_rows
from relhub.services.settle import settle
from relhub.storage import documents
from relhub.storage.cases import owners
from relhub.storage.database import Store
from relhub.storage.record_rows import SetRows


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document with its bytes and the hash of them and the mapping version."""

    document: Document
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a set could not be read; `exposed`: its own name holds the number of somebody; `unkept`: what it says may not be kept at all."""

    reason: str
    exposed: bool = False
    unkept: bool = False


@dataclass(slots=True)
class Said:
    """What a set says, and the rows that are kept of it once they are made."""

    records: RecordSet
    rows: SetRows | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What these documents of a set say, or why that could not be read."""

    documents: Sequence[Document]
    found: Said | Rejected


_POLICE_DATA = (
    "cases of kind {} are police data (Wpg), which is not kept beside records that decide who others are: a source of its own, with "
    'identity = "leaf", may have them'
)


def encode(document: Document, mapping_version: str) -> Encoded:
    body = orjson.dumps(document.body, option=orjson.OPT_SORT_KEYS)
    return Encoded(document, body, sha256(mapping_version.encode() + b"\0" + body).digest()[:16])


async def not_older(store: Store, source: str, found: Sequence[Document], asked: datetime) -> list[Document]:
    """Of these answers to a question put at this time, those of which no newer one is kept."""
    newer = await documents.asked_after(store, source, [document.id for document in found], asked)
    return [document for document in found if document.id not in newer]


async def save(store: Store, hub: Hub, source: str, encoded: Sequence[Encoded], pull: int, asked: datetime) -> None:
    """Keeps documents, whole only where the sets of this source have several."""
    keep = hub.adapters[source].keeps_documents
    rows = [_row(item.document, item, keep, pull) for item in encoded]
    await documents.save_documents(store, source, rows, asked, hub.sealer)


def _row(document: Document, item: Encoded, keep: bool, pull: int) -> documents.DocumentRow:
    closing = document.id == document.set_key
    return documents.DocumentRow(
        document.id, document.set_key, item.hash, item.body if keep else None, closing, pull if document.listed else None
    )


async def read_sets(
    store: Store,
    hub: Hub,
    source: str,
    set_keys: Collection[str],
    fresh: Sequence[Document],
    at: datetime,
    readings: Mapping[str, Reading] = MappingProxyType({}),
) -> int:
    """Reads these complete sets; `fresh`: documents at hand. What can't be read goes to quarantine, its earlier records stay; what is over time is not kept.

    `readings`: of sets that were read before. Returns how many went to quarantine.
    """
    by_set = await _documents(store, hub, source, set_keys, fresh)
    read, rejected = _read(hub, source, by_set, readings)
    await _reject_taken(store, source, read, rejected)
    if rejected:
        await _set_aside(store, hub, source, by_set, rejected, at)
    over = {set_key for set_key, said in read.items() if all_over_time(hub.sources[source].retention_rules, ages(said.records.cases), at)}
    kept = {set_key: rows_of(hub, source, set_key, said) for set_key, said in read.items() if set_key not in over}
    if over:
        await expire_sets(store, hub, source, over, at)
    # Also what was rejected: a set of which documents were purged is whole again after the next pull.
    await marks_of(hub, source).forget(store, [set_key for set_key in by_set if set_key not in over])
    await _keep(store, hub, source, kept, at)
    await documents.mark_read(store, source, list(kept))
    return len(rejected)


async def _set_aside(
    store: Store, hub: Hub, source: str, by_set: Mapping[str, list[Document]], rejected: Mapping[str, Rejected], at: datetime
) -> None:
    """To quarantine; under a name of our own where the source's own name holds somebody's number, and nothing else of such a set is kept."""
    unkept = [set_key for set_key, why in rejected.items() if why.exposed or why.unkept]
    if unkept:
        await documents.forget_documents(store, source, [], unkept)
    aside = {
        hub.sealer.keyed(source, set_key) if why.exposed else set_key: (
            why.reason,
            orjson.dumps([] if why.unkept else [one.body for one in by_set[set_key]]),
        )
        for set_key, why in rejected.items()
    }
    await documents.set_aside(store, source, aside, hub.adapters[source].mapping_version, at, hub.sealer)


async def _reject_taken(store: Store, source: str, read: dict[str, Said], rejected: dict[str, Rejected]) -> None:
    """Of two sets with one case id the one that was there first stays; nothing is overwritten without a word."""
    ids = {case.id: set_key for set_key, said in read.items() for case in said.records.cases}
    for case_id, owner in (await owners(store, source, list(ids))).items():
        if owner != ids[case_id] and owner not in read:
            rejected[ids[case_id]] = Rejected("another set of documents has a case with this id")
            read.pop(ids[case_id], None)


async def replace(store: Store, hub: Hub, source: str, read: Mapping[str, RecordSet], at: datetime) -> None:
    """Keeps the records of these sets, puts their parties in relations, and notes what changed."""
    await _keep(store, hub, source, {set_key: rows_of(hub, source, set_key, Said(records)) for set_key, records in read.items()}, at)


async def _keep(store: Store, hub: Hub, source: str, rows: Mapping[str, SetRows], at: datetime) -> None:
    await settle(store, hub, source, await keep_rows(store, source, rows), (), at)


def rows_of(hub: Hub, source: str, set_key: str, said: Said) -> SetRows:
    """The rows of what was read, made once."""
    if said.rows is None:
        leaf, tells = hub.sources[source].identity == "leaf", hub.adapters[source].tells_non_disclosure
        said.rows = set_rows(set_key, said.records, hub.sealer, leaf=leaf, tells_non_disclosure=tells)
    return said.rows


async def _documents(
    store: Store, hub: Hub, source: str, set_keys: Collection[str], fresh: Sequence[Document]
) -> dict[str, list[Document]]:
    by_set: dict[str, list[Document]] = defaultdict(list)
    at_hand = {document.id for document in fresh}
    for document in fresh:
        if document.set_key in set_keys:
            by_set[document.set_key].append(document)
    if hub.adapters[source].keeps_documents:
        for id_, set_key, body in await documents.kept_documents(store, source, set_keys, hub.sealer):
            if id_ not in at_hand:
                by_set[set_key].append(Document(id_, set_key, body))
    return by_set


def _read(
    hub: Hub, source: str, by_set: Mapping[str, list[Document]], readings: Mapping[str, Reading]
) -> tuple[dict[str, Said], dict[str, Rejected]]:
    """What was read, and why the rest was not."""
    read: dict[str, Said] = {}
    rejected: dict[str, Rejected] = {}
    owner: dict[str, str] = {}
    for set_key, found in sorted(by_set.items()):
        before = readings.get(set_key)
        said = (before if before and before.documents == found else read_set(hub, source, set_key, found)).found
        if isinstance(said, Rejected):
            rejected[set_key] = said
        elif any(owner.setdefault(case.id, set_key) != set_key for case in said.records.cases):
            exposed = _exposed(set_key, personal_numbers(said.records.parties))
            rejected[set_key] = Rejected("another case on the same page has this id", exposed)
        else:
            read[set_key] = said
    return read, rejected


def read_set(hub: Hub, source: str, set_key: str, found: Sequence[Document]) -> Reading:
    """Reads one complete set: a function of its documents and of the source file."""
    exposed = False
    try:
        records = hub.adapters[source].to_records(found, lambda text: hub.sealer.keyed(source, text))
        hidden = personal_numbers(records.parties)
        exposed = _exposed(set_key, hidden)
        check_records(records, hidden)
    except RecordRejected as error:
        return Reading(found, Rejected(str(error), exposed))
    if refused := sorted({case.kind for case in records.cases if hub.sources[source].refuses(case.kind)}):
        return Reading(found, Rejected(_POLICE_DATA.format(", ".join(refused)), exposed, unkept=True))
    return Reading(found, Said(records))


def _exposed(set_key: str, hidden: Iterable[str]) -> bool:
    return any(number in set_key for number in hidden)


async def forget(store: Store, hub: Hub, source: str, ids: Sequence[str], set_keys: Sequence[str], at: datetime) -> None:
    """These documents and whole sets are gone; so is all that came from them."""
    await documents.forget_documents(store, source, ids, set_keys)
    await replace(store, hub, source, {set_key: RecordSet() for set_key in set_keys}, at)
    left = await documents.all_unread(store, source)
    if left:
        await read_sets(store, hub, source, left, (), at)
