"""Events: in the order of commits, of what may be seen, and nothing but ids."""

import asyncio
import contextlib
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2
import orjson
import pytest
from tests.processes import until
from tests.towns import DEMO, asked, by_contact_centre, headers_of, rows, seeing

from relhub.config.access_rules import load_access_rules
from relhub.demo import RunningTown
from relhub.domain.compartments import Level
from relhub.domain.record import CAPACITIES
from relhub.errors import ConfigurationError, InvalidInput, NotAllowed
from relhub.services.asked import EventQuery
from relhub.services.cursors import seal_cursor
from relhub.services.hub import Hub
from relhub.services.list_events import list_events
from relhub.services.pull_source import pull_all
from relhub.storage.compartments import Key, keep_compartments
from relhub.storage.events import Change, add_events

FOLLOWING = asked("contact-centre", "following-changes")
KEYS = {"specversion", "id", "source", "type", "time", "subject", "dataref"}


async def follow(hub: Hub, cursor: str = "", limit: int = 1000, start: Any = "oldest") -> tuple[list[dict[str, Any]], str]:
    """The events after a cursor, and the next cursor."""
    answer = orjson.loads(await list_events(hub, FOLLOWING, EventQuery(cursor, limit, start), "/v1"))
    return answer["results"], answer["next"]


async def caught_up(hub: Hub) -> str:
    """A cursor after everything that happened."""
    return (await follow(hub, start="now"))[1]


FOLLOW = "following-changes"


async def licensing(hub: Hub) -> int:
    """A compartment that the demo's permits desk sees."""
    [row] = await rows(hub, "SELECT id FROM compartment WHERE capacity = 'licensing' ORDER BY id LIMIT 1")
    return int(row["id"])


def subjects(events: list[dict[str, Any]]) -> set[str]:
    return {event["subject"] for event in events}


async def test_a_slower_transaction_is_not_skipped(hub: Hub) -> None:
    """It wrote first and commits last; whoever asked in between comes past it again."""
    cursor, at = await caught_up(hub), datetime.now(UTC)
    async with hub.database.begin() as slow:
        await add_events(slow, "permits", [Change("case.changed", None, "permits/SLOW", [await licensing(hub)])], at)
        async with hub.database.begin() as fast:
            await add_events(fast, "permits", [Change("case.changed", None, "permits/FAST", [await licensing(hub)])], at)
        between, cursor = await follow(hub, cursor)
        assert "permits/SLOW" not in subjects(between)
    after, cursor = await follow(hub, cursor)
    assert [event["subject"] for event in between + after] == ["permits/SLOW", "permits/FAST"]
    assert (await follow(hub, cursor))[0] == []


async def test_a_transaction_that_is_taken_back_leaves_no_event_and_no_gap_to_wait_for(hub: Hub) -> None:
    cursor, at = await caught_up(hub), datetime.now(UTC)
    with contextlib.suppress(RuntimeError):
        async with hub.database.begin() as store:
            await add_events(store, "permits", [Change("case.changed", None, "permits/NEVER", [await licensing(hub)])], at)
            raise RuntimeError
    async with hub.database.begin() as store:
        await add_events(store, "permits", [Change("case.changed", None, "permits/LATER", [await licensing(hub)])], at)
    assert subjects((await follow(hub, cursor))[0]) == {"permits/LATER"}


async def test_the_pages_are_all_of_it_in_order_and_each_event_comes_once(hub: Hub) -> None:
    everything, _ = await follow(hub)
    seen, cursor = [], ""
    while True:
        page, cursor = await follow(hub, cursor, limit=7)
        seen += page
        if not page:
            break
    assert seen == everything
    assert len({event["id"] for event in seen}) == len(seen) > 50


async def test_an_event_says_that_and_where_and_nothing_else(hub: Hub) -> None:
    events, _ = await follow(hub)
    assert {frozenset(event) for event in events} == {frozenset(KEYS)}
    assert {event["type"] for event in events} == {"nl.relaties.relatie-gewijzigd", "nl.zaken.zaak-gewijzigd"}
    for event in events:
        kind = "relations" if event["subject"].startswith("rel_") else "cases"
        assert unquote(event["dataref"]) == f"/v1/{kind}/{event['subject']}"


async def test_a_change_is_told_of_the_case_and_of_all_its_relations(hub: Hub, town: RunningTown) -> None:
    cursor = await caught_up(hub)
    town.put("projects", {**town.get("projects", "PRJ-0001"), "name": "Another name"})
    await pull_all(hub)
    parties = await rows(
        hub, "SELECT DISTINCT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'PRJ-0001'"
    )
    events, _ = await follow(hub, cursor)
    assert subjects(events) == {"projects/PRJ-0001", *(row["relation_id"] for row in parties)}


async def test_a_case_that_is_gone_is_told_too(hub: Hub, town: RunningTown) -> None:
    cursor = await caught_up(hub)
    parties = await rows(
        hub, "SELECT DISTINCT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'PRJ-0001'"
    )
    town.remove("projects", "PRJ-0001")
    await pull_all(hub)
    await pull_all(hub)  # not seen by two complete pulls
    events, _ = await follow(hub, cursor)
    assert [event["type"] for event in events if event["subject"] == "projects/PRJ-0001"] == ["nl.zaken.zaak-vervallen"]
    assert subjects(events) == {"projects/PRJ-0001", *(row["relation_id"] for row in parties)}


