"""What an export holds: all that its activity opens, with where it is from, what for and for how long, and nobody else's name."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest
from tests.exporting import NOW, PORTAL, api_of, applicant, ask, content, exported, make, page, person, relation_of, say, state
from tests.exporting import case_of as case
from tests.test_exports import serve
from tests.test_log_search import look_at
from tests.towns import bare_hub, bare_source, by_contact_centre, by_permits, headers_of, rows, seeing, with_activity

from relhub.config.sources import Kinds, Retention
from relhub.domain.compartments import Level
from relhub.domain.entries import SORTS
from relhub.domain.record import PartyRecord
from relhub.domain.redaction import without_names
from relhub.services.decide_match import decide_match
from relhub.services.hub import Hub
from relhub.services.settle import settle
from relhub.storage import relations
from relhub.storage.marks import put_marks
from relhub.storage.record_rows import Written
from relhub.storage.sealed_columns import about_export

BSN, OTHER_BSN = "999990019", "999990044"
ANNA, BRAM = person("copy-a", "1", "Anna", "Groot", BSN), person("copy-a", "2", "Bram", "Vries", OTHER_BSN)
BAKERY = PartyRecord("copy-a", "3", "organisation", organisation_names=("Bakkerij Het Broodje B.V.",))
ACTIVITY = "informing-residents"


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Hub]:
    opened = bare_hub(migrated_url, bare_source("copy-a"), bare_source("copy-b"))
    yield opened
    await opened.database.close()


@pytest.fixture
async def bare_api(bare: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(bare) as opened:
        yield opened


async def anna(hub: Hub, api: httpx2.AsyncClient, key: str = "1") -> dict[str, Any]:
    """What the export of this party holds."""
    serve(api, hub)
    return await content(api, await exported(hub, api, await relation_of(hub, "copy-a", key)))


async def test_it_holds_the_party_with_origins_its_records_cases_history_purposes_sources_and_who_looked(
    hub: Hub, api: httpx2.AsyncClient
) -> None:
    relation = await applicant(hub)
    await api.get(f"/v1/relations/{relation}", headers=headers_of(by_permits()))
    found = await content(api, await exported(hub, api, relation))
    assert found["party"]["name"]["display"] == "J.M. van den Berg"
    assert {origin["source"] for origin in found["origins"]["name"]} == {"permits", "enforcement", "projects"}
    record = next(record for record in found["sourceRecords"] if record["source"] == "permits")
    assert (record["trust"], record["organisation"], [link["by"] for link in record["links"]]) == (
        90,
        "Gemeente Voorbeeld",
        ["bsn", "name-and-birth"],
    )
    assert [case["ref"] for case in found["cases"]][:3] == ["permits/V-2026-00001", "enforcement/HH-2026-00001", "projects/PRJ-0001"]
    assert found["cases"][1]["partyRoles"] == ["subject-of-enforcement"]
    assert {period["what"] for period in found["history"]} == {"here"}
    assert [source["source"] for source in found["sources"]] == ["enforcement", "permits", "projects"]
    assert [look["operation"] for look in found["consultations"]][-2:] == ["ask-export", "view"]
    assert "official" not in str(found["consultations"])


async def test_a_case_says_all_that_the_case_by_itself_says(hub: Hub, api: httpx2.AsyncClient) -> None:
    found = await content(api, await exported(hub, api, await applicant(hub)))
    for exported_case in found["cases"]:
        shown = (await api.get(f"/v1/cases/{exported_case['ref']}", headers=PORTAL)).json()
        shown.pop("alsoKnownAs", None)
        roles = [party["role"] for party in shown.pop("parties") if party["relation"] != found["relation"]]
        assert exported_case | shown == exported_case
        assert {other["role"]: other["number"] for other in exported_case["otherParties"]} == {
            role: roles.count(role) for role in set(roles)
        }


async def test_no_name_of_another_party_is_anywhere_in_it_or_on_its_page(hub: Hub, api: httpx2.AsyncClient) -> None:
    relation = await applicant(hub)
    done = await exported(hub, api, relation)
    said = [(await api.get(done["links"]["content"], headers=PORTAL)).text, await page(api, done)]
    others = await rows(
        hub,
        """
        SELECT DISTINCT p.display, p.body->'name'->>'family' family, p.relation_id FROM involvement i JOIN involvement o ON o.case_id = i.case_id
        JOIN party_record p ON p.id = o.party_id WHERE i.relation_id = $1 AND o.relation_id <> $1
        """,
        relation,
    )
    assert len(others) > 5
    for other in others:
        names = {other["display"], other["family"], other["relation_id"]} - {None, "Berg"}
        for text in said:
            assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)]


async def test_a_name_of_another_in_the_texts_of_a_case_is_left_out_and_ones_own_is_not(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    texts: dict[str, Any] = {
        "title": "Verbouwing bij B. de  Vries naast Bakkerij Het Broodje B.V.",
        "description": "Anna de Groot en BRAM DE VRIES",
        "properties": (("vertegenwoordiger", "dhr. Vries"), ("straat", "Vriesstraat")),
    }
    await say(bare, case(1, ANNA, BRAM, BAKERY, **texts))
    [found] = (await anna(bare, bare_api))["cases"]
    assert found["title"] == "Verbouwing bij B. [naam] naast [naam]"
    assert found["description"] == "Anna de Groot en [naam]"
    assert [one["value"] for one in found["properties"]] == ["dhr. [naam]", "Vriesstraat"]
    assert found["otherParties"] == [{"role": "owner", "number": 2}]
    assert found["officials"][0]["name"] == "J. Jansen"
    [theirs] = (await anna(bare, bare_api, "2"))["cases"]
    assert theirs["description"] == "[naam] en BRAM DE VRIES"


def test_of_two_with_one_family_name_only_the_first_name_tells_whose_it_is() -> None:
    father, son = ANNA.name, replace(ANNA.name, given="Bram") if ANNA.name else None
    said = without_names({"title": "Anna de Groot, Bram de Groot, familie de Groot"}, [(son, ())], [(father, ())])
    assert said == {"title": "Anna de Groot, [naam], familie de Groot"}


async def test_cases_are_as_their_level_shows_them(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(
        bare, case(1, ANNA), case(2, ANNA, capacity="enforcement"), case(3, ANNA, capacity="policy"), case(4, ANNA, capacity="project")
    )
    levels = seeing(bare, Level.full, ACTIVITY, enforcement=Level.existence, policy=Level.referral, project=Level.summary)
    found = await anna(levels, bare_api)
    summary, existence, full = found["cases"]
    assert (full["level"], full["description"], full["source"]) == ("full", "description 1", "copy-a")
    assert summary["level"] == "summary"
    assert not {"description", "places", "findings"} & set(summary)
    assert set(existence) == {"level", "capacity", "department", "officials"}
    assert found["referral"] == {"via": "coordinator", "ask": bare.access.rules.coordinator}
    assert not found["complete"]
    assert "policy" not in str(found["cases"])


async def test_numbers_and_addresses_are_there_with_their_field_groups_only(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, person("copy-a", "1", "Anna", "Groot", BSN, secret=True)))
    found = await anna(bare, bare_api)
    assert found["party"]["identifiers"] == [{"scheme": "bsn", "value": BSN}]
    assert found["party"]["addresses"][0]["street"] == "Dorpsstraat"
    bound = await anna(with_activity(bare, ACTIVITY, groups=frozenset({"contact-details"})), bare_api)
    assert BSN not in str(bound)
    assert bound["party"]["identifiers"] == [{"scheme": "bsn", "masked": "******019"}]
    assert "Dorpsstraat" not in str(bound)
    assert bound["cases"][0]["withheld"] == ["non-disclosure"]


async def test_a_case_of_somebody_else_with_non_disclosure_is_discreet_also_for_who_sees_their_own_address(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    anna_, secret = person("copy-a", "1", "Anna", "Groot", BSN, secret=True), person("copy-a", "2", "Bram", "Vries", secret=True)
    await say(bare, case(1, anna_), case(2, anna_, secret), case(3, person("copy-a", "4", "Klaas", "Klein"), secret))
    found = {one["ref"]: one for key in "14" for one in (await anna(bare, bare_api, key))["cases"]}
    assert found["copy-a/C-1"]["places"][0]["address"]["street"] == "Kerkstraat"
    for ref in ("copy-a/C-2", "copy-a/C-3"):
        assert (found[ref]["withheld"], "Kerkstraat" in str(found[ref])) == (["non-disclosure"], False)


async def test_who_speaks_for_an_organisation_is_not_named(hub: Hub, api: httpx2.AsyncClient) -> None:
    [row] = await rows(
        hub,
        """
        SELECT p.relation_id, k.display FROM party_record p JOIN party_record k ON k.source = p.source AND k.contact_of = p.key
        WHERE p.kind = 'organisation' AND k.kind = 'contact_person' AND k.contact_of <> '' ORDER BY 1 LIMIT 1
        """,
    )
    done = await exported(hub, api, row["relation_id"])
    assert row["display"] not in (await api.get(done["links"]["content"], headers=PORTAL)).text


async def test_each_case_says_until_when_it_is_kept_or_why_that_is_not_known(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    ended: dict[str, Any] = {"phase": "closed", "ended": date(2026, 5, 1)}
    await say(
        bare,
        case(1, ANNA, **ended),
        case(2, ANNA, retention=date(2027, 1, 1), **ended),
        case(3, ANNA),
        case(4, ANNA, phase="closed"),
        case(5, person("copy-b", "1", "Anna", "Groot", BSN), **ended),
    )
    kinds = (Kinds(names=frozenset({"vergunning"}), controller="Burgemeester"),)
    keeping = bare_source("copy-a").model_copy(update={"retention": (Retention(years=10),), "kinds": kinds})
    hub = replace(bare, sources={**bare.sources, "copy-a": keeping})
    found = await anna(hub, bare_api)
    kept = {one["ref"]: (one["retention"]["until"], one["retention"]["because"], one["controller"]) for one in found["cases"]}
    assert kept == {
        "copy-a/C-1": ("2036-05-01", "rule", "Burgemeester"),
        "copy-a/C-2": ("2027-01-01", "source", "Burgemeester"),
        "copy-a/C-3": (None, "open", "Burgemeester"),
        "copy-a/C-4": (None, "no-end", "Burgemeester"),
        "copy-b/C-5": (None, "no-rule", "College van B en W"),
    }
    assert {one["retention"].get("years") for one in found["cases"]} == {10, None}


async def test_a_source_that_does_not_answer_is_named_and_one_that_is_withheld_is_not(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    await rows(
        bare,
        "INSERT INTO source_state (source, last_success_at, unavailable_since, last_error) VALUES ('copy-a', now(), NULL, ''), ('copy-b', NULL, now(), 'x')",
    )
    found = await anna(bare, bare_api)
    assert {source["source"]: source["state"] for source in found["sources"]} == {"copy-a": "found", "copy-b": "unavailable"}
    assert not found["complete"]
    theirs = bare_source("copy-b").model_copy(update={"organisation": "Een ander"})
    other = with_activity(replace(bare, sources={**bare.sources, "copy-b": theirs}), ACTIVITY)
    assert [source["source"] for source in (await anna(other, bare_api))["sources"]] == ["copy-a"]


async def test_purposes_are_those_of_the_rules_in_force_that_may_be_told(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    found = (await anna(with_activity(bare, "enforcement-handling", disclosable=False), bare_api))["purposes"]
    told = {one["registerUri"].rpartition("/")[2]: one for one in found}
    assert set(told) == {"vergunningverlening", "omgevingsmanagement", "klantcontact", "bijhouden", "inzage", "relatiebeheer", "wmo"}
    permits = told["vergunningverlening"]
    assert permits["capacities"] == {
        "advice": "full",
        "planning": "summary",
        "licensing": "full",
        "supervision": "summary",
        "enforcement": "existence",
        "project": "summary",
        "policy": "referral",
    }
    assert (permits["departments"], permits["organisation"], permits["fields"]) == (
        ["Vergunningen"],
        "Gemeente Voorbeeld",
        ["contact-details", "identifiers"],
    )


async def test_it_always_says_that_some_things_are_never_in_it_and_never_that_there_are_any(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA), case(2, BRAM), case(3, BRAM, capacity="enforcement"))
    hub = seeing(bare, Level.full, ACTIVITY, enforcement=Level.none)
    one, other = await anna(hub, bare_api), await anna(hub, bare_api, "2")
    assert one["notice"] == other["notice"]
    assert "never says whether there is any" in one["notice"]


async def test_who_looked_is_all_there_but_for_what_may_not_be_told(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA))
    relation = await relation_of(bare, "copy-a", "1")
    start = datetime.now(UTC)
    async with bare.database.begin() as store:
        await store.driver.execute(
            """
            INSERT INTO consultation_log (at, trace_id, consumer, application, organisation, department, official, activity, occasion, rules_version,
                operation, outcome, relation_ids, levels, records, disclosable)
            SELECT $2, 't', 'c', 'a', 'o', 'Afdeling ' || n, 'j.de.onbekende', 'permit-handling', 'none', 'v', 'view', 'shown', ARRAY[$1], '{}', '{}', n % 10 <> 0
            FROM generate_series(1, 1200) n
            """,
            relation,
            start,
        )
    await look_at(bare, relation, department="De laatste")
    looks = (await anna(bare, bare_api))["consultations"]
    departments = [look["department"] for look in looks if look["operation"] == "view"]
    assert departments == ["De laatste", *(f"Afdeling {n}" for n in range(1200, 0, -1) if n % 10)]
    assert "j.de.onbekende" not in str(looks)
    purposes = {look["purpose"] for look in looks if look["department"] == "Afdeling 1"}
    assert purposes == {"Deciding on an application for a permit (vergunningverlening)"}


async def test_a_relation_with_nine_hundred_cases_is_exported_piece_by_piece(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    numbers = range(1, 901)
    await say(bare, *(case(n, ANNA, phase="open" if n % 3 else "closed", title=f"{n} " + "lang " * 200) for n in numbers))
    done = await exported(bare, bare_api, await relation_of(bare, "copy-a", "1"))
    found = (await content(bare_api, done))["cases"]
    assert sorted(int(one["ref"].rpartition("-")[2]) for one in found) == list(numbers)
    phases = [one["status"]["phase"] for one in found]
    assert phases == sorted(phases, key=lambda phase: phase == "closed")
    parts = await rows(bare, "SELECT * FROM export_part WHERE section = 'cases'")
    sizes = [len(bare.sealer.open(row["sealed"], about_export(row["export_id"], row["attempt"], row["number"]))) for row in parts]
    assert (len(sizes), max(sizes) < sum(sizes) / 4) == (5, True)
    logged = await rows(
        bare, "SELECT cardinality(records) n FROM consultation_log WHERE operation = 'export' AND sections = '{cases}' ORDER BY id"
    )
    assert [row["n"] for row in logged] == [200, 200, 200, 200, 100]
    assert (await page(bare_api, done)).count("<caption>Zaak ") == 900


async def test_one_zaak_that_two_systems_know_is_there_as_each_of_them_has_it(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    zaak = ("002564440", "Z-1")
    await say(bare, case(1, ANNA, zaak=zaak), case(2, person("copy-b", "1", "Anna", "Groot", BSN), zaak=zaak))
    assert {one["source"] for one in (await anna(bare, bare_api))["cases"]} == {"copy-a", "copy-b"}


async def test_the_history_names_no_id_of_somebody_else(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    await say(bare, case(1, ANNA), case(2, person("copy-b", "2", "Anna", "Groot", BSN)))
    await decide_match(bare, ("copy-a", "1"), ("copy-b", "2"), "different", "seen at the desk", "a.smit")
    mine, theirs = await relation_of(bare, "copy-a", "1"), await relation_of(bare, "copy-b", "2")
    serve(bare_api, bare)
    both = [await content(bare_api, await exported(bare, bare_api, id_)) for id_ in (mine, theirs)]
    [parted] = [found for found in both if [period for period in found["history"] if period["what"] == "split"]]
    other = theirs if parted["relation"] == mine else mine
    assert other not in str(parted)


async def mark(hub: Hub, key: str, word: str) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await put_marks(store, [("copy-a", key)], [word], "request", NOW)
        await settle(store, hub, "steward", Written(retold=await relations.numbers_of(store, [("copy-a", key)])), (), NOW)


async def test_what_its_subject_asked_not_to_be_used_is_exported_only_by_an_activity_that_may_use_it_all_the_same(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA, BRAM))
    barred = with_activity(bare, ACTIVITY, restricted=False)
    serve(bare_api, barred)
    before = await exported(barred, bare_api, await relation_of(bare, "copy-a", "1"))
    waiting = await ask(bare_api, await relation_of(bare, "copy-a", "1"))
    await mark(bare, "1", "restriction")
    await make(barred)
    failed = await state(bare_api, waiting)
    assert (failed["state"], "is not used" in failed["error"]) == ("failed", True)
    again = await bare_api.post(f"/v1/relations/{await relation_of(bare, 'copy-a', '1')}/exports", headers=PORTAL)
    read = await bare_api.get(before["links"]["content"], headers=PORTAL)
    assert [answer.json()["type"].rpartition(":")[2] for answer in (again, read)] == ["restricted", "restricted"]
    assert (await anna(bare, bare_api))["party"]["flags"] == ["restriction"]


async def test_of_a_case_of_somebody_else_who_asked_that_no_more_is_left_than_that_it_is_there(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA, BRAM), case(2, ANNA))
    await mark(bare, "2", "restriction")
    found = (await anna(with_activity(bare, ACTIVITY, restricted=False), bare_api))["cases"]
    assert [set(one) for one in found if one["level"] == "existence"] == [{"level", "capacity", "department", "officials"}]
    assert len(found) == 2


async def test_what_officials_recorded_here_is_in_it_without_officials_and_without_who_spoke_for_the_relation(
    bare: Hub, bare_api: httpx2.AsyncClient
) -> None:
    await say(bare, case(1, ANNA, BRAM))
    relation = await relation_of(bare, "copy-a", "1")
    recording = with_activity(bare, "answering-questions", records=frozenset(SORTS))
    serve(bare_api, recording)
    headers = headers_of(by_contact_centre())
    for path, body in (
        ("contact-moments", {"capacity": "licensing", "channel": "telephone", "direction": "inbound", "subject": "Vraagt naar de termijn",
                             "text": "Belt over de vergunning van haar en Bram de Vries.", "spokenWith": {"name": "Gerrit Machtiging", "authority": "gemachtigde"}}),
        ("commitments", {"capacity": "licensing", "subject": "Belt terug", "due": "2099-01-01"}),
    ):  # fmt: skip
        made = await bare_api.post(f"/v1/relations/{relation}/{path}", headers=headers, json=body)
        assert made.status_code in (200, 201), made.text
    serve(bare_api, bare)
    done = await exported(bare, bare_api, relation)
    found, shown = await content(bare_api, done), await page(bare_api, done)
    [contact], [commitment] = found["contactMoments"], found["commitments"]
    assert (contact["text"], commitment["subject"], found["tasks"]) == ("Belt over de vergunning van haar en [naam].", "Belt terug", [])
    for text in (str(found), shown):
        assert not [name for name in ("official-1", "Machtiging", "Vries") if name in text]
    assert "Belt over de vergunning van haar" in shown
