"""The view: one face, within what the asker may see, with every source by name."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, by_projects, rows, seeing, with_activity

from relhub.demo import RunningTown, truth
from relhub.domain.compartments import Level
from relhub.errors import AmbiguousIdentifier, InvalidInput, NotAllowed, NotFound, SourceError, SourceUnavailable
from relhub.services.asked import Asked, CaseQuery, PageQuery, Reference, SearchQuery, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_cases import list_cases
from relhub.services.list_source_records import list_source_records
from relhub.services.list_sources import list_sources
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_source
from relhub.services.search_relations import search_relations
from relhub.services.show_history import show_history
from relhub.services.show_timeline import show_timeline
from relhub.services.view_relation import view_relation

JOHANNA = Reference(case=("permits", "V-2026-00001"))
ALL = ViewOptions(origins=True)


async def look(hub: Hub, question: Asked, reference: Reference = JOHANNA, options: ViewOptions = ALL) -> dict[str, Any]:
    return dict(orjson.loads((await lookup_relation(hub, question, reference, options)).body))


async def johanna(hub: Hub) -> str:
    return str((await look(hub, by_permits()))["id"])


def levels(view: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for case in view["cases"]["items"]:
        found[case["capacity"]].add(case["level"])
    return found


async def test_one_look_up_by_case_gives_what_all_three_systems_know(hub: Hub) -> None:
    view = await look(hub, by_permits())
    assert view["party"]["name"]["display"] == "J.M. van den Berg"
    assert view["party"]["birth"] == {"value": "1980-02-17", "precision": "day"}
    assert {source["source"]: source["state"] for source in view["sources"]} == {
        "enforcement": "found",
        "permits": "found",
        "projects": "found",
    }
    assert levels(view) == {"licensing": {"full"}, "enforcement": {"existence"}, "project": {"summary"}}
    assert view["summary"] == {
        "openCases": 3,
        "byCapacity": {"enforcement": 1, "licensing": 1, "project": 1},
        "lastContactAt": None,
        "openTasks": 0,
        "commitmentsDue": 0,
    }
    assert view["complete"] is True


async def test_a_case_at_existence_tells_whom_to_ask_and_nothing_of_the_case(hub: Hub) -> None:
    view = await look(hub, by_permits())
    [hidden] = [case for case in view["cases"]["items"] if case["level"] == "existence"]
    assert set(hidden) == {"level", "capacity", "department", "officials"}
    assert all(official.get("phone") or official.get("email") for official in hidden["officials"])


def citizen_numbers(view: dict[str, Any]) -> list[dict[str, str]]:
    return [number for number in view["party"]["identifiers"] if number["scheme"] == "bsn"]


async def test_a_citizen_service_number_is_shown_in_full_with_its_field_group_and_the_log_says_so(hub: Hub, town_directory: Path) -> None:
    [number] = citizen_numbers(await look(hub, by_permits()))
    assert number == {"scheme": "bsn", "value": number["value"]}
    assert number["value"] in {party["numbers"].get("bsn") for party in truth(town_directory)}
    [logged] = await rows(
        hub, "SELECT levels->>'identifiers' shown, levels->>'licensing' licensing FROM consultation_log WHERE consumer = 'permits-desk'"
    )
    assert tuple(logged) == ("full", "full")


async def test_without_the_field_group_its_end_is_shown_and_the_log_does_not_speak_of_numbers(hub: Hub) -> None:
    full, masked = await look(hub, by_permits()), await look(hub, by_contact_centre())
    [number], [end] = citizen_numbers(full), citizen_numbers(masked)
    assert end == {"scheme": "bsn", "masked": "******" + number["value"][-3:]}
    assert await rows(hub, "SELECT FROM consultation_log WHERE activity = 'answering-questions' AND levels ? 'identifiers'") == []


async def test_without_the_section_party_no_number_is_read_and_the_log_does_not_speak_of_them(hub: Hub) -> None:
    await look(hub, by_permits(), options=ViewOptions(frozenset({"cases"})))
    assert await rows(hub, "SELECT FROM consultation_log WHERE levels ? 'identifiers'") == []


@pytest.mark.parametrize(
    "change",
    [
        r"sealed = '\x0009' || substr(sealed, 3)",  # a seal that is not among the keys
        "sealed = (SELECT sealed FROM party_identifier o WHERE scheme = 'bsn' AND o.token <> n.token LIMIT 1)",  # of somebody else
        r"sealed = sealed || '\x00'",  # damaged
    ],
)
async def test_a_number_that_can_not_be_opened_or_is_another_is_shown_masked(hub: Hub, change: str) -> None:
    await rows(hub, f"UPDATE party_identifier n SET {change} WHERE scheme = 'bsn'")
    assert [number.get("masked", "")[:6] for number in citizen_numbers(await look(hub, by_permits()))] == ["******"]


async def test_every_value_names_its_origin(hub: Hub) -> None:
    view = await look(hub, by_enforcement(), Reference(case=("enforcement", "HH-2026-00001")))
    assert {origin["source"] for origin in view["origins"]["name"]} == {"enforcement", "permits"}


async def test_a_referral_names_no_domain_and_lists_no_source(hub: Hub) -> None:
    view = await look(hub, by_projects(), Reference(case=("projects", "PRJ-0001")))
    assert view["referral"] == {"via": "coordinator", "ask": "relatiecoordinator@voorbeeld.example"}
    assert "enforcement" not in orjson.dumps(view).decode()


async def test_the_other_parties_of_the_case_are_referred_to(hub: Hub) -> None:
    view = await look(hub, by_projects(), Reference(case=("projects", "PRJ-0001")))
    assert view["otherParties"]
    assert all(party["relation"].startswith("rel_") for party in view["otherParties"])


async def test_an_occasion_of_another_relation_opens_nothing(hub: Hub) -> None:
    relation_id = await johanna(hub)
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await view_relation(hub, by_permits("case:permits/V-2026-00002"), relation_id, ALL)


@pytest.mark.parametrize("occasion", ["case:permits/V-2099-99999", "case:nowhere/V-2026-00001", "case:projects/PRJ-0001"])
async def test_an_occasion_that_does_not_exist_or_is_of_another_department_opens_nothing(hub: Hub, occasion: str) -> None:
    relation_id = await johanna(hub)
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await view_relation(hub, by_permits(occasion), relation_id, ALL)


async def test_a_closed_case_is_no_occasion(hub: Hub) -> None:
    [row] = await rows(
        hub,
        """SELECT c.case_id, i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE NOT c.open AND c.source = 'permits' AND c.department = 'Vergunningen' LIMIT 1""",
    )
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await view_relation(hub, by_permits(f"case:permits/{row['case_id']}"), row["relation_id"], ALL)


async def test_an_unknown_relation_is_refused_in_the_same_words_as_one_that_the_occasion_does_not_involve(hub: Hub) -> None:
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await view_relation(hub, by_permits(), "rel_" + "0" * 26, ALL)


@pytest.mark.parametrize(
    "reference",
    [
        Reference(identifier=("bsn", "999993653")),
        Reference(record=("enforcement", "P-99999")),
        Reference(case=("permits", "V-2099-99999")),
        Reference(case=("nowhere", "V-2026-00001")),
        Reference(case=("permits", "V-2026-00002")),
        Reference(case=("enforcement", "HH-2026-00001")),
    ],
)
async def test_who_needs_an_occasion_does_not_learn_who_or_what_is_known(hub: Hub, reference: Reference) -> None:
    """Unknown to all, withheld, and known but not involved in the occasion: one answer, and each is logged."""
    before = await looks_logged(hub)
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await look(hub, by_permits("case:permits/V-2026-00003"), reference)
    assert await looks_logged(hub) == before + 1


async def looks_logged(hub: Hub) -> int:
    [row] = await rows(hub, "SELECT count(*) n FROM consultation_log")
    return int(row["n"])


async def test_a_number_that_only_the_new_case_of_the_occasion_knows_is_found(empty_hub: Hub, town: RunningTown) -> None:
    zaak = next(zaak for zaak in town.items("permits") if zaak["identificatie"] == "V-2026-00001")
    rol = next(rol for rol in town.items("permits", "rollen") if rol["zaak"] == zaak["url"] and rol["omschrijvingGeneriek"] == "initiator")
    view = await look(empty_hub, by_permits(), Reference(identifier=("bsn", rol["betrokkeneIdentificatie"]["inpBsn"])))
    assert [case["ref"] for case in view["cases"]["items"]] == ["permits/V-2026-00001"]


async def test_a_case_that_the_hub_does_not_know_yet_is_fetched_from_its_source_first(empty_hub: Hub) -> None:
    view = await look(empty_hub, by_permits())
    assert [case["ref"] for case in view["cases"]["items"]] == ["permits/V-2026-00001"]


async def test_an_unknown_case_of_a_source_that_is_down_says_which_source(empty_hub: Hub, town: RunningTown) -> None:
    town.set_fault("permits", "down")
    with pytest.raises(SourceUnavailable) as raised:
        await look(empty_hub, by_permits())
    assert raised.value.source == "permits"


async def test_with_enforcement_down_the_view_answers_from_the_store_and_says_since_when(hub: Hub, town: RunningTown) -> None:
    town.set_fault("enforcement", "down")
    with pytest.raises(SourceError):
        await pull_source(hub, "enforcement")
    view = await look(hub, by_permits())
    [state] = [source for source in view["sources"] if source["source"] == "enforcement"]
    assert (state["state"], view["complete"]) == ("stale", False)
    assert state["unavailableSince"] > state["asOf"]
    assert "enforcement" in levels(view)


async def test_a_source_that_answers_with_what_can_not_be_used_is_stale_and_not_called_unavailable(hub: Hub, town: RunningTown) -> None:
    town.set_fault("enforcement", "garbage")
    with pytest.raises(SourceError):
        await pull_source(hub, "enforcement")
    [state] = [source for source in (await look(hub, by_permits()))["sources"] if source["source"] == "enforcement"]
    assert (state["state"], "unavailableSince" in state) == ("stale", False)


async def test_a_source_that_was_never_reached_is_named_and_not_an_empty_list(empty_hub: Hub) -> None:
    view = await look(empty_hub, by_permits())
    assert {source["source"]: source["state"] for source in view["sources"]} == {
        "enforcement": "unavailable",
        "permits": "stale",
        "projects": "unavailable",
    }


async def test_max_age_fetches_what_has_changed_since(hub: Hub, town: RunningTown) -> None:
    town.put("projects", {**town.get("projects", "PRJ-0001"), "name": "Another name"})
    old = await look(hub, by_permits())
    fresh = await look(hub, by_permits(), options=ViewOptions(max_age=0))
    assert "Another name" not in orjson.dumps(old).decode()
    assert "Another name" in orjson.dumps(fresh).decode()
    assert min(source["asOf"] for source in fresh["sources"]) >= max(source["asOf"] for source in old["sources"])


async def test_a_source_of_which_not_every_case_was_asked_again_is_not_called_fresh(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    for number in range(21):
        town.put("enforcement", {**dossier, "dossierNr": f"HH-2026-9{number:04}"})
    await pull_source(hub, "enforcement")
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE source_state SET last_success_at = '2026-01-01T00:00:00Z'")
    view = await look(hub, by_permits(), options=ViewOptions(max_age=0))
    assert {source["source"]: source["asOf"][:7] for source in view["sources"]} == {
        "enforcement": "2026-01",
        "permits": f"{datetime.now(UTC):%Y-%m}",
        "projects": f"{datetime.now(UTC):%Y-%m}",
    }


async def test_a_live_source_is_asked_at_every_view(hub: Hub, town: RunningTown) -> None:
    live = replace(hub, sources={**hub.sources, "projects": hub.sources["projects"].model_copy(update={"mode": "live"})})
    town.put("projects", {**town.get("projects", "PRJ-0001"), "name": "Another name"})
    view = await look(live, by_permits())
    assert "Another name" in orjson.dumps(view).decode()
    assert {source["source"]: source["mode"] for source in view["sources"]} == {
        "enforcement": "copy",
        "permits": "copy",
        "projects": "live",
    }


async def test_max_age_with_a_source_that_is_down_answers_from_the_store_and_says_so(hub: Hub, town: RunningTown) -> None:
    town.set_fault("projects", "down")
    view = await look(hub, by_permits(), options=ViewOptions(max_age=0))
    assert {source["source"]: source["state"] for source in view["sources"]} == {
        "enforcement": "found",
        "permits": "found",
        "projects": "stale",
    }
    assert "project" in levels(view)


async def test_a_case_that_is_gone_from_its_source_is_gone_when_fetched(hub: Hub, town: RunningTown) -> None:
    town.remove("projects", "PRJ-0001")
    assert "project" not in levels(await look(hub, by_permits(), options=ViewOptions(max_age=0)))


async def test_one_number_with_a_lost_zero_finds_the_relation(hub: Hub, a_short_bsn: str) -> None:
    found = await rows(hub, "SELECT relation_id FROM party_identifier WHERE token = $1 LIMIT 1", hub.sealer.token("bsn", a_short_bsn))
    view = await look(hub, by_contact_centre(), Reference(identifier=("bsn", a_short_bsn[1:])))
    assert view["id"] == found[0]["relation_id"]


async def test_a_number_that_nobody_visible_has_is_not_found(hub: Hub) -> None:
    with pytest.raises(NotFound, match="No relation that this processing activity may see"):
        await look(hub, by_contact_centre(), Reference(identifier=("bsn", "999993653")))


async def test_a_number_that_can_not_be_one_is_refused_without_repeating_it(hub: Hub) -> None:
    with pytest.raises(InvalidInput) as raised:
        await look(hub, by_contact_centre(), Reference(identifier=("bsn", "123456789")))
    assert "123456789" not in str(raised.value)


async def test_a_number_of_two_relations_is_a_question_with_both_ids(hub: Hub) -> None:
    """Two people who contradict each other and have one number."""
    [number] = await rows(
        hub,
        "SELECT token, relation_id FROM party_identifier WHERE scheme = 'kvk' AND relation_id IN (SELECT relation_id FROM party_record WHERE display LIKE 'Bakkerij%') LIMIT 1",
    )
    [other] = await rows(
        hub,
        """SELECT n.party_id, n.relation_id FROM party_identifier n JOIN involvement i ON i.party_id = n.party_id
        WHERE n.scheme = 'kvk' AND n.relation_id <> $1 AND i.capacity = 'licensing' AND (SELECT count(*) FROM party_identifier o WHERE o.relation_id = n.relation_id AND o.scheme = 'kvk') = 1 LIMIT 1""",
        number["relation_id"],
    )
    async with hub.database.begin() as store:
        await store.driver.execute(
            "UPDATE party_identifier SET token = $1 WHERE party_id = $2 AND scheme = 'kvk'", number["token"], other["party_id"]
        )
        ids = {
            row["relation_id"]
            for row in await store.driver.fetch("SELECT relation_id FROM party_identifier WHERE token = $1", number["token"])
        }
    kvk = await a_kvk(hub, number["token"])
    with pytest.raises(AmbiguousIdentifier) as raised:
        await look(hub, by_contact_centre(), Reference(identifier=("kvk", kvk)))
    assert set(raised.value.relation_ids) == ids


async def a_kvk(hub: Hub, token: bytes) -> str:
    for row in await rows(hub, "SELECT shown FROM party_identifier WHERE scheme = 'kvk'"):
        if hub.sealer.token("kvk", row["shown"]) == token:
            return str(row["shown"])
    raise AssertionError("no such number")


async def test_search_asks_for_two_facts_and_gives_little(hub: Hub) -> None:
    found = orjson.loads(await search_relations(hub, by_contact_centre(), SearchQuery(name="van den Berg", birth_date="1980-02-17")))
    assert [hit["name"]["display"] for hit in found["results"]] == ["J.M. van den Berg"]
    assert set(found["results"][0]) == {"id", "kind", "name", "birth", "city"}
    with pytest.raises(InvalidInput, match="two facts"):
        await search_relations(hub, by_contact_centre(), SearchQuery(name="van den Berg"))
    with pytest.raises(NotAllowed, match="may not search"):
        await search_relations(hub, by_permits(), SearchQuery(name="van den Berg", birth_date="1980-02-17"))


async def test_an_address_does_not_find_someone_with_non_disclosure(hub: Hub) -> None:
    """Whichever source says so, also one that the asker may not see."""
    relation_id = await johanna(hub)
    [address] = (await look(hub, by_permits()))["party"]["addresses"][:1]
    query = SearchQuery(name="van den Berg", postcode=address["postalCode"], house_number=address["houseNumber"])
    assert orjson.loads(await search_relations(hub, by_contact_centre(), query))["results"]
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE relation SET non_disclosure = true WHERE id = $1", relation_id)
    assert orjson.loads(await search_relations(hub, by_contact_centre(), query))["results"] == []
    view = await look(hub, by_permits())
    assert view["party"]["nonDisclosure"] is True
    assert not {"addresses", "phones", "emails"} & set(view["party"])


async def test_cases_come_in_pages_and_each_comes_once(hub: Hub) -> None:
    [busiest] = await rows(hub, "SELECT relation_id FROM involvement GROUP BY 1 ORDER BY count(DISTINCT case_id) DESC LIMIT 1")
    question, cursor, refs = by_contact_centre(), "", []
    while True:
        page = orjson.loads((await list_cases(hub, question, busiest["relation_id"], CaseQuery(cursor=cursor, limit=7))).body)
        refs += [case["ref"] for case in page["results"] if "ref" in case]
        if not (cursor := page["next"] or ""):
            break
    assert len(refs) == len(set(refs)) > 7
    with pytest.raises(InvalidInput, match="cursor"):
        await list_cases(hub, question, busiest["relation_id"], CaseQuery(cursor="AAAA"))


async def test_sources_say_how_they_are(hub: Hub, town: RunningTown) -> None:
    found = orjson.loads(await list_sources(hub, asked("permits-desk", "source-health")))["results"]
    assert {source["source"]: source["state"] for source in found} == {"enforcement": "well", "permits": "well", "projects": "well"}


async def test_every_look_is_logged_with_who_and_why_before_the_answer_leaves(hub: Hub) -> None:
    view = await look(hub, by_permits())
    [row] = await rows(hub, "SELECT * FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["consumer"], row["department"], row["official"], row["activity"]) == (
        "permits-desk",
        "Vergunningen",
        "official-1",
        "permit-handling",
    )
    assert (row["occasion"], row["outcome"], list(row["relation_ids"])) == ("case:permits/V-2026-00001", "shown", [view["id"]])
    assert "permits/V-2026-00001" in row["records"]


async def test_refusals_are_logged_too(hub: Hub) -> None:
    relation_id = await johanna(hub)
    with pytest.raises(NotAllowed):
        await view_relation(hub, by_permits("case:permits/V-2026-00002"), relation_id, ALL)
    with pytest.raises(NotAllowed):
        await view_relation(hub, asked("permits-desk", "enforcement-handling"), relation_id, ALL)
    logged = await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert [row["outcome"] for row in logged] == ["refused", "refused"]


@pytest.mark.parametrize("hidden", ["licensing", "enforcement", "project", "supervision", "policy"])
async def test_what_is_withheld_shapes_nothing_that_is_shown(hub: Hub, hidden: str) -> None:
    """Compared with a world in which the withheld records never existed, given the same partition: equal, byte for byte."""
    limited = with_activity(
        seeing(hub, Level.full, **{hidden: Level.none}), "answering-questions", groups=frozenset({"identifiers", "contact-details"})
    )
    question = replace(by_contact_centre(), at=datetime(2026, 11, 24, tzinfo=UTC))
    relation_ids = [
        row["relation_id"]
        for row in await rows(
            hub,
            "SELECT DISTINCT relation_id FROM party_record WHERE relation_id NOT IN (SELECT id FROM relation WHERE non_disclosure) ORDER BY 1",
        )
    ]
    before = [await answers(limited, question, relation_id) for relation_id in relation_ids]
    async with hub.database.begin() as store:
        await store.driver.execute("DELETE FROM case_record WHERE capacity = $1", hidden)
        await store.driver.execute("DELETE FROM party_record p WHERE NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)")
    after = [await answers(limited, question, relation_id) for relation_id in relation_ids]
    assert before == after
    assert any(answer for answer, *_ in before)
    assert any(len(answer) > 1 for answer in before)


async def answers(hub: Hub, question: Asked, relation_id: str) -> list[bytes]:
    """All that can be seen of one relation, by every path; nothing where it is not found."""
    try:
        view = (await view_relation(hub, question, relation_id, ALL)).body
        cases = (await list_cases(hub, question, relation_id, CaseQuery(limit=100))).body
        parts = [
            (await part(hub, question, relation_id, PageQuery(limit=100))).body
            for part in (show_timeline, list_source_records, show_history)
        ]
    except NotFound:
        return [b"not found"]
    facts = orjson.loads(view)["party"]
    query = SearchQuery(
        name=facts["name"]["display"],
        birth_date=facts.get("birth", {}).get("value", ""),
        postcode=(facts.get("addresses") or [{}])[0].get("postalCode", ""),
    )
    try:
        found = await search_relations(hub, question, query)
    except InvalidInput:
        found = b"too broad"
    return [view, cases, *parts, found]
