"""From a running town to relations: complete, exact, and nothing lost whatever happens on the way."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from tests.towns import computed_columns

from relhub.demo import RunningTown, truth
from relhub.errors import PullRefused, SourceError, SourceRefused, SourceUnavailable
from relhub.services.fetch_case import fetch_case
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all, pull_source
from relhub.services.rebuild import rebuild
from relhub.storage.sources import SourceState, source_states

SOURCES = ("enforcement", "permits", "projects")


async def state_of(hub: Hub, source: str) -> SourceState:
    async with hub.database.begin() as store:
        return next(state for state in await source_states(store) if state.source == source)


async def relations_by_case(hub: Hub) -> dict[str, set[str]]:
    """Relation ids per case ref."""
    found: dict[str, set[str]] = defaultdict(set)
    async with hub.database.begin() as store:
        for row in await store.driver.fetch(
            "SELECT c.source || '/' || c.case_id ref, i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id"
        ):
            found[row["ref"]].add(row["relation_id"])
    return found


async def everything(hub: Hub) -> list[list[tuple[object, ...]]]:
    async with hub.database.begin() as store:
        return await computed_columns(store)


async def events(hub: Hub) -> int:
    async with hub.database.begin() as store:
        return int(await store.driver.fetchval("SELECT count(*) FROM event"))


async def test_the_whole_town_is_read_without_one_record_set_aside(empty_hub: Hub, town: RunningTown) -> None:
    reports, failures = await pull_all(empty_hub)
    assert failures == []
    assert {report.source: report.quarantined for report in reports} == dict.fromkeys(SOURCES, 0)
    async with empty_hub.database.begin() as store:
        cases = {row["source"]: row["n"] for row in await store.driver.fetch("SELECT source, count(*) n FROM case_record GROUP BY 1")}
    assert cases == {
        "permits": sum(1 for _ in town.items("permits")),
        "enforcement": sum(1 for _ in town.items("enforcement")),
        "projects": sum(1 for _ in town.items("projects")),
    }


async def test_no_two_parties_of_the_town_become_one(hub: Hub, town_directory: Path) -> None:
    """By official number: every number of the truth leads to one relation, and no relation has two of one scheme."""
    async with hub.database.begin() as store:
        rows = await store.driver.fetch(
            "SELECT scheme, encode(token, 'hex') token, relation_id FROM party_identifier WHERE scheme NOT LIKE 'own:%'"
        )
    relations: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        relations[row["scheme"], row["token"]].add(row["relation_id"])
    owner: dict[str, set[str]] = defaultdict(set)
    for party in truth(town_directory):
        for scheme, value in party["numbers"].items() if isinstance(party["numbers"], dict) else party["numbers"]:
            for relation_id in relations.get((scheme, hub.sealer.token(scheme, value).hex()), ()):
                owner[relation_id].add(party["relation"])
    assert all(len(parties) == 1 for parties in owner.values())
    assert len(owner) > 20


async def test_a_party_with_one_number_is_one_relation_across_the_systems(hub: Hub) -> None:
    by_case = await relations_by_case(hub)
    both = by_case["permits/V-2026-00001"] & by_case["enforcement/HH-2026-00001"] & by_case["projects/PRJ-0001"]
    assert len(both) == 1


async def test_each_of_the_seven_capacities_is_there_because_a_system_says_so(hub: Hub) -> None:
    async with hub.database.begin() as store:
        rows = await store.driver.fetch("SELECT DISTINCT capacity FROM case_record ORDER BY 1")
    assert [row["capacity"] for row in rows] == ["advice", "enforcement", "licensing", "planning", "policy", "project", "supervision"]


async def test_every_case_says_who_deals_with_it_and_how_to_reach_them(hub: Hub) -> None:
    async with hub.database.begin() as store:
        silent = await store.driver.fetch(
            """
            SELECT source, case_id FROM case_record
            WHERE department = '' OR body->'officials' IS NULL OR NOT body->'officials' @? '$[*] ? (@.phone != "" || @.email != "")'
            """
        )
    assert silent == []


async def test_a_second_pull_of_an_unchanged_town_writes_nothing(hub: Hub) -> None:
    before, told = await everything(hub), await events(hub)
    reports, _ = await pull_all(hub)
    assert {report.source: report.changed for report in reports} == dict.fromkeys(SOURCES, 0)
    assert await everything(hub) == before
    assert await events(hub) == told


async def test_a_rebuild_gives_the_same_to_the_last_column(hub: Hub) -> None:
    before = await everything(hub)
    await rebuild(hub)
    assert await everything(hub) == before


async def test_a_case_that_two_complete_pulls_no_longer_see_is_gone_with_all_that_came_from_it(hub: Hub, town: RunningTown) -> None:
    town.remove("enforcement", "HH-2026-00001")
    await pull_source(hub, "enforcement")
    assert "enforcement/HH-2026-00001" in await relations_by_case(hub)
    report = await pull_source(hub, "enforcement")
    assert report.gone == 1
    assert "enforcement/HH-2026-00001" not in await relations_by_case(hub)
    async with hub.database.begin() as store:
        assert (
            await store.driver.fetchval(
                "SELECT count(*) FROM party_record p WHERE NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)"
            )
            == 0
        )


async def test_a_zaak_that_loses_a_rol_loses_that_party_and_no_other(hub: Hub, town: RunningTown) -> None:
    zaak = next(zaak for zaak in town.items("permits") if zaak["identificatie"] == "V-2026-00001")
    others = [rol for rol in town.items("permits", "rollen") if rol["zaak"] == zaak["url"] and rol["omschrijvingGeneriek"] == "initiator"]
    town.put("permits", {**zaak, "rollen": [url for url in zaak["rollen"] if url != others[0]["url"]]})
    town.remove("permits", others[0]["uuid"], "rollen")
    before = (await relations_by_case(hub))["permits/V-2026-00001"]
    await pull_source(hub, "permits")
    after = (await relations_by_case(hub)).get("permits/V-2026-00001", set())
    assert after < before


async def test_a_pull_that_would_lose_too_much_changes_nothing_and_says_so(hub: Hub, town: RunningTown) -> None:
    before = await everything(hub)
    for dossier in list(town.items("enforcement"))[: len(list(town.items("enforcement"))) // 2]:
        town.remove("enforcement", dossier["dossierNr"])
    for _ in range(3):
        with pytest.raises(PullRefused, match="accept-loss"):
            await pull_source(hub, "enforcement")
    assert await everything(hub) == before
    assert "no longer there" in (await state_of(hub, "enforcement")).last_error
    assert (await pull_source(hub, "enforcement", accept_loss=True)).gone > 0
    assert (await pull_source(hub, "enforcement")).gone == 0


async def test_a_record_that_can_not_be_read_strictly_is_set_aside_and_the_page_goes_on(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "status": "Onbekende status", "omschrijving": "changed"})
    town.put("enforcement", {**town.get("enforcement", "HH-2026-00002"), "onderwerp": "Changed as well"})
    report = await pull_source(hub, "enforcement")
    assert (report.changed, report.quarantined) == (2, 1)
    assert (await state_of(hub, "enforcement")).quarantined == 1
    async with hub.database.begin() as store:
        reason = await store.driver.fetchval("SELECT reason FROM quarantine")
        title = await store.driver.fetchval("SELECT body->>'title' FROM case_record WHERE case_id = 'HH-2026-00002'")
    assert "status" in reason
    assert "Onbekende status" not in reason
    assert title == "Changed as well"
    town.put("enforcement", {**dossier, "omschrijving": "mended"})
    assert (await pull_source(hub, "enforcement")).quarantined == 0
    assert (await state_of(hub, "enforcement")).quarantined == 0


@pytest.mark.parametrize("fault", ["down", "slow:60", "500", "429", "garbage", "truncated", "loop"])
@pytest.mark.parametrize("source", SOURCES)
async def test_whatever_a_source_does_nothing_is_lost_and_the_next_pull_goes_on(
    empty_hub: Hub, town: RunningTown, source: str, fault: str
) -> None:
    town.set_fault(source, fault)
    with pytest.raises((SourceUnavailable, SourceRefused)) as raised:
        await pull_source(empty_hub, source)
    assert raised.value.source == source
    state = await state_of(empty_hub, source)
    assert (state.unavailable_since is None) == (fault in ("garbage", "loop")), "whoever answers wrongly answers"
    assert state.last_error
    town.set_fault(source, None)
    await _until_the_breaker_closes(empty_hub, source)
    assert (await state_of(empty_hub, source)).unavailable_since is None


async def _until_the_breaker_closes(hub: Hub, source: str) -> None:
    for _ in range(100):
        try:
            await pull_source(hub, source)
        except SourceError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("the source answers again, and the pull does not go on")


async def test_a_pull_that_breaks_off_goes_on_where_it_was(empty_hub: Hub, town: RunningTown) -> None:
    seen: list[int] = []

    def stop_after_the_first(done: int, expected: int | None) -> None:
        seen.append(done)
        town.set_fault("enforcement", "down")

    with pytest.raises(SourceUnavailable):
        await pull_source(empty_hub, "enforcement", stop_after_the_first)
    known = (await state_of(empty_hub, "enforcement")).cases
    assert 0 < known < sum(1 for _ in town.items("enforcement"))
    town.set_fault("enforcement", None)
    await _until_the_breaker_closes(empty_hub, "enforcement")
    assert (await state_of(empty_hub, "enforcement")).cases == sum(1 for _ in town.items("enforcement"))


async def test_two_pulls_that_meet_the_same_new_party_at_once_make_one_relation(empty_hub: Hub) -> None:
    await asyncio.gather(*(pull_source(empty_hub, source) for source in SOURCES))
    at_once = await relations_by_case(empty_hub)
    async with empty_hub.database.begin() as store:
        doubled = await store.driver.fetch(
            "SELECT scheme, token FROM party_identifier WHERE scheme NOT LIKE 'own:%' GROUP BY 1, 2 HAVING count(DISTINCT relation_id) > 1"
        )
    assert len(at_once["permits/V-2026-00001"] & at_once["enforcement/HH-2026-00001"]) == 1
    assert doubled == []


async def test_the_order_in_which_sources_are_pulled_changes_no_relation(empty_hub: Hub, hub: Hub) -> None:
    for source in reversed(SOURCES):
        await pull_source(empty_hub, source)
    assert await partition_of(empty_hub) == await partition_of(hub)


async def partition_of(hub: Hub) -> set[frozenset[tuple[str, str, str]]]:
    groups: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    async with hub.database.begin() as store:
        for row in await store.driver.fetch("SELECT source, key, variant, relation_id FROM party_record"):
            groups[row["relation_id"]].add((row["source"], row["key"], row["variant"]))
    return {frozenset(group) for group in groups.values()}


async def test_one_source_is_pulled_by_one_process_at_a_time(empty_hub: Hub) -> None:
    async with empty_hub.database.sole("relhub pull permits") as alone:
        assert alone
        with pytest.raises(PullRefused, match="another process"):
            await pull_source(empty_hub, "permits")


_PULL = """
import asyncio, sys
from pathlib import Path
from relhub.services.fetch_case import fetch_case
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_all
from tests.towns import settings_for