async def test_a_change_of_what_may_not_be_seen_is_not_told_and_not_even_hinted_at(hub: Hub, town: RunningTown) -> None:
    """Enforcement is at none for who follows. A cursor is another one each time, so it does not tell either."""
    cursor = await caught_up(hub)
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "onderwerp": "Something else"})
    await pull_all(hub)
    assert await rows(
        hub,
        "SELECT FROM event WHERE case_id = 'enforcement/HH-2026-00001' AND compartments && ARRAY(SELECT id FROM compartment WHERE capacity = 'enforcement')",
    )
    events, following = await follow(hub, cursor)
    assert events == []
    assert len(following) == len(cursor) == len((await follow(hub, cursor))[1])
    assert len({following, cursor, (await follow(hub, cursor))[1]}) == 3
    assert subjects((await follow(seeing(hub, Level.full, FOLLOW), cursor))[0]) > {"enforcement/HH-2026-00001"}


@pytest.mark.parametrize("hidden", CAPACITIES)
async def test_what_is_withheld_shapes_no_event(hub: Hub, hidden: str) -> None:
    """Compared with a world in which the withheld records never existed."""
    limited = seeing(hub, Level.full, FOLLOW, **{hidden: Level.none})
    before, _ = await follow(limited)
    await rows(hub, "DELETE FROM event WHERE compartments <@ ARRAY(SELECT id FROM compartment WHERE capacity = $1)", hidden)
    assert (await follow(limited))[0] == before


async def test_after_a_restore_into_a_younger_server_old_events_come_first_and_old_cursors_are_refused(hub: Hub) -> None:
    """There the transactions of the dump are still to come."""
    everything, _ = await follow(hub)
    await rows(hub, "UPDATE event SET transaction = transaction + 1000000000")
    [last] = await rows(hub, "SELECT transaction, id FROM event ORDER BY 1 DESC, 2 DESC LIMIT 1")
    old = seal_cursor(hub.sealer, "cursor/events", ["0" * 16, str(last["transaction"]), str(last["id"])])
    async with hub.database.begin() as store:
        await add_events(store, "permits", [Change("case.changed", None, "permits/NEW", [await licensing(hub)])], datetime.now(UTC))
    with pytest.raises(InvalidInput, match="restored"):
        await follow(hub, old)
    after, _ = await follow(hub)
    assert {event["id"] for event in after[:-1]} == {event["id"] for event in everything}
    assert after[-1]["subject"] == "permits/NEW"


async def test_at_existence_a_relation_is_told_and_its_case_is_not(hub: Hub) -> None:
    events, _ = await follow(seeing(hub, Level.existence, FOLLOW))
    assert {event["type"] for event in events} == {"nl.relaties.relatie-gewijzigd"}
    assert (await follow(seeing(hub, Level.referral, FOLLOW)))[0] == []


async def test_every_question_is_logged_with_the_relations_it_named(hub: Hub) -> None:
    events, _ = await follow(hub, limit=20)
    [row] = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["operation"], row["outcome"]) == ("events", "shown")
    assert {*row["relation_ids"], *row["records"]} == subjects(events)


async def test_following_is_a_right_of_its_own_and_takes_no_occasion(hub: Hub) -> None:
    with pytest.raises(NotAllowed, match="follow = true"):
        await list_events(hub, by_contact_centre(), EventQuery(), "/v1")
    with pytest.raises(NotAllowed, match="accepts as occasion: none"):
        await list_events(hub, replace(FOLLOWING, occasion="case:permits/V-2026-00001"), EventQuery(), "/v1")
    outcomes = await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert [row["outcome"] for row in outcomes] == ["refused", "refused"]


def test_a_rule_that_lets_follow_and_wants_an_occasion_is_refused_at_the_start(tmp_path: Path) -> None:
    rules = tmp_path / "access-rules.toml"
    rules.write_text(
        (DEMO / "access-rules.toml").read_text().replace("\nsearch = true", "\nfollow = true").replace('["none", "case"]', '["case"]')
    )
    assert tomllib.loads(rules.read_text())
    with pytest.raises(ConfigurationError, match="follow"):
        load_access_rules(rules)


async def test_an_event_of_a_compartment_that_was_made_while_it_was_asked_for_is_not_skipped(hub: Hub) -> None:
    cursor = await caught_up(hub)
    async with hub.database.begin() as slow:
        await slow.driver.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        asking = asyncio.create_task(follow(hub, cursor))

        async def it_waits() -> bool:
            return bool(await rows(hub, "SELECT FROM pg_locks WHERE relation = 'event'::regclass AND NOT granted"))

        await until(it_waits)
        key: Key = ("permits", "licensing", "a kind that was not there", "openbaar")
        new = (await keep_compartments(slow, [key]))[key]
        await add_events(slow, "permits", [Change("case.changed", None, "permits/NEW", [new])], datetime.now(UTC))
    events, cursor = await asking
    assert subjects(events + (await follow(hub, cursor))[0]) == {"permits/NEW"}


async def test_a_cursor_that_was_not_given_is_refused(hub: Hub) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        await follow(hub, "AAAA")


async def test_over_http_the_source_is_the_configured_one(api: httpx2.AsyncClient, hub: Hub) -> None:
    answer = await api.get("/v1/events?limit=1", headers={k: v for k, v in headers_of(FOLLOWING).items() if k != "X-Occasion"})
    [event] = answer.json()["results"]
    assert (answer.status_code, event["source"], event["specversion"]) == (200, hub.event_source, "1.0")
    assert (await api.get("/v1/events?start=later", headers=headers_of(FOLLOWING))).status_code == 400
