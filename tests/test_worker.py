"""`relhub worker`: what is due is pulled once, by one process at a time, whatever happens to that process."""

import asyncio
import re
import signal
import socket
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.processes import running, until
from tests.towns import as_service, settings_for

from relhub.demo import RunningTown
from relhub.embedded import FOR_TESTS, postgres
from relhub.errors import PullLost, PullRefused, SourceUnavailable
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source
from relhub.services.schedule_pulls import due_moments, forget_old, schedule_pulls, sources_to_pull
from relhub.storage import pulls
from relhub.storage.migrate import migrate
from relhub.storage.pulls import Pull

SOURCES = ("enforcement", "permits", "projects")
SECONDS_TO_TAKE_OVER = 10


@pytest.fixture
def unscheduled(sources_dir: Path) -> Path:
    """The source files without schedules: what is pulled is what a test asks for."""
    for file in sources_dir.iterdir():
        file.write_text(re.sub(r"^schedule = .*$", "", file.read_text(), flags=re.MULTILINE))
    return sources_dir


async def rows(hub: Hub) -> list[Pull]:
    async with hub.database.begin() as store:
        found = await store.driver.fetch("SELECT * FROM pull ORDER BY source, asked_at")
    return [Pull(**{name: row[name] for name in Pull.__dataclass_fields__}) for row in found]


async def ask(hub: Hub, source: str) -> Pull:
    async with hub.database.begin() as store:
        return await pulls.ask(store, source, "test", datetime.now(UTC), accept_loss=False)


async def state(hub: Hub, pull: Pull) -> Pull:
    async with hub.database.begin() as store:
        found = await pulls.find(store, pull.source, pull.id)
    assert found
    return found


async def until_state(hub: Hub, pull: Pull, wanted: str, seconds: float = 60) -> float:
    async def holds() -> bool:
        return (await state(hub, pull)).state == wanted

    return await until(holds, seconds)


async def until_pages(hub: Hub, pull: Pull, attempt: int = 1) -> float:
    async def holds() -> bool:
        found = await state(hub, pull)
        return found.attempt == attempt and found.documents > 0

    return await until(holds)


async def test_three_workers_pull_each_source_that_is_due_once(empty_hub: Hub, hub: Hub, empty_url: str, sources_dir: Path) -> None:
    async def all_done() -> bool:
        return [pull.state for pull in await rows(empty_hub)] == ["done"] * 3

    async with (
        running("worker", empty_url, sources_dir),
        running("worker", empty_url, sources_dir),
        running("worker", empty_url, sources_dir),
    ):
        await until(all_done, 90)
        await asyncio.sleep(2.5)  # a second one would come now
    assert [(pull.source, pull.attempt, pull.asked_by) for pull in await rows(empty_hub)] == [(name, 1, "schedule") for name in SOURCES]
    async with empty_hub.database.begin() as one, hub.database.begin() as other:
        cases = "SELECT source, count(*) FROM case_record GROUP BY 1 ORDER BY 1"
        assert await one.driver.fetch(cases) == await other.driver.fetch(cases)


async def test_a_worker_that_is_killed_is_followed_by_another_within_ten_seconds(
    empty_hub: Hub, town: RunningTown, empty_url: str, unscheduled: Path
) -> None:
    town.set_fault("permits", "slow:0.2")
    pull = await ask(empty_hub, "permits")
    async with running("worker", empty_url, unscheduled) as first:
        await until_pages(empty_hub, pull)
        async with running("worker", empty_url, unscheduled) as second:
            assert second.stderr
            await second.stderr.readline()  # it has started
            await asyncio.sleep(1.5)
            assert (await state(empty_hub, pull)).attempt == 1
            first.send_signal(signal.SIGKILL)

            async def taken_over() -> bool:
                return (await state(empty_hub, pull)).attempt == 2

            await until(taken_over, SECONDS_TO_TAKE_OVER)
            town.set_fault("permits", None)
            await until_state(empty_hub, pull, "done")
    assert (await state(empty_hub, pull)).seen == sum(1 for _ in town.items("permits"))


