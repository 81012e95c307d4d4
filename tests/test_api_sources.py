"""What operators ask of the API: how a source is doing, what could not be read, and a pull."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.processes import running
from tests.towns import rows, settings_for

from relhub.demo import RunningTown
from relhub.main import create_app
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source, pull_waiting
from relhub.storage import pulls

OPERATOR = {"Authorization": "Bearer demo-operator", "X-Official": "b.beheer"}
WATCHING = OPERATOR | {"X-Processing-Activity": "source-health"}
OPERATING = OPERATOR | {"X-Processing-Activity": "source-operation"}
DESK = {"Authorization": "Bearer demo-permits-desk", "X-Official": "j.jansen"}
HANDLING = DESK | {"X-Processing-Activity": "permit-handling", "X-Occasion": "case:permits/V-2026-00001"}


@pytest.fixture
async def client(hub: Hub, sources_dir: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir))
    app.state.hub = hub
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://relhub") as opened:
        yield opened


async def asked_pull(client: httpx2.AsyncClient, source: str = "projects", key: str = "", **body: Any) -> httpx2.Response:
    headers = OPERATING | ({"Idempotency-Key": key} if key else {})
    return await client.post(f"/v1/sources/{source}/pulls", headers=headers, json=body)


async def test_a_source_says_how_old_its_copy_is_and_how_its_last_pull_went(client: httpx2.AsyncClient, town: RunningTown) -> None:
    answer = (await client.get("/v1/sources/enforcement", headers=WATCHING)).json()
    total = sum(1 for _ in town.items("enforcement"))
    assert (answer["state"], answer["seen"], answer["expected"], answer["cases"], answer["quarantined"]) == ("well", total, total, total, 0)
    assert answer["lagSeconds"] >= 0
    assert answer["schedule"] == "*/30 * * * *"
    assert (answer["pull"]["state"], answer["pull"]["askedBy"], answer["pull"]["seen"]) == ("done", "command line", total)


async def test_a_source_that_fails_says_why_and_since_when(client: httpx2.AsyncClient, hub: Hub, town: RunningTown) -> None:
    town.set_fault("projects", "down")
    await asked_pull(client)
    with pytest.raises(Exception, match="projects"):
        await pull_waiting(hub, "projects", lambda: False)
    answer = (await client.get("/v1/sources/projects", headers=WATCHING)).json()
    assert answer["state"] == "unavailable"
    assert answer["unavailableSince"]
    assert answer["pull"]["state"] == "failed"
    assert answer["pull"]["error"] == answer["lastError"]


async def test_a_pull_that_is_asked_for_can_be_followed_to_its_end(client: httpx2.AsyncClient, hub: Hub, town: RunningTown) -> None:
    answer = await asked_pull(client)
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert re.fullmatch(r"/v1/sources/projects/pulls/projects-[0-9]+", place)
    assert answer.json()["state"] == "waiting"
    assert answer.json()["askedBy"] == "operator"
    town.set_fault("projects", "slow:0.2", only="/v2/")
    pulling = asyncio.create_task(pull_waiting(hub, "projects", lambda: False))
    seen: list[tuple[str, int]] = []
    while not pulling.done():
        pull = (await client.get(place, headers=WATCHING)).json()
        seen.append((pull["state"], pull["seen"]))
        await asyncio.sleep(0.02)
    assert ("running", 0) in seen
    done = (await client.get(place, headers=WATCHING)).json()
    assert (done["state"], done["seen"], done["expected"], done["changed"], done["error"]) == ("done", 10, 10, 0, None)


async def test_a_pull_that_waits_or_runs_is_the_answer_to_whoever_asks_for_another(client: httpx2.AsyncClient, hub: Hub) -> None:
    first = (await asked_pull(client)).json()["id"]
    assert (await asked_pull(client)).json()["id"] == first
    async with hub.database.begin() as store:
        await pulls.take(store, "projects", datetime.now(UTC))
    running = (await asked_pull(client)).json()
    assert (running["id"], running["state"]) == (first, "running")
    together = await asyncio.gather(*(asked_pull(client, "permits") for _ in range(5)))
    assert len({answer.json()["id"] for answer in together}) == 1


async def test_the_same_request_with_the_same_key_has_the_same_answer_after_the_pull_as_well(client: httpx2.AsyncClient, hub: Hub) -> None:
    first = await asked_pull(client, key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
    await pull_source(hub, "projects")
    again = await asked_pull(client, key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
    assert (again.status_code, again.content, again.headers["location"]) == (202, first.content, first.headers["location"])
    assert (await asked_pull(client, key="another")).json()["id"] != first.json()["id"]


async def test_at_once_with_one_key_there_is_one_answer(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(asked_pull(client, key="one-and-the-same") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(("source", "body"), [("permits", {}), ("projects", {"acceptLoss": True})])
async def test_a_key_of_another_request_is_refused(client: httpx2.AsyncClient, source: str, body: dict[str, bool]) -> None:
    await asked_pull(client, key="used")
    answer = await asked_pull(client, source, key="used", **body)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem-type:relhub:idempotency-key-reused")
    assert (await client.get("/v1/sources/permits", headers=WATCHING)).json()["pull"]["state"] == "done"


async def test_a_key_is_forgotten_after_a_day_and_is_kept_as_a_hash(client: httpx2.AsyncClient, hub: Hub) -> None:
    await asked_pull(client, key="used-yesterday")
    async with hub.database.begin() as store:
        kept = await store.driver.fetchval("SELECT t::text FROM kept_answer t")
        await store.driver.execute("UPDATE kept_answer SET at = $1", datetime.now(UTC) - timedelta(hours=25))
    assert "used-yesterday" not in kept
    assert (await asked_pull(client, "permits", key="used-yesterday")).status_code == 202


@pytest.mark.parametrize("key", ["", '""', '"half', "a b", "x" * 201])
async def test_a_key_that_is_none_is_a_bad_request(client: httpx2.AsyncClient, key: str) -> None:
    answer = await client.post("/v1/sources/projects/pulls", headers=OPERATING | {"Idempotency-Key": key}, json={})
    assert answer.status_code == 400
    assert [error["location"] for error in answer.json()["errors"]] == ["header Idempotency-Key"]


async def test_loss_is_accepted_only_when_somebody_says_so(client: httpx2.AsyncClient, hub: Hub, town: RunningTown) -> None:
    for dossier in list(town.items("enforcement"))[:16]:
        town.remove("enforcement", dossier["dossierNr"])
    await asked_pull(client, "enforcement")
    with pytest.raises(Exception, match="no longer there"):
        await pull_waiting(hub, "enforcement", lambda: False)
    assert (await asked_pull(client, "enforcement", acceptLoss=True)).json()["acceptLoss"] is True
    await pull_waiting(hub, "enforcement", lambda: False)
    answer = (await client.get("/v1/sources/enforcement", headers=WATCHING)).json()
    assert (answer["state"], answer["cases"], answer["pull"]["gone"]) == ("well", sum(1 for _ in town.items("enforcement")), 16)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (WATCHING, 403),
        (DESK | {"X-Processing-Activity": "source-health"}, 403),
        (DESK | {"X-Processing-Activity": "source-operation"}, 403),
        (DESK | {"X-Processing-Activity": "permit-handling", "X-Occasion": "case:permits/V-2026-00001"}, 403),
        ({}, 401),
    ],
)
async def test_only_an_operator_has_a_source_pulled_and_each_refusal_is_logged(
    client: httpx2.AsyncClient, hub: Hub, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/v1/sources/projects/pulls", headers=headers, json={})
    assert answer.status_code == status
    async with hub.database.begin() as store:
        assert await store.driver.fetchval("SELECT count(*) FROM pull WHERE state = 'waiting'") == 0
        logged = await store.driver.fetch("SELECT outcome FROM consultation_log WHERE operation = 'ask-pull'")
    assert [row["outcome"] for row in logged] == (["refused"] if status == 403 else [])


async def test_who_asked_for_a_pull_is_logged(client: httpx2.AsyncClient, hub: Hub) -> None:
    await asked_pull(client)
    async with hub.database.begin() as store:
        row = await store.driver.fetchrow("SELECT consumer, official, activity, outcome FROM consultation_log WHERE operation = 'ask-pull'")
    assert tuple(row) == ("operator", "b.beheer", "source-operation", "asked")


@pytest.mark.parametrize("path", ["nothing", "nothing/quarantine", "nothing/pulls/pull_1", "permits/pulls/pull_1", "Permits", "a%00b"])
async def test_what_is_not_there_is_not_found(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(f"/v1/sources/{path}", headers=WATCHING)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:problem-type:relhub:not-found")


async def test_a_pull_of_another_source_is_not_found(client: httpx2.AsyncClient) -> None:
    pull = (await asked_pull(client)).json()["id"]
    assert (await client.get(f"/v1/sources/permits/pulls/{pull}", headers=WATCHING)).status_code == 404


@pytest.mark.parametrize("body", [{"acceptLoss": "yes"}, {"acceptLoss": 1}, {"acceptLoss": None}, {"force": True}, []])
async def test_a_body_that_is_not_understood_is_a_bad_request(client: httpx2.AsyncClient, body: Any) -> None:
    answer = await client.post("/v1/sources/projects/pulls", headers=OPERATING, json=body)
    assert answer.status_code == 400


async def test_quarantine_is_read_in_pages_and_shows_reasons_and_nothing_that_was_sent(
    client: httpx2.AsyncClient, hub: Hub, town: RunningTown
) -> None:
    dossiers = list(town.items("enforcement"))
    for dossier in dossiers[:7]:
        town.put("enforcement", {**dossier, "status": "Zoekgeraakt"})
    await pull_source(hub, "enforcement")
    results: list[dict[str, Any]] = []
    url, pages = "/v1/sources/enforcement/quarantine?limit=3", 0
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get(url + (f"&cursor={cursor}" if cursor else ""), headers=WATCHING)).json()
        results += page["results"]
        cursor, pages = page["next"], pages + 1
    assert (len(results), pages) == (7, 3)
    assert all("status" in row["reason"] for row in results)
    assert {key for row in results for key in row} == {"at", "reason"}
    shown = str(results)
    assert "Zoekgeraakt" not in shown
    assert not any(dossier["dossierNr"] in shown for dossier in dossiers)


async def test_a_cursor_of_another_list_is_refused(client: httpx2.AsyncClient, hub: Hub, town: RunningTown) -> None:
    for dossier in list(town.items("enforcement"))[:3]:
        town.put("enforcement", {**dossier, "status": "Zoekgeraakt"})
    await pull_source(hub, "enforcement")
    cursor = (await client.get("/v1/sources/enforcement/quarantine?limit=1", headers=WATCHING)).json()["next"]
    answer = await client.get(f"/v1/sources/permits/quarantine?cursor={cursor}", headers=WATCHING)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (400, "query cursor")


async def test_whoever_has_the_machine_is_told_which_records_are_in_quarantine(
    empty_hub: Hub, empty_url: str, town: RunningTown, sources_dir: Path
) -> None:
    town.put("enforcement", {**town.get("enforcement", "HH-2026-00002"), "status": "Zoekgeraakt [b]"})
    await pull_source(empty_hub, "enforcement")
    async with running("quarantine", empty_url, sources_dir, arguments=["enforcement"]) as command:
        assert command.stdout
        shown = (await command.stdout.read()).decode()
    assert "HH-2026-00002" in shown
    assert "Zoekgeraakt" not in shown


@pytest.mark.parametrize("path", ["", "/enforcement", "/enforcement/quarantine", "/permits/pulls/permits-1"])
async def test_how_sources_are_doing_is_a_right_of_its_own(client: httpx2.AsyncClient, hub: Hub, path: str) -> None:
    answer = await client.get(f"/v1/sources{path}", headers=HANDLING)
    assert (answer.status_code, "health = true" in answer.json()["detail"]) == (403, True)
    [row] = await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert row["outcome"] == "refused"
