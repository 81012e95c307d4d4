"""What goes on at a place: through the cases that may be seen there, by whichever of its names a system knows it, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
import pytest
from alembic.script import ScriptDirectory
from tests.test_lists import statements
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, headers_of, rows, seeing, with_activity

from relhub.domain.compartments import Level
from relhub.domain.occasions import CaseCondition
from relhub.domain.places import PlaceName
from relhub.domain.record import CaseRecord, Place, RecordSet
from relhub.errors import InvalidInput, NotAllowed, TooManyRequests
from relhub.services.asked import Asked, PlaceQuery, SearchQuery
from relhub.services.hub import Hub
from relhub.services.read_sets import replace as replace_records
from relhub.services.rebuild import rebuild
from relhub.services.search_relations import search_relations
from relhub.services.show_place import show_place
from relhub.storage.migrate import _config

JOHANNAS = ["enforcement/HH-2026-00001", "permits/V-2026-00001", "projects/PRJ-0001"]
AWAY = "case:permits/V-2026-00002"


@pytest.fixture
async def home(hub: Hub) -> PlaceName:
    """An address where there is a permit, an enforcement case and a project, by both of its names."""
    [row] = await rows(
        hub,
        "SELECT bag_id, address FROM case_place w JOIN case_record c ON c.id = w.case_id WHERE c.source || '/' || c.case_id = $1",
        "permits/V-2026-00001",
    )
    return PlaceName(row["bag_id"], row["address"])


async def at(hub: Hub, place: PlaceName, question: Asked | None = None, **query: Any) -> dict[str, Any]:
    return dict(orjson.loads((await show_place(hub, question or by_contact_centre(), place, PlaceQuery(**query))).body))


def refs(view: dict[str, Any]) -> list[str]:
    return [item.get("ref", item["capacity"]) for item in view["results"]]


async def everything_at(hub: Hub, place: PlaceName, limit: int, **query: Any) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        page = await at(hub, place, limit=limit, cursor=cursor, **query)
        found += page["results"]
        if not (cursor := page["next"] or ""):
            return found


def by_name(place: PlaceName) -> list[PlaceName]:
    return [PlaceName(bag_id=place.bag_id), PlaceName(address=place.address)]


async def test_a_permit_an_enforcement_case_and_a_project_at_one_address_are_found_by_each_of_its_names(hub: Hub, home: PlaceName) -> None:
    """The project system knows the BAG id only."""
    full = seeing(hub, Level.full)
    for name in by_name(home):
        view = await at(full, name)
        assert set(JOHANNAS) <= set(refs(view))
        assert view["summary"]["byCapacity"].keys() >= {"licensing", "enforcement", "project"}


async def test_a_case_whose_system_knows_the_address_only_is_found_by_the_bag_id_that_another_knows(hub: Hub, home: PlaceName) -> None:
    full = seeing(hub, Level.full)
    await rows(hub, "UPDATE case_place w SET bag_id = '' FROM case_record c WHERE c.id = w.case_id AND c.case_id = 'HH-2026-00001'")
    assert "enforcement/HH-2026-00001" in refs(await at(full, PlaceName(bag_id=home.bag_id)))


async def test_what_may_not_be_seen_tells_no_other_name_of_a_place(hub: Hub, home: PlaceName) -> None:
    """Of the two that know the address only the permit may be seen, and it does not know the BAG id."""
    await rows(hub, "UPDATE case_place w SET bag_id = '' FROM case_record c WHERE c.id = w.case_id AND c.case_id = 'V-2026-00001'")
    for level in (Level.none, Level.referral):
        limited = seeing(hub, Level.full, enforcement=level, supervision=level)
        assert "projects/PRJ-0001" not in refs(await at(limited, PlaceName(address=home.address)))


async def test_a_building_does_not_lead_to_the_addresses_in_it(hub: Hub) -> None:
    await rows(hub, "UPDATE case_record SET protected = false")
    [row] = await rows(hub, "SELECT case_id, bag_id FROM case_place WHERE substr(bag_id, 5, 2) = '10' ORDER BY 1 LIMIT 1")
    await rows(hub, "UPDATE case_place SET address = '1234AB/1' WHERE case_id = $1 AND bag_id = $2", row["case_id"], row["bag_id"])
    await rows(hub, "INSERT INTO case_place VALUES ((SELECT max(id) FROM case_record), '', '1234AB/1')")
    full = seeing(hub, Level.full)
    assert len(refs(await at(full, PlaceName(bag_id=row["bag_id"])))) == 1
    assert len(refs(await at(full, PlaceName(address="1234AB/1")))) == 2


async def test_each_case_is_shown_as_its_level_allows(hub: Hub, home: PlaceName) -> None:
    view = await at(hub, home, by_permits())
    levels = {item["capacity"]: item for item in view["results"]}
    assert [levels[capacity]["level"] for capacity in ("licensing", "project", "enforcement")] == ["full", "summary", "existence"]
    assert levels["licensing"]["parties"][0]["role"] == "applicant"
    assert levels["enforcement"].keys() <= {"level", "capacity", "department", "officials"}
    assert "places" not in levels["project"]


async def test_parties_are_named_of_the_case_that_is_worked_on_and_otherwise_referred_to(hub: Hub, home: PlaceName) -> None:
    levels = {item["capacity"]: item for item in (await at(hub, home, by_permits()))["results"]}
    assert all("name" in party for party in levels["licensing"]["parties"])
    assert levels["project"]["parties"]
    assert not any("name" in party for party in levels["project"]["parties"])
    assert all("name" in party for item in (await at(hub, home))["results"] for party in item.get("parties", ()))


async def test_of_many_parties_the_first_are_given_and_that_there_are_more(hub: Hub, home: PlaceName) -> None:
    await rows(
        hub,
        """INSERT INTO involvement (case_id, position, party_id, role, relation_id, capacity, compartment, open, on_date)
        SELECT i.case_id, 1000 + n, i.party_id, 'owner', i.relation_id, i.capacity, i.compartment, i.open, i.on_date
        FROM involvement i JOIN case_record c ON c.id = i.case_id CROSS JOIN generate_series(1, 30) n WHERE c.case_id = 'V-2026-00001' AND i.position = 0""",
    )
    by_ref = {item.get("ref"): item for item in (await at(hub, home))["results"]}
    assert (len(by_ref["permits/V-2026-00001"]["parties"]), by_ref["permits/V-2026-00001"]["moreParties"]) == (20, True)
    assert "moreParties" not in by_ref["projects/PRJ-0001"]


async def test_a_referral_is_folded_and_counted_in_nothing(hub: Hub, home: PlaceName) -> None:
    referred = await at(seeing(hub, Level.full, enforcement=Level.referral), home)
    without = await at(seeing(hub, Level.full, enforcement=Level.none), home)
    assert referred.pop("referral") == {"via": "coordinator", "ask": "relatiecoordinator@voorbeeld.example"}
    for view in (referred, without):
        del view["sources"], view["complete"]
    assert referred == without


async def test_the_newest_open_ones_come_first_and_pages_hold_each_once(hub: Hub) -> None:
    [busiest] = await rows(
        hub,
        "SELECT bag_id FROM case_place w JOIN case_record c ON c.id = w.case_id WHERE bag_id <> '' AND NOT protected GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
    )
    full, place = seeing(hub, Level.full), PlaceName(bag_id=busiest["bag_id"])
    whole = await at(full, place, limit=100)
    assert len(whole["results"]) > 2
    assert whole["next"] is None
    assert await everything_at(full, place, 1) == whole["results"]
    order = [(item["status"]["phase"] != "closed", item["started"]) for item in whole["results"]]
    assert order == sorted(order, reverse=True)


async def test_a_cursor_belongs_to_its_place(hub: Hub, home: PlaceName) -> None:
    cursor = (await at(hub, PlaceName(bag_id=home.bag_id), limit=1))["next"]
    with pytest.raises(InvalidInput, match="cursor"):
        await at(hub, PlaceName(address=home.address), cursor=cursor)


async def test_cases_are_filtered_by_capacity_and_phase(hub: Hub, home: PlaceName) -> None:
    full = seeing(hub, Level.full)
    assert {item["capacity"] for item in (await at(full, home, capacity="project"))["results"]} == {"project"}
    both = [(await at(full, home, phase=phase, limit=100))["results"] for phase in ("open", "closed")]
    assert len(both[0]) + len(both[1]) == len((await at(full, home, limit=100))["results"])
    assert {item["status"]["phase"] for item in both[0]} <= {"open", "suspended"}


async def test_one_zaak_that_two_systems_know_comes_once_with_both(hub: Hub) -> None:
    [twins] = await rows(
        hub,
        """SELECT a.source || '/' || a.case_id permit, b.source || '/' || b.case_id dossier, w.bag_id FROM case_record a
        JOIN case_record b ON b.zaak = a.zaak AND b.source = 'enforcement' JOIN case_place w ON w.case_id = a.id AND w.address <> ''
        WHERE a.source = 'permits' ORDER BY 1 LIMIT 1""",
    )
    both = {twins["permit"], twins["dossier"]}
    view = await at(seeing(hub, Level.full), PlaceName(bag_id=twins["bag_id"]), limit=100)
    [item] = [item for item in view["results"] if item["ref"] in both]
    assert {item["ref"], *(other["ref"] for other in item["alsoKnownAs"])} == both
    assert view["summary"]["openCases"] == sum(item["status"]["phase"] != "closed" for item in view["results"])
    below = await at(seeing(hub, Level.full, supervision=Level.existence, enforcement=Level.existence), PlaceName(bag_id=twins["bag_id"]))
    assert not any("alsoKnownAs" in item for item in below["results"])


async def test_a_place_of_which_nothing_may_be_told_is_as_one_where_nothing_goes_on(hub: Hub, home: PlaceName) -> None:
    nothing = seeing(hub, Level.none)
    empty = PlaceName(bag_id="0355200999999999")
    known, unknown = [await at(nothing, place) for place in (home, empty)]
    assert known == unknown
    assert (known["results"], known["next"], known["summary"]) == ([], None, {"openCases": 0, "byCapacity": {}})


async def test_each_source_says_how_it_is(hub: Hub, home: PlaceName) -> None:
    await rows(hub, "UPDATE source_state SET unavailable_since = now(), last_error = 'down' WHERE source = 'projects'")
    view = await at(hub, home, by_permits())
    assert {source["source"]: source["state"] for source in view["sources"]} == {
        "permits": "found",
        "enforcement": "found",
        "projects": "stale",
    }
    assert view["complete"] is False


async def test_the_migration_reads_from_the_cases_that_there_are_what_is_written_with_them(hub: Hub) -> None:
    [places] = [script.module for script in ScriptDirectory.from_config(_config()).walk_revisions() if script.path.endswith("_places.py")]
    names = "SELECT case_id, bag_id, address FROM case_place ORDER BY 1, 2, 3"
    written = [tuple(row) for row in await rows(hub, names)]
    await rows(hub, "DELETE FROM case_place")
    await rows(hub, places._OF_CASES)
    assert [tuple(row) for row in await rows(hub, names)] == written != []


async def test_a_case_that_moves_or_goes_leaves_nothing_at_its_old_place(hub: Hub, home: PlaceName) -> None:
    moved = CaseRecord("permits", "V-2026-00001", "omgevingsvergunning", "licensing", "open", places=(Place(bag_id="0355200000000099"),))
    for records, ids in ((RecordSet((moved,)), ["0355200000000099"]), (RecordSet(), [])):
        [row] = await rows(hub, "SELECT set_key FROM case_record WHERE case_id = 'V-2026-00001'")
        async with hub.database.begin() as store:
            await store.lock_resolve()
            await replace_records(store, hub, "permits", {row["set_key"]: records}, datetime.now(UTC))
        there = await rows(
            hub,
            "SELECT w.bag_id FROM case_place w LEFT JOIN case_record c ON c.id = w.case_id WHERE c.case_id = 'V-2026-00001' OR c.id IS NULL",
        )
        assert [row["bag_id"] for row in there] == ids


# Non-disclosure.


async def protect(hub: Hub, case_id: str) -> None:
    await rows(
        hub,
        """UPDATE party_record SET protected = true WHERE relation_id IN (
        SELECT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = $1 AND i.position = 0)""",
        case_id,
    )
    await rebuild(hub)


async def test_a_case_of_someone_with_non_disclosure_is_not_found_by_its_place(hub: Hub, home: PlaceName) -> None:
    """In no path, count or order: else asking for one address after another would tell where they are."""
    await protect(hub, "HH-2026-00001")
    full = seeing(hub, Level.full)
    for name in by_name(home):
        for limit in (1, 20):
            found = await everything_at(full, name, limit)
            assert not set(JOHANNAS) & {item["ref"] for item in found}
        assert (await at(full, name))["summary"]["openCases"] == sum(item["status"]["phase"] != "closed" for item in found)
    may = with_activity(full, "answering-questions", groups=frozenset({"contact-details", "non-disclosed"}))
    assert set(JOHANNAS) <= set(refs(await at(may, home)))


async def test_a_case_of_ones_own_that_is_protected_is_no_occasion_for_its_place(hub: Hub, home: PlaceName) -> None:
    await at(hub, home, by_permits())
    await protect(hub, "V-2026-00001")
    with pytest.raises(NotAllowed, match="lies at this place"):
        await at(hub, home, by_permits())


async def test_a_case_of_someone_whose_data_is_restricted_is_at_no_place(hub: Hub, home: PlaceName) -> None:
    full = seeing(hub, Level.full)
    before = await at(full, home, limit=100)
    await rows(hub, "UPDATE case_record SET marks = '{restriction}' WHERE case_id = 'HH-2026-00001'")
    after = await at(full, home, limit=100)
    assert refs(after) == [ref for ref in refs(before) if ref != "enforcement/HH-2026-00001"]
    assert after["summary"]["openCases"] == before["summary"]["openCases"] - 1
    assert refs(await at(with_activity(full, "answering-questions", restricted=True), home, limit=100)) == refs(before)


# Who may ask.


async def test_a_place_is_for_who_may_search_or_works_on_a_case_that_lies_there(hub: Hub, home: PlaceName) -> None:
    await at(hub, home)
    await at(hub, home, by_enforcement())
    for name in by_name(home):
        with pytest.raises(NotAllowed, match="open, is dealt with by your department and lies at this place"):
            await at(hub, name, by_permits(AWAY))
    loose = with_activity(hub, "permit-handling", case=CaseCondition(involves_relation=False))
    await at(loose, home, by_permits(AWAY))


async def test_without_the_right_to_search_and_without_a_case_it_is_refused(hub: Hub, home: PlaceName) -> None:
    caseless = with_activity(hub, "permit-handling", occasions=frozenset({"none", "case"}))
    with pytest.raises(NotAllowed, match="may not search, so it may ask about a place only on a case that lies there"):
        await at(caseless, home, replace(by_permits(), occasion="none"))
    glass = with_activity(hub, "permit-handling", occasions=frozenset({"break-glass"}))
    with pytest.raises(NotAllowed, match="may not search"):
        await at(glass, home, replace(by_permits(), occasion="break-glass:the house is under water and nobody answers"))


@pytest.mark.parametrize("occasion", ["case:permits/V-2099-99999", "case:nowhere/1", "case:enforcement/HH-2026-00001"])
async def test_what_is_not_there_not_ones_own_or_elsewhere_is_refused_in_the_same_words(hub: Hub, home: PlaceName, occasion: str) -> None:
    refusals = []
    for named in (occasion, AWAY):
        with pytest.raises(NotAllowed) as refused:
            await at(hub, home, by_permits(named))
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]


async def test_a_case_that_is_closed_is_no_occasion_also_for_who_may_search(hub: Hub, home: PlaceName) -> None:
    await rows(hub, "UPDATE case_record SET open = false WHERE case_id = 'V-2026-00001'")
    with pytest.raises(NotAllowed, match="does not hold"):
        await at(hub, home, by_permits())
    searching = with_activity(hub, "permit-handling", search=True)
    with pytest.raises(NotAllowed, match="is open and is dealt with by your department\\."):
        await at(searching, home, by_permits())


async def test_asking_about_places_is_a_right_of_its_own(hub: Hub, home: PlaceName) -> None:
    for question, activity in ((by_contact_centre(), "answering-questions"), (by_permits(), "permit-handling")):
        with pytest.raises(NotAllowed, match="places = true"):
            await at(with_activity(hub, activity, places=False), home, question)


async def test_who_sees_no_contact_details_may_not_ask_about_an_address(hub: Hub, home: PlaceName) -> None:
    blind = with_activity(hub, "answering-questions", groups=frozenset())
    with pytest.raises(NotAllowed, match="does not see addresses"):
        await at(blind, home)


async def test_asking_about_places_spends_the_budget_for_searching(hub: Hub, home: PlaceName) -> None:
    few = with_activity(hub, "answering-questions", searches_per_day=3)
    await search_relations(few, by_contact_centre(), SearchQuery(name="van den Berg", birth_date="1980-02-17"))
    await at(few, home)
    await at(few, home)
    with pytest.raises(TooManyRequests):
        await at(few, home)
    with pytest.raises(TooManyRequests):
        await search_relations(few, by_contact_centre(), SearchQuery(name="van den Berg", birth_date="1980-02-17"))
    [row] = await rows(hub, "SELECT outcome FROM consultation_log WHERE operation = 'place' ORDER BY id DESC LIMIT 1")
    assert row["outcome"] == "over-budget"


# The log.


async def test_the_look_is_logged_with_the_cases_and_the_relations_that_it_named_and_no_others(hub: Hub, home: PlaceName) -> None:
    view = await at(hub, home, limit=1)
    [row] = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["operation"], row["outcome"], row["records"]) == ("place", "shown", refs(view))
    assert set(row["relation_ids"]) == {party["relation"] for item in view["results"] for party in item["parties"]}


async def test_a_refusal_is_logged_and_names_nobody(hub: Hub, home: PlaceName) -> None:
    with pytest.raises(NotAllowed):
        await at(hub, home, by_permits(AWAY))
    [row] = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert tuple(row) == ("place", "refused", [], [])


async def test_a_page_is_one_statement_for_who_works_on_a_case_there(hub: Hub, home: PlaceName, monkeypatch: pytest.MonkeyPatch) -> None:
    await at(hub, home, by_permits())
    with statements(monkeypatch) as sent:
        await at(hub, home, by_permits())
    assert len(sent) == 1


# Over HTTP.


async def test_an_address_is_asked_in_the_body_however_it_is_written(api: httpx2.AsyncClient, hub: Hub, home: PlaceName) -> None:
    [row] = await rows(
        hub,
        "SELECT address FROM case_place WHERE address ~ '/[0-9]+[A-Z]$' AND bag_id <> '' ORDER BY 1 LIMIT 1",
    )
    postcode, number = row["address"].split("/")
    asked_as = [
        {"postalCode": postcode, "houseNumber": number},
        {"postalCode": f"{postcode[:4]} {postcode[4:].lower()}", "houseNumber": f"{number[:-1]} {number[-1].lower()}"},
        {"postalCode": postcode, "houseNumber": number[:-1], "houseLetter": number[-1]},
        {"postalCode": postcode, "houseNumber": number[:-1], "houseNumberAddition": number[-1]},
    ]
    answers = [
        (await api.post("/v1/places/_lookup", json={"address": address}, headers=headers_of(by_contact_centre()))).json()
        for address in asked_as
    ]
    assert answers[0]["results"]
    assert all(answer["results"] == answers[0]["results"] for answer in answers)


async def test_number_12_with_addition_3_is_not_number_123(hub: Hub) -> None:
    await rows(hub, "INSERT INTO case_place SELECT min(id), '', '1234AB/12-3' FROM case_record")
    full = seeing(hub, Level.full)
    assert len((await at(full, PlaceName(address="1234AB/12-3")))["results"]) == 1
    assert (await at(full, PlaceName(address="1234AB/123")))["results"] == []


async def test_the_id_of_an_address_is_refused_in_a_url_and_taken_in_a_body(api: httpx2.AsyncClient, home: PlaceName) -> None:
    headers = headers_of(by_contact_centre())
    refused = await api.get(f"/v1/places/{home.bag_id}", headers=headers)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["location"] == "path bagId"
    assert home.bag_id not in refused.text
    taken = await api.post("/v1/places/_lookup", json={"bagId": home.bag_id}, headers=headers)
    assert taken.status_code == 200
    assert taken.json()["results"]


async def test_a_building_is_asked_by_its_id_and_a_kept_answer_still_holds(api: httpx2.AsyncClient, hub: Hub) -> None:
    [row] = await rows(
        hub,
        "SELECT bag_id FROM case_place w JOIN case_record c ON c.id = w.case_id WHERE substr(bag_id, 5, 2) = '10' AND NOT protected ORDER BY 1 LIMIT 1",
    )
    headers = headers_of(by_contact_centre())
    answer = await api.get(f"/v1/places/{row['bag_id']}", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["results"]
    held = await api.get(f"/v1/places/{row['bag_id']}", headers={**headers, "If-None-Match": answer.headers["etag"]})
    assert held.status_code == 304


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({}, "body"),
        ({"bagId": "0355200000000001", "address": {"postalCode": "3701AC", "houseNumber": "1"}}, "body"),
        ({"bagId": "0355990000000001"}, "body bagId"),
        ({"address": {"postalCode": "3701AC"}}, "body address.houseNumber"),
        ({"address": {"postalCode": "3701SS", "houseNumber": "1"}}, "body address"),
        ({"address": {"postalCode": "3701AC", "houseNumber": "12A", "houseLetter": "B"}}, "body address"),
        ({"address": {"postalCode": "3701AC", "houseNumber": "12", "street": "Dorpsstraat"}}, "body address.street"),
    ],
)
async def test_what_can_not_be_a_place_is_a_bad_request(api: httpx2.AsyncClient, body: dict[str, Any], location: str) -> None:
    answer = await api.post("/v1/places/_lookup", json=body, headers=headers_of(by_contact_centre()))
    assert (answer.status_code, [error["location"] for error in answer.json()["errors"]]) == (400, [location])


async def test_looking_up_is_for_post_and_unknown_query_keys_are_refused(api: httpx2.AsyncClient) -> None:
    headers = headers_of(asked("contact-centre", "answering-questions"))
    assert (await api.get("/v1/places/_lookup", headers=headers)).status_code == 405
    assert (await api.get("/v1/places/0355100000000001?postcode=3701AC", headers=headers)).status_code == 400