async def test_after_sigterm_the_page_is_finished_and_another_worker_goes_on_without_repeating_one(
    empty_hub: Hub, town: RunningTown, empty_url: str, unscheduled: Path
) -> None:
    town.set_fault("enforcement", "slow:0.3")
    pull = await ask(empty_hub, "enforcement")
    async with running("worker", empty_url, unscheduled) as worker:
        await until_pages(empty_hub, pull)
        worker.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await worker.wait() == 0
    town.set_fault("enforcement", None)
    left = await state(empty_hub, pull)
    total = sum(1 for _ in town.items("enforcement"))
    assert left.state == "waiting"
    assert 0 < left.documents < total
    async with running("worker", empty_url, unscheduled):
        await until_state(empty_hub, pull, "done")
    assert (await state(empty_hub, pull)).documents == total


async def test_a_source_that_fails_is_left_alone_until_it_is_due_again(
    empty_hub: Hub, town: RunningTown, empty_url: str, sources_dir: Path
) -> None:
    for name in ("permits", "projects"):
        (sources_dir / f"{name}.toml").unlink()
    file = sources_dir / "enforcement.toml"
    file.write_text(re.sub(r"^schedule = .*$", 'schedule = "0 0 1 1 *"', file.read_text(), flags=re.MULTILINE))
    town.set_fault("enforcement", "500")

    async def failed() -> bool:
        return [pull.state for pull in await rows(empty_hub)] == ["failed"]

    async with running("worker", empty_url, sources_dir):
        await until(failed)
        asked = sum(town.requests("enforcement").values())
        await asyncio.sleep(3.5)
        assert await failed()
    assert sum(town.requests("enforcement").values()) == asked
    assert "500" in (await rows(empty_hub))[0].error


