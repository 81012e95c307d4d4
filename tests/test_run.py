"""`relhub run`, as make run starts it: ready with requests that work, and gone without a trace, however it ends."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import orjson
import psutil
import pytest
from tests.towns import NewDatabase

from relhub.storage.migrate import migrate

SECONDS = 60


async def start(directory: Path, port: int, *options: str, **environment: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "relhub.cli", "run", "--directory", str(directory), "--port", str(port), "--relations", "40", *options]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env={**os.environ, **environment})


async def ready(directory: Path, process: asyncio.subprocess.Process) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        while not (directory / "ready.json").exists():
            assert process.returncode is None, (await process.communicate())[1].decode()
            await asyncio.sleep(0.05)
    return dict(orjson.loads((directory / "ready.json").read_bytes()))


@asynccontextmanager
async def running(directory: Path, port: int, *options: str, **environment: str) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
    process = await start(directory, port, *options, **environment)
    try:
        yield process, await ready(directory, process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def refused(directory: Path, port: int, **environment: str) -> str:
    """What it says instead of starting: one line, and exit code 1."""
    process = await start(directory, port, **environment)
    async with asyncio.timeout(SECONDS):
        output, said = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    [line] = [line for line in said.decode().splitlines() if not line.startswith("{")]
    return line


async def ask(client: httpx2.AsyncClient, example: dict[str, Any], **headers: str) -> httpx2.Response:
    return await client.request(
        example["method"], example["path"], headers={**example["headers"], **headers}, content=orjson.dumps(example["body"])
    )


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_it_is_ready_with_consumers_and_requests_that_work_and_leaves_nothing_behind(tmp_path: Path, port: int) -> None:
    async with running(tmp_path, port) as (process, block):
        started = psutil.Process(process.pid).children(recursive=True)
        async with httpx2.AsyncClient(base_url=block["url"]) as client:
            answers = [await ask(client, example) for example in block["examples"]]
            assert (await client.get(block["docs"])).status_code == 200
            views = [await view_of_case(client, consumer["headers"]) for consumer in block["consumers"] if "case:" in str(consumer)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert {view["id"] for view in views} == {answers[0].json()["id"]}
        assert len(views) == 3
        process.terminate()
        output, _ = await process.communicate()
    assert process.returncode == 0
    assert all(example["path"] in output.decode() for example in block["examples"])
    assert output.startswith(b"relhub doctor: nothing is wrong (")
    assert len(started) > 2
    assert not [child for child in started if child.is_running()]
    assert not (tmp_path / "ready.json").exists()


async def view_of_case(client: httpx2.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    """The view that a desk gets of the case it works on: of Johanna, for every desk of the demo."""
    answer = await client.post("/v1/relations/_lookup", headers=headers, json={"case": headers["X-Occasion"].removeprefix("case:")})
    return dict(answer.json())


async def test_a_request_in_flight_is_finished_before_it_ends(tmp_path: Path, port: int) -> None:
    async with running(tmp_path, port, "--fault", "enforcement=slow:2") as (process, block):
        async with httpx2.AsyncClient(base_url=block["url"], timeout=30) as client:
            asked = asyncio.create_task(ask(client, block["examples"][0], **{"Cache-Control": "max-age=0"}))
            await asyncio.sleep(0.7)
            process.send_signal(signal.SIGINT)
            assert (await asked).status_code == 200
        await process.communicate()
    assert process.returncode == 0


async def test_after_kill_9_the_next_one_starts_as_if_nothing_had_happened(tmp_path: Path, port: int) -> None:
    async with running(tmp_path, port) as (process, _):
        process.kill()
        await process.communicate()
    assert (tmp_path / "ready.json").exists()
    (tmp_path / "ready.json").unlink()
    async with running(tmp_path, port) as (_, block), httpx2.AsyncClient(base_url=block["url"]) as client:
        assert (await ask(client, block["examples"][0])).status_code == 200
        assert await calls(client, block) == ["Mag de verbouwing al beginnen?"]


async def calls(client: httpx2.AsyncClient, block: dict[str, Any]) -> list[str]:
    """What was said with the bakery, by the subjects: the story is played once, however often it is started."""
    [desk] = [consumer for consumer in block["consumers"] if consumer["name"] == "contact-centre"]
    answer = await client.get(f"/v1/relations/{block['story']}/contact-moments", headers=desk["headers"])
    return [call["subject"] for call in answer.json()["results"]]


async def test_killed_while_it_is_still_preparing_it_is_in_nobodys_way(tmp_path: Path, port: int) -> None:
    """kill -9 while the database is made, migrated, the municipality prepared, the sources pulled: again and again, then undisturbed."""
    for seconds in (0.5, 0.8, 1.1, 1.4, 1.8, 2.3):
        process = await start(tmp_path, port)
        await asyncio.sleep(seconds)
        process.kill()
        await process.communicate()
        (tmp_path / "ready.json").unlink(missing_ok=True)
    async with running(tmp_path, port) as (_, block), httpx2.AsyncClient(base_url=block["url"]) as client:
        assert (await ask(client, block["examples"][0])).status_code == 200


async def test_with_a_database_of_ones_own_it_starts_none(tmp_path: Path, port: int, new_database: NewDatabase) -> None:
    async with running(tmp_path, port, RELHUB_DATABASE_URL=await new_database(None)) as (_, block):
        async with httpx2.AsyncClient(base_url=block["url"]) as client:
            assert (await ask(client, block["examples"][0])).status_code == 200
        assert not (tmp_path / "pg").exists()


async def test_what_is_in_the_way_is_one_line(tmp_path: Path, port: int, new_database: NewDatabase) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert "choose another: make run PORT=" in await refused(tmp_path / "a", port)
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in await refused(tmp_path / "file", port)
    newer = await new_database(None)
    await migrate(newer)
    connection = await asyncpg.connect(newer)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'; UPDATE compatibility SET oldest = '9999'")
    await connection.close()
    assert "migrated by a newer relhub" in await refused(tmp_path / "b", port, RELHUB_DATABASE_URL=newer)
    assert "does not answer" in await refused(tmp_path / "c", port, RELHUB_DATABASE_URL="postgresql://x@127.0.0.1:1/x")


async def test_a_second_one_in_the_same_directory_is_refused(tmp_path: Path, port: int) -> None:
    async with running(tmp_path, port):
        assert "is in use by another relhub run" in await refused(tmp_path, port)
