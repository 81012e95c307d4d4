"""Exports are made by workers: one at a time, decided again by the rules in force, and nothing is lost when a worker is."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx2
import pytest
from prometheus_client import REGISTRY
from tests.exporting import KNOWN, PORTAL, api_of, applicant, ask, content, exported, make, page, person, relation_of, say, state
from tests.exporting import case_of as case
from tests.processes import running, until
from tests.rights_world import Silent
from tests.test_doctor import Installation
from tests.test_doctor import installation as installation
from tests.test_exports import serve
from tests.test_keys import NEW, OLD, ONLY_NEW, needed, url_of, with_keys
from tests.towns import DEMO, as_service, bare_hub, bare_source, by_permits, headers_of, rows, with_activity

from relhub.adapters import Adapter
from relhub.embedded import Server
from relhub.errors import ExportLost, SourceUnavailable
from relhub.services.hub import Hub
from relhub.services.make_export import KnownConsumers, make_waiting_export
from relhub.services.rotate_seals import pull_back, rotate_seals
from relhub.services.watch_sources import watch_sources
from relhub.storage import exports
from relhub.storage.database import Database

ANNA = person("copy-a", "1", "Anna", "Groot", "999990019")


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Hub]:
    opened = bare_hub(migrated_url, bare_source("copy-a"), bare_source("copy-b"))
    yield opened
    await opened.database.close()


@pytest.fixture
async def bare_api(bare: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(bare) as opened:
        yield opened


def unscheduled(sources_dir: Path) -> Path:
    for file in sources_dir.iterdir():
        file.write_text("\n".join(line for line in file.read_text().splitlines() if not line.startswith("schedule")))
    return sources_dir


async def row(hub: Hub, export: dict[str, Any]) -> Any:
    return (await rows(hub, "SELECT * FROM export WHERE id = $1", export["id"]))[0]


async def test_a_worker_that_is_killed_in_the_middle_is_followed_by_another_that_makes_it_whole(
    hub: Hub, api: httpx2.AsyncClient, server: Server, sources_dir: Path
) -> None:
    url, files = await url_of(hub, server), unscheduled(sources_dir)
    blocker, relation = await asyncpg.connect(url), await applicant(hub)
    asked = await ask(api, relation)
    async with running("worker", url, files) as first, blocker.transaction():
        await blocker.execute("LOCK TABLE membership IN ACCESS EXCLUSIVE MODE")

        async def in_the_middle() -> bool:
            return bool(await rows(hub, "SELECT FROM pg_locks WHERE relation = 'membership'::regclass AND NOT granted"))

        await until(in_the_middle)
        assert (await state(api, asked))["state"] == "running"
        first.send_signal(signal.SIGKILL)
        await first.wait()
    async with running("worker", url, files):

        async def done() -> bool:
            return bool((await state(api, asked))["state"] == "done")

        await until(done)
    made = await row(hub, asked)
    assert (made["attempt"], made["steps_done"]) == (2, 4)
    assert {part["attempt"] for part in await rows(hub, "SELECT attempt FROM export_part")} == {2}
    logged = await rows(hub, "SELECT sections FROM consultation_log WHERE operation = 'export' ORDER BY id")
    assert len(logged) == 10, "what the first one read was never shown to anyone"
    assert len((await content(api, await state(api, asked)))["cases"]) >= 3
    await blocker.close()


async def test_three_workers_make_each_export_once(hub: Hub, api: httpx2.AsyncClient, server: Server, sources_dir: Path) -> None:
    found = await rows(hub, "SELECT id FROM relation WHERE retired_at IS NULL AND kind = 'person' ORDER BY 1 LIMIT 12")
    for one in found:
        await ask(api, one["id"])
    url, files = await url_of(hub, server), unscheduled(sources_dir)
    async with running("worker", url, files), running("worker", url, files), running("worker", url, files):

        async def all_done() -> bool:
            return {one["state"] for one in await rows(hub, "SELECT state FROM export")} == {"done"}

        await until(all_done, seconds=90)
    assert {one["attempt"] for one in await rows(hub, "SELECT attempt FROM export")} == {1}


async def test_a_worker_that_ends_leaves_it_to_the_next(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    asked = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    assert await make_waiting_export(bare, KNOWN, lambda: True)
    assert ((await state(bare_api, asked))["state"], await rows(bare, "SELECT * FROM export_part")) == ("waiting", [])
    await make(bare)
    assert (await state(bare_api, asked))["state"] == "done"


async def test_what_a_worker_that_was_thought_gone_still_writes_is_refused(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    asked = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    now = datetime.now(UTC)
    async with bare.database.begin() as store:
        first = await exports.take(store, asked["id"], now)
        assert first
        assert await exports.take(store, asked["id"], now)
    async with bare.database.begin() as store:
        for writing in (
            exports.note_steps(store, first, 2),
            exports.finish(store, first, first.relation_id, [], now, now),
            exports.fail(store, first, now, "why"),
            exports.give_back(store, first, now),
        ):
            with pytest.raises(ExportLost):
                await writing
    assert (await state(bare_api, asked))["state"] == "running"


async def test_one_that_an_official_asked_for_is_not_made_long_after_and_a_residents_own_is(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA))
    relation = await relation_of(bare, "copy-a", "1")
    residents = await ask(bare_api, relation)
    await rows(
        bare,
        "INSERT INTO export (id, official, attempt, steps_done, relation_id, state, asked_at, next_at, consumer, organisation, department, roles, activity, occasion, trace_id, span_id) "
        "SELECT $1, 'official-1', 0, 0, relation_id, state, asked_at, next_at, consumer, organisation, department, roles, activity, occasion, trace_id, span_id FROM export",
        officials := "exp_" + "0" * 32,
    )
    await rows(bare, "UPDATE export SET asked_at = asked_at - interval '73 hours'")
    await make(bare)
    assert (await state(bare_api, residents))["state"] == "done"
    late = await state(bare_api, {"id": officials})
    assert (late["state"], "Ask for a new export" in late["error"]) == ("failed", True)


async def test_one_that_nobody_could_end_is_given_up(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    asked = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    await rows(bare, "UPDATE export SET attempt = 20")
    await make(bare)
    failed = await state(bare_api, asked)
    assert (failed["state"], failed["error"].startswith("Many processes began it")) == ("failed", True)


async def test_a_bug_ends_it_with_words_that_say_nothing_of_anyone_and_others_go_on(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA), case(2, person("copy-a", "2", "Bram", "Vries")))
    broken = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    other = await ask(bare_api, await relation_of(bare, "copy-a", "2"))
    await rows(bare, "UPDATE case_record SET \"full\" = 'no json' WHERE case_id = 'C-1'")
    await make(bare)
    failed = await state(bare_api, broken)
    assert (failed["state"], failed["error"].startswith("Something went wrong in relhub itself")) == ("failed", True)
    assert (await state(bare_api, other))["state"] == "done"


async def test_it_is_decided_again_with_the_rules_in_force_when_it_is_made(bare: Hub, bare_api: httpx2.AsyncClient, tmp_path: Path) -> None:
    await say(bare, case(1, ANNA))
    relation, file = await relation_of(bare, "copy-a", "1"), tmp_path / "consumers.toml"
    known = (DEMO / "consumers.toml").read_text()
    portal = known.partition('name = "resident-portal"')[2]
    others = known.replace('[[consumer]]\nname = "resident-portal"' + portal, "")
    for what, hub, text, reason in (
        ("no right", with_activity(bare, "informing-residents", export=False), known, "export = true"),
        ("no activity", _without_activity(bare), known, "may not use this processing activity"),
        ("another role", with_activity(bare, "informing-residents", roles=frozenset({"other"})), known, "asks for a role"),
        ("nothing to be seen", with_activity(bare, "informing-residents", openings=()), known, "There is no such relation"),
        ("no consumer", bare, others, "no longer known here"),
        ("another department", bare, others + _portal(portal, "Dienstverlening", "Bestuur"), "no longer known here"),
        ("another organisation", bare, others + _portal(portal, "Gemeente Voorbeeld", "Een ander"), "no longer known here"),
        (
            "not agreed",
            bare,
            others + _portal(portal, "informing-residents", "answering-questions"),
            "may not use this processing activity",
        ),
        ("role taken away", bare, others + _portal(portal, '"portal"]', '"desk"]'), "asks for a role"),
    ):
        file.write_text(text)
        asked = await ask(bare_api, relation)
        await make(hub, KnownConsumers(file))
        failed = await state(bare_api, asked)
        assert failed["state"] == "failed", what
        assert reason in failed["error"], what
    assert await rows(bare, "SELECT * FROM export_part") == []


def _without_activity(hub: Hub) -> Hub:
    changed = with_activity(hub, "informing-residents", export=True)
    rules = changed.access.rules
    left = {id_: activity for id_, activity in rules.activities.items() if id_ != "informing-residents"}
    changed.access.replace(replace(rules, activities=left))
    return changed


def _portal(rest: str, before: str, after: str) -> str:
    assert before in rest
    return '[[consumer]]\nname = "resident-portal"' + rest.replace(before, after)


async def test_an_occasion_that_no_longer_holds_when_it_is_made_fails_it(hub: Hub, api: httpx2.AsyncClient) -> None:
    desk, headers = with_activity(hub, "permit-handling", export=True), headers_of(by_permits())
    serve(api, desk)
    asked = (await api.post(f"/v1/relations/{await applicant(hub)}/exports", headers=headers)).json()
    await rows(hub, "UPDATE case_record SET open = false WHERE case_id = 'V-2026-00001'")
    await make(desk)
    failed = (await api.get(f"/v1/exports/{asked['id']}", headers=headers)).json()
    assert (failed["state"], failed["error"].startswith("The occasion does not hold")) == ("failed", True)


class Unavailable(Silent):
    """A source that does not answer now."""

    async def fetch_one(self, case_id: str) -> None:
        raise SourceUnavailable(self._name, "does not answer")


async def test_while_the_source_of_the_occasion_does_not_answer_it_waits(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    desk = with_activity(
        replace(bare, adapters={**bare.adapters, "copy-a": cast(Adapter, Unavailable("copy-a"))}), "permit-handling", export=True
    )
    serve(bare_api, desk)
    headers = headers_of(by_permits("case:copy-a/C-1"))
    asked = (await bare_api.post(f"/v1/relations/{await relation_of(bare, 'copy-a', '1')}/exports", headers=headers)).json()
    await rows(bare, "UPDATE case_record SET case_id = 'C-9'")
    await make(desk)
    waits = await row(bare, asked)
    assert (waits["state"], waits["next_at"] > datetime.now(UTC)) == ("waiting", True)
    await rows(bare, "UPDATE case_record SET case_id = 'C-1'")
    await rows(bare, "UPDATE export SET next_at = now()")
    await make(desk)
    assert (await row(bare, asked))["state"] == "done"


async def test_it_is_as_the_store_was_at_one_moment_whatever_changes_meanwhile(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, *(case(n, ANNA) for n in range(1, 451)))
    asked, changes = await ask(bare_api, await relation_of(bare, "copy-a", "1")), 0

    def changing() -> bool:
        """Between two pieces a pull closes a case that was read already: it would come again, among those that are closed."""
        nonlocal changes
        changes += 1
        statements.append(
            asyncio.ensure_future(
                rows(bare, "UPDATE involvement SET open = false WHERE case_id = (SELECT max(id) - $1 FROM case_record)", changes)
            )
        )
        return False

    statements: list[asyncio.Future[Any]] = []
    assert await make_waiting_export(bare, KNOWN, changing)
    await asyncio.gather(*statements)
    assert changes > 3
    refs = [one["ref"] for one in (await content(bare_api, await state(bare_api, asked)))["cases"]]
    assert (len(refs), len(set(refs))) == (450, 450)


async def test_pieces_are_sealed_and_a_change_of_keys_keeps_them_readable(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    done = await exported(hub, api, await applicant(hub))
    before = await content(api, done)
    assert not [part for part in await rows(hub, "SELECT sealed FROM export_part") if b"Berg" in part["sealed"]]
    await rotate_seals(with_keys(hub, tmp_path, OLD + NEW))
    assert await needed(hub) == {2}
    serve(api, with_keys(hub, tmp_path, ONLY_NEW))
    assert await content(api, done) == before
    assert "J.M. van den Berg" in await page(api, done)


async def test_with_a_seal_that_is_lost_an_export_fails_with_words(hub: Hub, api: httpx2.AsyncClient, tmp_path: Path) -> None:
    done = await exported(hub, api, await applicant(hub))
    other = with_keys(hub, tmp_path, ONLY_NEW)
    await pull_back(other)
    serve(api, other)
    failed = await state(api, done)
    assert (failed["state"], "new export" in failed["error"]) == ("failed", True)
    assert (await api.get(done["links"]["content"], headers=PORTAL)).status_code == 404


async def test_a_piece_of_one_export_does_not_open_as_one_of_another(hub: Hub, api: httpx2.AsyncClient) -> None:
    one = await exported(hub, api, await applicant(hub))
    other = await exported(hub, api, await applicant(hub, "V-2026-00002"))
    await rows(
        hub,
        "UPDATE export_part p SET sealed = o.sealed FROM export_part o WHERE p.export_id = $1 AND o.export_id = $2 AND o.number = p.number",
        other["id"],
        one["id"],
    )
    for name in ("content", "page"):
        answer = await api.get(other["links"][name], headers=PORTAL | {"Accept": "*/*"})
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")


async def test_the_doctor_finds_no_number_in_clear_in_what_exports_leave(installation: Installation, api: httpx2.AsyncClient) -> None:
    hub = installation.hub
    done = await exported(hub, api, await applicant(hub))
    assert "995885503" in (await api.get(done["links"]["content"], headers=PORTAL)).text
    await installation.owner.execute("ANALYZE")
    assert await installation.found() == []


async def test_metrics_say_how_many_exports_wait_and_since_when(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    await rows(bare, "UPDATE export SET asked_at = now() - interval '1 hour'")

    async def said() -> tuple[float, ...]:
        await watch_sources(bare)
        names = ("relhub_exports_waiting", "relhub_export_waiting_seconds")
        found = [REGISTRY.get_sample_value(name) for name in names]
        return tuple(value for value in found if value is not None)

    waiting, seconds = await said()
    assert (waiting, 3600 <= seconds < 3700) == (1, True)
    before = REGISTRY.get_sample_value("relhub_exports_total", {"outcome": "done"}) or 0
    await make(bare)
    assert await said() == (0, 0)
    assert REGISTRY.get_sample_value("relhub_exports_total", {"outcome": "done"}) == before + 1


async def test_the_service_itself_may_do_all_this(bare: Hub, migrated_url: str) -> None:
    """The tests connect as the user of the service, not as the owner."""
    database = Database(as_service(migrated_url))
    async with database.begin() as store:
        assert await store.driver.fetchval("SELECT current_user::text") == "relhub_service"
        assert await exports.open_exports(store, datetime.now(UTC) + timedelta(days=1), 1) == []
    await database.close()
