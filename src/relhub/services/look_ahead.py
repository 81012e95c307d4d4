"""The page after the one that is being kept: asked for, compared with what is known and read meanwhile. Nothing of it is kept here."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import TypeVar

from relhub.adapters import Document, Page
from relhub.services.expire_sets import marks_of
from relhub.services.hub import Hub
from relhub.services.read_sets import Encoded, Reading, Said, encode, read_set, rows_of
from relhub.storage import documents
from relhub.storage.database import Store

T = TypeVar("T")
_TURN = 0.002  # seconds of reading before others have theirs: the page before asks the database much that takes it no longer


@dataclass(frozen=True, slots=True)
class PageAhead:
    """A page and what could be made of it before it is its turn. `asked`: when it was asked for, or before.

    `tokens`: by which it is known what was purged. `extra`: documents that its sets need and no page gives.
    """

    page: Page
    asked: datetime
    encoded: Mapping[str, Encoded]
    tokens: Mapping[str, bytes]
    extra: Sequence[Document] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)


async def one_ahead(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """The same, each made while the one before is worked on. What fails is raised where the item would have come."""
    async with aclosing(items):
        following = asyncio.create_task(_next(items))
        try:
            while (item := await following) is not None:
                following = asyncio.create_task(_next(items))
                yield item
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _next(items: AsyncGenerator[T]) -> T | None:
    return await anext(items, None)


async def look_ahead(hub: Hub, source: str, page: Page, asked: datetime) -> PageAhead:
    """Asks for what the page needs besides, and reads its sets where a set is one document: what the store knows now may have changed when it is kept."""
    adapter = hub.adapters[source]
    encoded = {document.id: encode(document, adapter.mapping_version) for document in page.documents}
    tokens = {id_: marks_of(hub, source).token(id_, item.hash) for id_, item in encoded.items()}
    ahead = PageAhead(page, asked, encoded, tokens)
    async with hub.database.begin() as store:
        found = [item.document for item in await changed(store, hub, source, ahead)]
    extra = await adapter.complete(found) if page.closing and found else []
    readings = await _read(hub, source, found) if page.closing and not adapter.keeps_documents else {}
    return PageAhead(page, asked, encoded, tokens, extra, readings)


async def _read(hub: Hub, source: str, found: Sequence[Document]) -> dict[str, Reading]:
    """Reads sets of one document, and makes their rows: one after the other, for what a processor does over and over it does a quarter faster."""
    readings = {one.set_key: read_set(hub, source, one.set_key, [one]) async for one in _in_turns(found)}
    async for set_key, reading in _in_turns(readings.items()):
        if isinstance(reading.found, Said):
            rows_of(hub, source, set_key, reading.found)
    return readings


async def _in_turns(items: Iterable[T]) -> AsyncGenerator[T]:
    """The same; the page before is being kept meanwhile."""
    turn = monotonic()
    for item in items:
        if monotonic() - turn > _TURN:
            await asyncio.sleep(0)
            turn = monotonic()
        yield item


async def changed(store: Store, hub: Hub, source: str, ahead: PageAhead) -> list[Encoded]:
    """The documents of the page that are not kept as they are, nor purged as they are."""
    known = await documents.known_hashes(store, source, list(ahead.encoded))
    new = {id_: item for id_, item in ahead.encoded.items() if known.get(id_) != item.hash}
    purged = await marks_of(hub, source).known(store, [ahead.tokens[id_] for id_ in new])
    return [item for id_, item in new.items() if ahead.tokens[id_] not in purged]
