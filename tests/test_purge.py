"""Retention: what is over time goes with everything that came from it, does not come back, and takes nobody else's id."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from tests.exporting import KNOWN
from tests.test_events import caught_up, follow
from tests.test_identity_in_store import SOURCES, Town
from tests.towns import bare_hub, bare_source, computed_columns, rows

from relhub.config.sources import Retention, load_source
from relhub.demo import RunningTown
from relhub.domain.record import CaseRecord, Involvement, PartyRecord, PersonName, RecordSet
from relhub.domain.retention import Age, RetentionRule, all_over_time, is_over_time
from relhub.errors import ConfigurationError, InvalidInput, PurgeRefused
from relhub.services.decide_match import decide_match
from relhub.services.expire_sets import expire_sets
from relhub.services.fetch_case import fetch_case
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source
from relhub.services.purge import Purged, purge, purge_when_due
from relhub.services.read_sets import replace as replace_records
from relhub.services.rebuild import rebuild
from relhub.storage import all_text
from relhub.storage.database import Store
from relhub.storage.sealed_columns import SEALED_COLUMNS

AT_ONCE = (Retention(days=0),)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def keeping(hub: Hub, source: str, *retention: Retention) -> Hub:
    """The same hub, where this source keeps its cases no longer than that."""
    return replace(hub, sources={**hub.sources, source: hub.sources[source].model_copy(update={"retention": retention})})


async def closed(hub: Hub, source: str) -> set[str]:
    return {
        row["case_id"]
        for row in await rows(hub, "SELECT case_id FROM case_record WHERE source = $1 AND NOT open AND body ? 'ended'", source)
    }


async def case_ids(hub: Hub, source: str) -> set[str]:
    return {row["case_id"] for row in await rows(hub, "SELECT case_id FROM case_record WHERE source = $1", source)}


async def everything_said(hub: Hub) -> bytes:
    """All text and bytes of all tables, sealed values opened; but for the log, which is kept as long as it must be (`relhub log drop`)."""
    said: list[bytes] = []
    async with hub.database.begin() as store:
        for table in await all_text.searched_tables(store):
            if table.name in ("consultation_log", "log_seal"):
                continue
            async for batch in all_text.rows_of(store, table):
                said += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for row in batch for v in row if v is not None]
        for column in SEALED_COLUMNS:
            names = ", ".join(name for name, _ in column.key)
            for row in await store.driver.fetch(f"SELECT {names}, {column.column} FROM {column.table} WHERE {column.column} IS NOT NULL"):
                *key, sealed = row
                said.append(hub.sealer.open(sealed, column.about(*key)))
    return b"\n".join(said)


async def words(hub: Hub) -> set[str]:
    """Titles of cases, names and birth dates and keys of parties: what must not be left."""
    found = await rows(
        hub,
        """
        SELECT body->>'title' word FROM case_record UNION SELECT body->>'description' FROM case_record
        UNION SELECT key FROM party_record UNION SELECT display FROM party_record
        """,
    )
    return {row["word"] for row in found if row["word"] and len(row["word"]) > 6}


@pytest.mark.parametrize("source", ["permits", "enforcement"])
async def test_nothing_of_a_purged_case_or_of_who_was_only_in_it_is_left_anywhere(hub: Hub, source: str) -> None:
    hub = keeping(hub, source, *AT_ONCE)
    before, over = await words(hub), await closed(hub, source)
    everything = await everything_said(hub)
    purged = await purge(hub)
    others = " ".join(
        row["body"] for row in await rows(hub, "SELECT body::text FROM party_record UNION ALL SELECT body::text FROM case_record")
    )
    gone = {word for word in before - await words(hub) if word not in others}  # what other records say as well is theirs
    assert sum(purged.cases.values()) == len(over) > 3
    assert len(gone) > 5, "the town has parties and cases that go"
    assert all(word.encode() in everything for word in list(gone)[:20]), "the search finds what is there"
    left = await everything_said(hub)
    assert [word for word in gone if word.encode() in left] == []
    assert not over & await case_ids(hub, source)


async def test_a_rebuild_after_a_purge_gives_the_same(hub: Hub) -> None:
    hub = keeping(hub, "permits", *AT_ONCE)
    await purge(hub)
    async with hub.database.begin() as store:
        before = await computed_columns(store)
    await rebuild(hub)
    async with hub.database.begin() as store:
        assert await computed_columns(store) == before


@pytest.mark.parametrize("source", ["permits", "enforcement"])
async def test_what_was_purged_does_not_come_back_while_the_source_has_it_unchanged(hub: Hub, source: str) -> None:
    hub = keeping(hub, source, *AT_ONCE)
    await purge(hub)
    kept, documents = await case_ids(hub, source), await rows(hub, "SELECT id FROM document WHERE source = $1 ORDER BY 1", source)
    for _ in range(3):
        report = await pull_source(hub, source)
        assert (report.changed, report.gone, report.quarantined) == (0, 0, 0)
    assert await case_ids(hub, source) == kept
    assert await rows(hub, "SELECT id FROM document WHERE source = $1 ORDER BY 1", source) == documents


async def test_a_purged_case_that_changes_and_is_still_over_time_is_not_kept(hub: Hub, town: RunningTown) -> None:
    hub = keeping(hub, "enforcement", *AT_ONCE)
    case_id = sorted(await closed(hub, "enforcement"))[0]
    await purge(hub)
    town.put("enforcement", {**town.get("enforcement", case_id), "onderwerp": "Een heel ander onderwerp"})
    assert (await pull_source(hub, "enforcement")).changed == 1
    assert case_id not in await case_ids(hub, "enforcement")
    assert b"Een heel ander onderwerp" not in await everything_said(hub)
    assert (await pull_source(hub, "enforcement")).changed == 0


async def test_a_purged_case_that_is_no_longer_over_time_comes_back_with_its_parties(hub: Hub, town: RunningTown) -> None:
    """Here because the organisation keeps longer: all that was purged is asked for again."""
    short = keeping(hub, "permits", *AT_ONCE)
    before = await rows(
        hub, "SELECT c.case_id, i.role FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE source = 'permits' ORDER BY 1, 2"
    )
    await purge(short)
    await pull_source(hub, "permits")
    after = await rows(
        hub, "SELECT c.case_id, i.role FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE source = 'permits' ORDER BY 1, 2"
    )
    assert after == before
    assert await rows(hub, "SELECT FROM purged_document WHERE closing") == []


async def test_a_zaak_that_is_opened_again_is_whole_after_two_pulls(hub: Hub, town: RunningTown) -> None:
    short = keeping(hub, "permits", *AT_ONCE)
    zaak = next(one for one in town.items("permits") if one["einddatum"] and one["rollen"])
    parties = "SELECT count(*) n FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE c.source = 'permits' AND c.case_id = $1"
    before = (await rows(hub, parties, zaak["identificatie"]))[0]["n"]
    await purge(short)
    town.put("permits", {**zaak, "einddatum": "2027-01-01", "archiefactiedatum": "2037-01-01"})
    await pull_source(short, "permits")
    await pull_source(short, "permits")
    assert (await rows(hub, parties, zaak["identificatie"]))[0]["n"] == before > 0


async def test_what_is_over_time_is_not_even_kept_when_it_is_first_pulled(empty_hub: Hub) -> None:
    hub = keeping(empty_hub, "permits", *AT_ONCE)
    assert (await pull_source(hub, "permits")).quarantined == 0
    assert await closed(hub, "permits") == set()
    assert len(await case_ids(hub, "permits")) > 3
    assert (await purge(hub)).cases == {}


async def test_asking_the_source_for_a_purged_case_does_not_keep_it(hub: Hub) -> None:
    hub = keeping(hub, "enforcement", *AT_ONCE)
    case_id = sorted(await closed(hub, "enforcement"))[0]
    await purge(hub)
    await fetch_case(hub, "enforcement", case_id)
    assert case_id not in await case_ids(hub, "enforcement")
    assert await rows(hub, "SELECT FROM document WHERE source = 'enforcement' AND id = $1", case_id) == []


async def test_what_is_remembered_goes_when_the_source_has_the_case_no_more(hub: Hub, town: RunningTown) -> None:
    hub = keeping(hub, "enforcement", *AT_ONCE)
    over = await closed(hub, "enforcement")
    await purge(hub)
    town.remove("enforcement", sorted(over)[0])
    for _ in range(2):
        await pull_source(hub, "enforcement")
    assert len(await rows(hub, "SELECT FROM purged_document WHERE source = 'enforcement'")) == len(over) - 1


async def test_a_dry_run_says_exactly_what_goes_and_changes_nothing(hub: Hub) -> None:
    hub = keeping(hub, "permits", *AT_ONCE)
    before = await everything_said(hub)
    said = await purge(hub, dry_run=True, batch=3)
    assert await everything_said(hub) == before
    done = await purge(hub, batch=5)
    assert said.lines() == done.lines() != []


async def test_a_purge_that_is_broken_off_goes_on_with_the_rest(hub: Hub) -> None:
    hub = keeping(hub, "enforcement", *AT_ONCE)
    whole = await purge(hub, dry_run=True)
    looks = iter([False] * 4)
    first = await purge(hub, batch=2, stopping=lambda: next(looks, True))
    assert first.stopped
    assert 0 < sum(first.cases.values()) < sum(whole.cases.values())
    assert first.cases + (await purge(hub)).cases == whole.cases


async def test_a_purge_is_logged_with_counts_and_nobodys_id(hub: Hub) -> None:
    hub = keeping(hub, "permits", *AT_ONCE)
    done = await purge(hub)
    logged = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log WHERE operation = 'purge' ORDER BY id")
    assert [row["outcome"] for row in logged] == ["removed", "done"]
    assert [list(row["relation_ids"]) for row in logged] == [[], []]
    assert list(logged[-1]["records"]) == done.lines()


async def test_only_one_process_purges_and_a_worker_does_it_once_a_day(hub: Hub) -> None:
    async with hub.database.sole("relhub purge"):
        with pytest.raises(PurgeRefused):
            await purge(hub)
        assert await purge_when_due(hub, KNOWN, NOW, lambda: False) is None
    assert isinstance(await purge_when_due(hub, KNOWN, NOW, lambda: False), Purged)
    assert await purge_when_due(hub, KNOWN, NOW + timedelta(hours=23), lambda: False) is None
    assert isinstance(await purge_when_due(hub, KNOWN, NOW + timedelta(hours=25), lambda: False), Purged)


async def test_a_cursor_from_before_the_events_that_are_kept_is_refused_and_says_what_to_do(hub: Hub) -> None:
    _, old = await follow(hub, limit=3)
    new = await caught_up(hub)
    await purge(hub, now=datetime.now(UTC) + hub.keep.events + timedelta(days=1))
    assert await rows(hub, "SELECT FROM event") == []
    with pytest.raises(InvalidInput, match="start again without it"):
        await follow(hub, old)
    assert (await follow(hub, new))[0] == []
    assert (await follow(hub))[0] == []


async def test_a_party_that_its_source_took_away_is_forgotten_later(hub: Hub, town: RunningTown) -> None:
    before = {row["key"] for row in await rows(hub, "SELECT key FROM party_record WHERE source = 'enforcement'")}
    for case_id in sorted(await case_ids(hub, "enforcement"))[:3]:
        town.remove("enforcement", case_id)
    for _ in range(2):
        await pull_source(hub, "enforcement", accept_loss=True)
    gone = before - {row["key"] for row in await rows(hub, "SELECT key FROM party_record WHERE source = 'enforcement'")}
    known = "SELECT DISTINCT key FROM membership WHERE key = ANY($1)"
    await purge(hub)
    assert {row["key"] for row in await rows(hub, known, list(gone))} == gone != set()
    await purge(hub, now=datetime.now(UTC) + hub.keep.former + timedelta(days=1))
    assert await rows(hub, known, list(gone)) == []


def person(source: str, set_key: str, key: str, name: str = "Anna", ended: date | None = None) -> RecordSet:
    party = PartyRecord(source, key, "person", name=PersonName(given=name, family="Berg"), birth="1980-02-17")
    phase: Any = "closed" if ended else "open"
    case = CaseRecord(source, set_key, "vergunning", "licensing", phase, ended=ended, involvements=(Involvement(key, "applicant"),))
    return RecordSet((case,), (party,))


async def said(hub: Hub, source: str, set_key: str, records: RecordSet) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await replace_records(store, hub, source, {set_key: records}, datetime.now(UTC))


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Hub]:
    """A hub of two sources that are never asked anything, and keep nothing that ended."""
    hub = bare_hub(migrated_url, *(bare_source(name).model_copy(update={"retention": AT_ONCE}) for name in ("copy-a", "copy-b")))
    yield hub
    await hub.database.close()


async def test_redirects_decisions_and_former_ids_go_with_the_party_and_its_id_is_never_given_again(bare: Hub) -> None:
    ended = date(2020, 1, 1)
    await said(bare, "copy-b", "2", person("copy-b", "2", "stays", "Bram"))
    await said(bare, "copy-a", "1", person("copy-a", "1", "goes", ended=ended))
    await decide_match(bare, ("copy-a", "goes"), ("copy-b", "stays"), "same", "Anna heet ook Bram", "steward")
    ids = {row["id"] for row in await rows(bare, "SELECT id FROM relation")}
    assert len(ids) == 2
    done = await purge(bare)
    assert done.counts["decisions"] == 1
    left = await everything_said(bare)
    assert b"Anna" not in left
    assert b"goes" not in left
    await said(bare, "copy-a", "1", person("copy-a", "1", "goes"))
    now = await rows(bare, "SELECT p.key, p.relation_id FROM party_record p ORDER BY 1")
    assert now[0]["relation_id"] not in ids
    assert now[1]["relation_id"] in ids


async def test_an_id_that_led_from_one_to_another_leads_nowhere_when_the_last_who_had_it_is_forgotten(bare: Hub) -> None:
    await said(bare, "copy-a", "1", person("copy-a", "1", "goes"))
    await said(bare, "copy-b", "2", person("copy-b", "2", "stays"))
    (together,) = {row["relation_id"] for row in await rows(bare, "SELECT relation_id FROM party_record")}
    await decide_match(bare, ("copy-a", "goes"), ("copy-b", "stays"), "different", "Twee mensen", "steward")
    await said(bare, "copy-a", "1", person("copy-a", "1", "goes", ended=date(2020, 1, 1)))
    await purge(bare)
    row = (await rows(bare, "SELECT merged_into, anchor_source FROM relation WHERE id = $1", together))[0]
    held = await rows(bare, "SELECT key FROM membership WHERE relation_id = $1", together)
    assert (row["merged_into"], row["anchor_source"]) == (None, "") or {one["key"] for one in held} == {"stays"}
    assert b"goes" not in await everything_said(bare)


async def test_a_set_with_a_case_that_is_not_over_time_stays_whole(bare: Hub) -> None:
    old, young = person("copy-a", "1", "p", ended=date(2020, 1, 1)), person("copy-a", "1b", "p")
    await said(bare, "copy-a", "set", RecordSet(old.cases + young.cases, old.parties))
    assert (await purge(bare)).cases == {}


class PurgedTown(Town):
    """The same, while sets and parties are purged."""

    @rule(source=st.sampled_from(SOURCES), set_key=st.sampled_from(["1", "2", "3"]))
    def a_set_is_over_time(self, source: str, set_key: str) -> None:
        async def expire() -> None:
            async with self.hub.database.begin() as store:
                await store.lock_resolve()
                await expire_sets(store, self.hub, source, [set_key], datetime.now(UTC))

        self.loop.run_until_complete(expire())

    @rule()
    def who_is_gone_is_forgotten(self) -> None:
        self.loop.run_until_complete(purge(self.hub, now=datetime.now(UTC) + timedelta(days=400)))

    async def check_redirects(self, store: Store, retired: dict[str, str | None]) -> None:
        had = {row["relation_id"] for row in await store.driver.fetch("SELECT DISTINCT relation_id FROM membership")}
        assert all(retired[id_] is None for id_ in retired.keys() - had), "an id of which nothing is known leads nowhere"
        await super().check_redirects(store, {id_: to for id_, to in retired.items() if id_ in had})


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_purges_in_any_order_leave_the_same_relations_and_ids_that_hold(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    PurgedTown.database_url, PurgedTown.loop = migrated_url, own_loop
    run_state_machine_as_test(
        PurgedTown, settings=settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    )


RULES = (RetentionRule(frozenset({"bezwaar"}), 1, 0), RetentionRule(frozenset(), 5, 10))


def age(ended: date | None = None, kind: str = "vergunning", own: date | None = None, modified: datetime | None = None) -> Age:
    return Age(kind, False, ended, modified, own)


@pytest.mark.parametrize(
    ("case", "over"),
    [
        (age(date(2021, 11, 14)), True),
        (age(date(2021, 11, 15)), False),
        (age(date(2025, 11, 24), "bezwaar"), True),
        (age(date(2025, 11, 25), "bezwaar"), False),
        (age(date(2026, 1, 1), own=date(2026, 11, 24)), True),
        (age(date(2026, 1, 1), own=date(2026, 11, 25)), False),
        (age(date(2020, 1, 1), own=date(2040, 1, 1)), True),
        (age(modified=datetime(2021, 1, 1, tzinfo=UTC)), True),
        (age(), False),
        (replace(age(date(2000, 1, 1), own=date(2001, 1, 1)), open=True), False),
    ],
)
def test_a_closed_case_is_over_time_after_the_earlier_of_its_own_date_and_the_first_rule_that_fits(case: Age, over: bool) -> None:
    assert is_over_time(RULES, case, NOW) is over


def test_what_no_rule_fits_is_kept_until_the_date_that_its_source_says_and_without_any_rule_all_is_kept() -> None:
    others = (RetentionRule(frozenset({"another kind"}), 1, 0),)
    assert not is_over_time(others, age(date(1990, 1, 1)), NOW)
    assert is_over_time(others, age(date(1990, 1, 1), own=date(2000, 1, 1)), NOW)
    assert not is_over_time((), age(date(1990, 1, 1), own=date(2000, 1, 1)), NOW)


def test_a_leap_day_and_the_end_of_time_are_days_like_others() -> None:
    assert is_over_time((RetentionRule(frozenset(), 1, 0),), age(date(2024, 2, 29)), NOW)
    assert not is_over_time((RetentionRule(frozenset(), 200, 73_000),), age(date(9999, 1, 1)), NOW)
    assert not all_over_time(RULES, [], NOW)


def test_a_rule_that_does_not_say_how_long_is_refused_with_its_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "permits.toml"
    base = 'adapter = "rest_json"\nbase_url = "http://x"\norganisation = "G"\norganisation_rsin = "002564440"\ncontroller = "C"\n'
    file.write_text(base + '[[retention]]\nkinds = ["bezwaar"]\n')
    with pytest.raises(ConfigurationError, match=r"retention\.0: say for how long"):
        load_source(file)
    file.write_text(base + '[[retention]]\nkinds = ["bezwaar"]\nyears = 7\n')
    assert load_source(file).retention_rules == (RetentionRule(frozenset({"bezwaar"}), 7, 0),)