async def test_a_worker_outlives_a_restart_of_postgresql(tmp_path: Path, town: RunningTown, unscheduled: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = FOR_TESTS | {"port": str(port)}
    with ExitStack() as database:
        server = database.enter_context(postgres(tmp_path / "pg", settings))
        url = server.url("postgres").replace(f":{server.port}/", f":{port}/")
        await migrate(url, as_service(url))
        hub = await Hub.open(settings_for(url, unscheduled))
        async with running("worker", url, unscheduled) as worker:
            town.set_fault("enforcement", "slow:0.2")
            broken_off = await ask(hub, "enforcement")
            await until_pages(hub, broken_off)
            database.close()
            await asyncio.sleep(2)
            database.enter_context(postgres(tmp_path / "pg", settings))
            town.set_fault("enforcement", None)
            later = await ask(hub, "projects")
            await until_state(hub, broken_off, "done")
            await until_state(hub, later, "done")
            assert worker.returncode is None
        await hub.close()


def _total(town: RunningTown, source: str) -> int:
    return sum(1 for _ in town.items(source))


async def test_a_process_that_lost_its_pull_writes_nothing_more(empty_hub: Hub, town: RunningTown) -> None:
    """The database took it for gone and another took over; it wakes up and goes on as if nothing had happened."""
    town.set_fault("enforcement", "slow:0.2")
    pull = await ask(empty_hub, "enforcement")
    losing = asyncio.create_task(pull_source(empty_hub, "enforcement"))
    await until_pages(empty_hub, pull)
    async with empty_hub.database.begin() as store:
        taken = await pulls.take(store, "enforcement", datetime.now(UTC))
        known = await store.driver.fetchval("SELECT count(*) FROM document")
    with pytest.raises(PullLost):
        await losing
    assert taken
    assert await state(empty_hub, pull) == taken
    async with empty_hub.database.begin() as store:
        assert await store.driver.fetchval("SELECT count(*) FROM document") == known


async def test_one_moment_is_asked_for_once_by_any_number_of_workers(empty_hub: Hub) -> None:
    now = datetime.now(UTC)
    moments = due_moments(empty_hub, now)
    await asyncio.gather(*(schedule_pulls(empty_hub, moments, now) for _ in range(8)))
    assert [(pull.source, pull.scheduled_for) for pull in await rows(empty_hub)] == [(name, moments[name]) for name in SOURCES]
    assert sorted(await sources_to_pull(empty_hub)) == list(SOURCES)


async def test_a_moment_at_which_the_source_was_tried_already_is_passed_over(hub: Hub) -> None:
    now = datetime.now(UTC)
    before = await rows(hub)
    await schedule_pulls(hub, dict.fromkeys(SOURCES, now - timedelta(hours=1)), now)
    assert await rows(hub) == before
    await schedule_pulls(hub, dict.fromkeys(SOURCES, now + timedelta(minutes=1)), now)
    assert len(await sources_to_pull(hub)) == 3


async def test_a_moment_within_a_pull_is_passed_over(empty_hub: Hub) -> None:
    moment = datetime.now(UTC)
    pull = await ask(empty_hub, "permits")
    async with empty_hub.database.begin() as store:
        taken = await pulls.take(store, "permits", moment - timedelta(hours=1))
        assert taken
        await pulls.end(store, taken, moment + timedelta(minutes=1))
    await schedule_pulls(empty_hub, {"permits": moment}, moment + timedelta(minutes=2))
    assert [row.id for row in await rows(empty_hub)] == [pull.id]


async def test_a_pull_that_waits_is_the_one_that_the_command_line_does(empty_hub: Hub) -> None:
    pull = await ask(empty_hub, "projects")
    report = await pull_source(empty_hub, "projects")
    done = await state(empty_hub, pull)
    assert (done.state, done.documents, done.asked_by) == ("done", report.documents, "test")
    assert len(await rows(empty_hub)) == 1


async def test_a_pull_that_nobody_could_end_is_given_up(empty_hub: Hub) -> None:
    pull = await ask(empty_hub, "projects")
    async with empty_hub.database.begin() as store:
        await store.driver.execute("UPDATE pull SET attempt = 20")
    with pytest.raises(PullRefused, match="none came to its end"):
        await pull_source(empty_hub, "projects")
    assert (await state(empty_hub, pull)).state == "failed"


async def test_a_pull_that_goes_on_counts_what_was_seen_before(empty_hub: Hub, town: RunningTown) -> None:
    before: list[int] = []

    def break_off(done: int, expected: int | None) -> None:
        before.append(done)
        town.set_fault("enforcement", "down")

    with pytest.raises(SourceUnavailable):
        await pull_source(empty_hub, "enforcement", break_off)
    town.set_fault("enforcement", None)
    await asyncio.sleep(0.3)  # until the breaker lets a request through
    shown: list[int] = []
    await pull_source(empty_hub, "enforcement", lambda done, _: shown.append(done))
    assert shown[0] == before[-1] + 10
    assert shown[-1] == _total(town, "enforcement")
    assert [(pull.state, pull.seen) for pull in await rows(empty_hub)] == [("failed", before[-1]), ("done", shown[-1])]


async def test_what_is_old_is_forgotten(empty_hub: Hub) -> None:
    now = datetime.now(UTC)
    for _ in range(2):
        await pull_source(empty_hub, "projects")
    async with empty_hub.database.begin() as store:
        await store.driver.execute("INSERT INTO kept_answer VALUES ('operator', '\\x01', '\\x02', $1)", now - timedelta(hours=25))
    await forget_old(empty_hub, now)
    assert len(await rows(empty_hub)) == 2
    await forget_old(empty_hub, now + timedelta(days=91))
    async with empty_hub.database.begin() as store:
        assert await store.driver.fetchval("SELECT count(*) FROM kept_answer") == 0
    assert [row.id for row in await rows(empty_hub)] == ["projects-2"]


async def test_the_database_notices_within_eight_seconds_that_a_machine_is_gone(empty_hub: Hub) -> None:
    async with empty_hub.database.driver() as driver:
        idle, interval, count = [int(await driver.fetchval(f"SHOW tcp_keepalives_{name}")) for name in ("idle", "interval", "count")]
    assert idle + interval * count <= 8