async def main():
    hub = await Hub.open(settings_for(sys.argv[1], Path(sys.argv[2])))
    print("pulling", flush=True)
    await pull_all(hub)
    await hub.close()

asyncio.run(main())
"""


async def test_a_pull_killed_anywhere_loses_nothing_and_repeats_nothing(
    empty_hub: Hub, hub: Hub, empty_url: str, sources_dir: Path
) -> None:
    """kill -9 at moments spread over the whole pull, again and again, until one comes through: the same as an undisturbed one."""
    for number in range(200):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PULL,
            empty_url,
            str(sources_dir),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[1],
            env=os.environ,
        )
        assert process.stdout
        await process.stdout.readline()
        try:
            async with asyncio.timeout(0.05 + 0.09 * number):
                assert await process.wait() == 0
                break
        except TimeoutError:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    assert number > 2
    assert await everything(empty_hub) == await everything(hub)


async def test_pulls_of_an_unchanged_town_set_nothing_aside_however_often(hub: Hub) -> None:
    assert [(await pull_source(hub, "permits")).quarantined for _ in range(4)] == [0, 0, 0, 0]


async def test_a_change_of_a_rol_is_read_also_after_idle_pulls(hub: Hub, town: RunningTown) -> None:
    for _ in range(3):
        await pull_source(hub, "permits")
    zaak = next(zaak for zaak in town.items("permits") if zaak["eigenschappen"])
    rol = next(
        rol for rol in town.items("permits", "rollen") if rol["zaak"] == zaak["url"] and rol["betrokkeneType"] == "natuurlijk_persoon"
    )
    rol["betrokkeneIdentificatie"]["geslachtsnaam"] = "Nieuwenaam"
    town.put("permits", rol, "rollen")
    await pull_source(hub, "permits")
    assert await count(hub, "SELECT count(*) FROM party_record WHERE display LIKE '%Nieuwenaam%'") == 1


async def test_who_moves_house_keeps_the_id_of_the_relation(hub: Hub, town: RunningTown) -> None:
    by_case = await relations_by_case(hub)
    rol = next(
        rol
        for rol in town.items("permits", "rollen")
        if rol["omschrijvingGeneriek"] == "initiator"
        and rol["betrokkeneIdentificatie"].get("verblijfsadres")
        and "inpBsn" in rol["betrokkeneIdentificatie"]
    )
    zaak = next(zaak for zaak in town.items("permits") if zaak["url"] == rol["zaak"])
    rol["betrokkeneIdentificatie"]["verblijfsadres"]["aoaHuisnummer"] = 7
    town.put("permits", rol, "rollen")
    await pull_source(hub, "permits")
    ref = f"permits/{zaak['identificatie']}"
    assert (await relations_by_case(hub))[ref] == by_case[ref]


UNREADABLE: dict[str, dict[str, Any]] = {
    "NUL in a text": {"onderwerp": "a\0b"},
    "a separator of ours": {"team": "Iets\x1fTeam Toezicht Bouw"},
    "the empty date of another language": {"gewijzigd": "0001-01-01T00:00:00"},
    "the end of time": {"gewijzigd": "9999-12-31T23:59:59-05:00"},
    "an id without end": {"dossierNr": "7" * 3000},
    "40 000 parties": {"partijen": 40_000},
}


@pytest.mark.parametrize("what", UNREADABLE)
async def test_one_odd_value_sets_its_record_aside_and_the_page_goes_on(hub: Hub, town: RunningTown, what: str) -> None:
    dossier, change = town.get("enforcement", "HH-2026-00002"), dict(UNREADABLE[what])
    if "partijen" in change:
        blank = {"bsn": "", "kvk": "", "vestiging": "", "namens": ""}
        change["partijen"] = [{**dossier["partijen"][0], **blank, "partijNr": f"P{n}"} for n in range(40_000)]
    town.put("enforcement", {**dossier, **change})
    town.put("enforcement", {**town.get("enforcement", "HH-2026-00003"), "onderwerp": "nieuw"})
    assert (await pull_source(hub, "enforcement")).quarantined == 1
    assert await count(hub, "SELECT count(*) FROM case_record WHERE body->>'title' = 'nieuw'") == 1


async def test_a_source_that_meets_a_bug_of_ours_stops_no_other_and_says_so(empty_hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(empty_hub.adapters["enforcement"], "to_records", broken)
    reports, failures = await pull_all(empty_hub)
    assert [report.source for report in reports] == ["permits", "projects"]
    assert "ZeroDivisionError" in str(failures[0])
    assert "unexpected error" in (await state_of(empty_hub, "enforcement")).last_error


async def test_a_cursor_that_the_source_no_longer_knows_is_not_asked_for_ever(hub: Hub) -> None:
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE source_state SET cursor = '{\"cursor\": \"expired\"}' WHERE source = 'enforcement'")
    with pytest.raises(SourceRefused):
        await pull_source(hub, "enforcement")
    assert (await pull_source(hub, "enforcement")).documents > 0


async def test_a_cursor_of_a_source_file_that_has_changed_since_is_not_used(hub: Hub) -> None:
    async with hub.database.begin() as store:
        await store.driver.execute(
            "UPDATE source_state SET cursor = '{\"page\": 7}', mapping_version = 'another' WHERE source = 'enforcement'"
        )
    assert (await pull_source(hub, "enforcement")).documents > 0


async def test_a_kind_of_document_of_which_nothing_comes_any_more_is_no_reason_to_forget_them(hub: Hub, town: RunningTown) -> None:
    """A client that loses its rights on besluiten gets an empty list, not a 403."""
    decided = "SELECT count(*) FROM case_record WHERE body::text LIKE '%\"decision\"%'"
    before = await count(hub, decided)
    for besluit in list(town.items("permits", "besluiten")):
        town.remove("permits", besluit["url"].rsplit("/", 1)[1], "besluiten")
    for _ in range(3):
        with pytest.raises(PullRefused, match="nothing comes any more of besluiten"):
            await pull_source(hub, "permits")
    assert await count(hub, decided) == before > 3
    await pull_source(hub, "permits", accept_loss=True)
    assert await count(hub, decided) == 0


async def test_of_two_zaken_with_one_number_neither_overwrites_the_other(hub: Hub, town: RunningTown) -> None:
    zaken = list(town.items("permits"))
    town.put("permits", {**zaken[-1], "identificatie": zaken[0]["identificatie"], "omschrijving": "de tweede"})
    assert (await pull_source(hub, "permits")).quarantined == 1
    assert await count(hub, "SELECT count(*) FROM case_record WHERE body->>'title' = 'de tweede'") == 0


async def test_a_number_within_a_coordinate_stays_a_number(hub: Hub, town: RunningTown) -> None:
    zaak = next(zaak for zaak in town.items("permits") if zaak["identificatie"] == "V-2026-00001")
    rol = next(rol for rol in town.items("permits", "rollen") if rol["zaak"] == zaak["url"] and "inpBsn" in rol["betrokkeneIdentificatie"])
    where = float(f"5.{rol['betrokkeneIdentificatie']['inpBsn']}")
    town.put("permits", {**zaak, "zaakgeometrie": {"type": "Point", "coordinates": [where, 52.09]}})
    await pull_source(hub, "permits")
    before = await everything(hub)
    await rebuild(hub)
    assert await everything(hub) == before
    part = await count(
        hub,
        "SELECT (convert_from(\"full\", 'UTF8') || '}')::jsonb->'places'->-1->'geometry'->'coordinates'->>0 FROM case_record WHERE case_id = 'V-2026-00001'",
    )
    assert float(part) == where


async def test_an_answer_that_was_asked_for_earlier_does_not_undo_what_a_pull_has_read(
    hub: Hub, town: RunningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, arrived, go_on = hub.adapters["enforcement"], asyncio.Event(), asyncio.Event()
    fetch_one = adapter.fetch_one

    async def slowly(case_id: str) -> object:
        found = await fetch_one(case_id)
        arrived.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(adapter, "fetch_one", slowly)
    fetching = asyncio.create_task(fetch_case(hub, "enforcement", "HH-2026-00001"))
    await arrived.wait()
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "partijen": [{**party, "geheim": "J"} for party in dossier["partijen"]]})
    await pull_source(hub, "enforcement")
    go_on.set()
    await fetching
    assert await count(
        hub,
        "SELECT count(*) FROM party_record p JOIN involvement i ON i.party_id = p.id JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'HH-2026-00001' AND p.protected",
    )


async def test_what_could_not_even_be_named_is_forgotten_when_it_is_not_met_again(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "dossierNr": ""})
    assert (await pull_source(hub, "enforcement")).quarantined == 1
    assert (await state_of(hub, "enforcement")).quarantined == 1
    town.remove("enforcement", "")
    await pull_source(hub, "enforcement")
    assert (await state_of(hub, "enforcement")).quarantined == 0


async def count(hub: Hub, statement: str) -> int:
    """The one value that a statement gives."""
    async with hub.database.begin() as store:
        found: int = await store.driver.fetchval(statement)
        return found
