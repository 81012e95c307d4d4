"""The page after the one that is being kept is made meanwhile, and nothing else changes by it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from relhub.adapters import Document, Page
from relhub.demo import RunningTown
from relhub.services.hub import Hub
from relhub.services.look_ahead import one_ahead
from relhub.services.pull_source import pull_source


async def counting(made: list[int], fails_at: int = 100) -> AsyncGenerator[int]:
    for number in range(1, 5):
        if number == fails_at:
            raise ConnectionError("gone")
        made.append(number)
        yield number


async def test_the_next_one_is_made_while_the_one_before_is_worked_on_and_no_other() -> None:
    made: list[int] = []
    async with aclosing(one_ahead(counting(made))) as numbers:
        async for number in numbers:
            await asyncio.sleep(0.01)
            assert made == list(range(1, min(number + 1, 4) + 1))
    assert made == [1, 2, 3, 4]


async def test_what_fails_is_raised_when_what_came_before_it_is_done() -> None:
    done: list[int] = []

    async def work() -> None:
        async for number in one_ahead(counting([], fails_at=3)):
            await asyncio.sleep(0.01)
            done.append(number)

    with pytest.raises(ConnectionError):
        await work()
    assert done == [1, 2]


async def test_who_stops_leaves_nothing_running() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncGenerator[int]:
        try:
            yield 1
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async with aclosing(one_ahead(endless())) as numbers:
        async for _ in numbers:
            await asyncio.sleep(0)
            break
    assert ended.is_set()


async def test_of_a_case_on_two_pages_in_a_row_the_later_page_is_kept_also_when_it_says_what_was_known(
    hub: Hub, town: RunningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await titles(hub)
    adapter = hub.adapters["enforcement"]
    pull = adapter.pull

    async def twice(cursor: dict[str, Any] | None) -> AsyncIterator[Page]:
        async for page in pull(cursor):
            yield replace(page, documents=[Document(one.id, one.set_key, {**one.body, "onderwerp": "Anders"}) for one in page.documents])
            yield page

    monkeypatch.setattr(adapter, "pull", twice)
    assert (await pull_source(hub, "enforcement")).changed == 2 * len(before)
    assert await titles(hub) == before


async def test_what_was_asked_for_besides_of_a_case_is_kept_with_the_page_that_keeps_the_case_only(
    empty_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a case that the page before kept, or found to be over time, nothing is left behind by which nobody would ever find it."""
    adapter, times = empty_hub.adapters["permits"], 0
    pull, complete = adapter.pull, adapter.complete

    async def twice(cursor: dict[str, Any] | None) -> AsyncIterator[Page]:
        async for page in pull(cursor):
            yield page
            if page.closing:
                yield page

    async def told_apart(documents: list[Document]) -> list[Document]:
        nonlocal times
        times += 1
        return [replace(one, id=f"{one.id}?{times}") for one in await complete(documents)]

    monkeypatch.setattr(adapter, "pull", twice)
    monkeypatch.setattr(adapter, "complete", told_apart)
    await pull_source(empty_hub, "permits")
    async with empty_hub.database.begin() as store:
        rows = await store.driver.fetch(
            "SELECT set_key, array_agg(DISTINCT split_part(id, '?', 2)) FROM document WHERE id LIKE '%?%' GROUP BY 1"
        )
    assert rows
    assert [tuple(row) for row in rows if len(row[1]) > 1] == []


async def titles(hub: Hub) -> list[str]:
    async with hub.database.begin() as store:
        rows = await store.driver.fetch("SELECT body->>'title' title FROM case_record WHERE source = 'enforcement' ORDER BY case_id")
    return [row["title"] for row in rows]
