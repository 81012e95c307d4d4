"""Events over a connection that stays open: the same events, for as long as who asks may, and a reader for all."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from tests.adapter_servers import serving
from tests.exporting import case_of, person, say
from tests.processes import running, until
from tests.telling import FOLLOWING, happen, that_tells
from tests.test_exports_worker import unscheduled
from tests.test_keys import url_of
from tests.towns import CONSUMERS, DEMO, asked, bare_hub, bare_source, rows, seeing, settings_for, with_activity

from relhub.domain.access import Consumer
from relhub.domain.compartments import Level
from relhub.embedded import Server
from relhub.errors import NotAllowed, TooManyRequests
from relhub.main import create_app
from relhub.services.asked import EventQuery
from relhub.services.check_key import FRESH
from relhub.services.hub import Hub
from relhub.services.issue_key import issue_key, revoke_key
from relhub.services.stream_events import EventStream

ANNA = person("copy-a", "1", "Anna", "Groot", "999990019")
A, B, C = ("rel_" + letter * 26 for letter in "ABC")


@dataclass
class Followed:
    """What came over one connection."""

    status: int = 0
    events: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    ended: bool = False


@contextlib.asynccontextmanager
async def following(url: str, query: str = "", **headers: str) -> AsyncIterator[Followed]:
    """A connection, open until the block ends."""
    found = Followed()

    async def read() -> None:
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=60) as client,
            client.stream("GET", f"{url}/v1/events/stream{query}", headers=FOLLOWING | headers) as answer,
        ):
            found.status = answer.status_code
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    found.ids.append(line[4:])
                elif line.startswith("data: "):
                    found.events.append(orjson.loads(line[6:])["subject"])
        found.ended = True

    task = asyncio.create_task(read())
    await until(lambda: holds(lambda: (found.status == 200 and bool(found.ids)) or found.ended))
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def holds(check: Callable[[], bool]) -> bool:
    return check()


async def soon(check: Callable[[], bool]) -> float:
    return await until(lambda: holds(check))


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    opened = that_tells(bare_hub(migrated_url, bare_source("copy-a")))
    await say(opened, case_of(1, ANNA))
    yield opened
    await opened.database.close()


@pytest.fixture
async def app(hub: Hub) -> Any:
    made = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", DEMO / "sources"))
    made.state.hub = hub
    return made


@pytest.fixture
async def url(app: Any) -> AsyncIterator[str]:
    async with serving(app) as served:
        yield served


async def listed(url: str, cursor: str) -> list[str]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/v1/events", params={"cursor": cursor}, headers=FOLLOWING)
    return [event["subject"] for event in answer.json()["results"]]


async def test_what_happens_is_told_within_a_second_to_all_who_follow(hub: Hub, url: str) -> None:
    async with following(url) as one, following(url) as other:
        begun = time.monotonic()
        await happen(hub, A, B)
        await soon(lambda: one.events == other.events == [A, B])
        assert time.monotonic() - begun < 3


async def test_who_connects_again_goes_on_where_they_were_also_as_a_list(hub: Hub, url: str) -> None:
    async with following(url) as first:
        await happen(hub, A)
        await soon(lambda: first.events == [A] and len(first.ids) >= 3)
    await happen(hub, B, C)
    async with following(url, **{"Last-Event-ID": first.ids[-1]}) as again:
        await soon(lambda: again.events == [B, C])
    assert await listed(url, first.ids[-1]) == [B, C]
    async with following(url, "?start=oldest") as everything:
        await soon(lambda: everything.events[-3:] == [A, B, C])
    async with following(url, **{"Last-Event-ID": "AAAA"}) as wrong:
        assert wrong.status == 400


async def test_what_may_not_be_seen_is_not_told_and_what_may_no_longer_be_no_longer(hub: Hub, app: Any, url: str) -> None:
    async with following(url) as found:
        await say(hub, case_of(2, ANNA, capacity="enforcement"))
        await happen(hub, A)
        await soon(lambda: found.events == [A])
        app.state.hub.access.replace(seeing(hub, Level.none, "following-changes").access.rules)
        await happen(hub, B)
        await asyncio.sleep(1)
        assert found.events == [A]
        assert not found.ended, "who may see nothing follows nothing"


async def test_it_ends_when_the_rule_does_not_let_follow_any_more_and_says_so_in_the_log(hub: Hub, url: str) -> None:
    async with following(url) as found:
        hub.access.replace(with_activity(hub, "following-changes", follow=False).access.rules)
        await happen(hub, A)
        await soon(lambda: found.ended)
    assert found.events == []
    assert [row["outcome"] for row in await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id")] == ["shown", "refused"]


async def test_it_ends_when_the_key_is_revoked(hub: Hub, url: str) -> None:
    key, kept = await issue_key(hub, "contact-centre", 30, "")
    async with following(url, Authorization=f"Bearer {key}") as found, following(url) as other:
        await happen(hub, A)
        await soon(lambda: found.events == other.events == [A])
        await revoke_key(hub, kept.id)
        await asyncio.sleep(FRESH)
        await happen(hub, B)
        await soon(lambda: found.ended and other.events == [A, B])
    assert found.events == [A]


async def test_each_telling_is_logged_with_what_it_named(hub: Hub, url: str) -> None:
    async with following(url) as found:
        await happen(hub, A)
        await soon(lambda: found.events == [A])
    looks = await rows(hub, "SELECT operation, outcome, relation_ids FROM consultation_log ORDER BY id")
    assert [(row["operation"], row["outcome"], row["relation_ids"]) for row in looks] == [
        ("event-stream", "shown", []),
        ("event-stream", "shown", [A]),
    ]


async def test_a_consumer_has_five_connections_at_most_and_those_that_close_make_room(hub: Hub, url: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            assert (await stack.enter_async_context(following(url))).status == 200
        async with following(url) as sixth:
            assert sixth.status == 429

    async def there_is_room() -> bool:
        async with following(url) as again:
            return again.status == 200

    await until(there_is_room)


async def test_of_those_that_come_at_once_no_more_than_five_are_let_in(hub: Hub) -> None:
    streams = [stream_of(hub) for _ in range(9)]
    found = await asyncio.gather(*(stream.open(EventQuery(start="now")) for stream in streams), return_exceptions=True)
    assert [type(error) for error in found if error is not None] == [TooManyRequests] * 4
    for stream in streams:
        stream.close()
        stream.close()
    again = stream_of(hub)
    await again.open(EventQuery())
    again.close()


async def test_who_was_refused_or_went_away_before_anything_was_sent_takes_no_room(hub: Hub, app: Any) -> None:
    for _ in range(6):
        with pytest.raises(NotAllowed):
            await stream_of(with_activity(hub, "following-changes", follow=False)).open(EventQuery())

    async def gone(_: Any) -> None:
        raise OSError

    async def nothing() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent = [(name.lower().encode(), value.encode()) for name, value in FOLLOWING.items()]
    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/v1/events/stream", "raw_path": b"/v1/events/stream", "query_string": b"", "headers": sent, "client": ("127.0.0.1", 1), "server": ("relhub", 80)}  # fmt: skip
    for _ in range(6):
        with contextlib.suppress(Exception):
            await app({**scope, "state": {}}, nothing, gone)
    assert len(await rows(hub, "SELECT FROM consultation_log WHERE operation = 'event-stream' AND outcome = 'shown'")) == 6
    streams = [stream_of(hub) for _ in range(5)]
    for stream in streams:
        await stream.open(EventQuery())
    for stream in streams:
        stream.close()


def stream_of(hub: Hub) -> EventStream:
    async def let_in() -> Consumer:
        return CONSUMERS["contact-centre"]

    return EventStream(hub, asked("contact-centre", "following-changes", "none"), "/v1", let_in, 60)


async def test_a_change_that_may_not_be_seen_gives_a_place_like_any_other_and_the_answer_ends_after_its_time(hub: Hub, url: str) -> None:
    begun = time.monotonic()
    async with following(url, "?seconds=2") as found:
        await say(hub, case_of(2, ANNA, capacity="enforcement"))
        await soon(lambda: found.ended)
    assert 1.5 < time.monotonic() - begun < 10
    assert found.events == []
    assert len(set(found.ids)) == len(found.ids), "another one each time, so that it tells nothing"
    assert len({len(place) for place in found.ids}) == 1


async def test_a_sign_of_life_comes_by_the_clock_and_never_because_something_happened_that_may_not_be_seen(hub: Hub, url: str) -> None:
    async with following(url, "?seconds=2") as found:
        for number in (2, 3):
            await say(hub, case_of(number, ANNA, capacity="enforcement"))
            await asyncio.sleep(0.6)
        await soon(lambda: found.ended)
    assert (found.events, len(found.ids)) == ([], 1)


async def test_a_process_that_ends_ends_what_goes_on_and_not_in_the_middle(hub: Hub, server: Server, sources_dir: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with running("serve", await url_of(hub, server), unscheduled(sources_dir), port=port) as process:
        base = f"http://127.0.0.1:{port}"

        async def serves() -> bool:
            async with httpx2.AsyncClient(trust_env=False) as client:
                try:
                    return (await client.get(f"{base}/health/ready")).status_code == 200
                except httpx2.TransportError:
                    return False

        await until(serves)
        async with following(base) as found:
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await soon(lambda: found.ended)
            await process.wait()
            assert time.monotonic() - begun < 10, "it does not wait for its drain timeout"
