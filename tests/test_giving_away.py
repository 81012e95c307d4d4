"""What a look may not give away: to whom, about whom, and without a row in the log."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import orjson
import pytest
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, by_projects, with_activity

from relhub.demo import RunningTown
from relhub.errors import RelhubError
from relhub.services.asked import Asked, Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_sources import list_sources
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_source
from relhub.services.show_case import show_case
from relhub.services.view_relation import view_relation

ALL, FRESH = ViewOptions(), ViewOptions(max_age=0)


async def rows(hub: Hub, statement: str, *values: Any) -> list[Any]:
    async with hub.database.begin() as store:
        return await store.driver.fetch(statement, *values)


async def look(hub: Hub, question: Asked, reference: Reference, options: ViewOptions = ALL) -> dict[str, Any]:
    return dict(orjson.loads((await lookup_relation(hub, question, reference, options)).body))


async def error_of(asking: Awaitable[object]) -> str:
    """The kind of error that it ends in."""
    try:
        await asking
    except RelhubError as error:
        return type(error).__name__
    raise AssertionError("it is answered")


async def last_look(hub: Hub) -> Any:
    return (await rows(hub, "SELECT * FROM consultation_log ORDER BY id DESC LIMIT 1"))[0]


async def states(hub: Hub) -> dict[str, str]:
    found = orjson.loads(await list_sources(hub, asked("permits-desk", "source-health")))["results"]
    return {source["source"]: source["state"] for source in found}


async def test_somebodys_own_case_names_nobody_in_their_other_cases(hub: Hub) -> None:
    view = await look(hub, by_permits(), Reference(case=("projects", "PRJ-0001")))
    case = orjson.loads((await show_case(hub, by_permits(), "projects", "PRJ-0001")).body)
    assert len(view["otherParties"]) > 1
    assert [party for party in view["otherParties"] + case["parties"] if "name" in party] == []


async def test_the_parties_of_the_case_that_is_worked_on_are_named(hub: Hub) -> None:
    reference = Reference(case=("projects", "PRJ-0001"))
    assert all(party["name"] for party in (await look(hub, by_projects(), reference))["otherParties"])


async def test_who_is_named_beside_the_relation_is_in_the_log(hub: Hub) -> None:
    view = await look(hub, by_projects(), Reference(case=("projects", "PRJ-0001")))
    assert {party["relation"] for party in view["otherParties"]} <= set((await last_look(hub))["relation_ids"])


_WITH_CONTACTS = """
SELECT p.relation_id, c.case_id, o.relation_id contact FROM party_record o JOIN party_record p ON p.source = o.source AND p.key = o.contact_of
JOIN involvement i ON i.party_id = p.id JOIN case_record c ON c.id = i.case_id
WHERE o.kind = 'contact_person' AND c.open AND c.capacity = 'project' AND 'Projecten' = ANY(c.departments) ORDER BY 1 LIMIT 1
"""


async def test_contact_persons_that_are_shown_are_in_the_log(hub: Hub) -> None:
    [found] = await rows(hub, _WITH_CONTACTS)
    view = orjson.loads((await view_relation(hub, by_projects(f"case:projects/{found['case_id']}"), found["relation_id"], ALL)).body)
    assert view["party"]["contactPersons"]
    assert found["contact"] in (await last_look(hub))["relation_ids"]


async def test_contact_persons_are_kept_with_the_addresses_when_there_is_non_disclosure(hub: Hub) -> None:
    [found] = await rows(hub, _WITH_CONTACTS)
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE relation SET non_disclosure = true WHERE id = $1", found["relation_id"])
    view = orjson.loads((await view_relation(hub, by_projects(f"case:projects/{found['case_id']}"), found["relation_id"], ALL)).body)
    assert view["party"]["nonDisclosure"] is True
    assert not {"contactPersons", "addresses", "phones"} & set(view["party"])
    assert found["contact"] not in (await last_look(hub))["relation_ids"]


async def test_with_its_source_down_a_case_that_is_withheld_can_not_be_told_from_none(hub: Hub, town: RunningTown) -> None:
    town.set_fault("enforcement", "down")
    known, unknown = (Reference(case=("enforcement", number)) for number in ("HH-2026-00001", "HH-2026-99999"))
    assert await error_of(look(hub, by_contact_centre(), known)) == await error_of(look(hub, by_contact_centre(), unknown))
    [relation] = await rows(hub, "SELECT relation_id FROM involvement LIMIT 1")
    occasions = [by_permits(f"case:enforcement/{number}") for number in ("HH-2026-00001", "HH-2026-99999")]
    assert len({await error_of(view_relation(hub, occasion, relation["relation_id"], ALL)) for occasion in occasions}) == 1


async def test_a_look_that_ends_in_an_error_of_a_source_is_logged(hub: Hub, town: RunningTown) -> None:
    town.set_fault("permits", "down")
    assert await error_of(look(hub, by_contact_centre(), Reference(case=("permits", "V-2026-99999")))) == "SourceUnavailable"
    assert (await last_look(hub))["outcome"] == "unverified"


@pytest.mark.parametrize("case_id", [".", "..", "../..", "%00", "x?y", "\U0001f4a9" * 50])
async def test_whatever_is_asked_for_does_not_make_a_source_look_unavailable(hub: Hub, case_id: str) -> None:
    assert await error_of(look(hub, by_permits(f"case:permits/{case_id}"), Reference(case=("projects", case_id)))) != ""
    assert await error_of(look(hub, by_contact_centre(), Reference(case=("projects", case_id)))) in ("NotFound", "SourceRefused")
    assert set((await states(hub)).values()) == {"well"}


async def test_a_busy_store_does_not_make_a_source_look_unavailable(hub: Hub) -> None:
    async with hub.database.begin() as store:
        await store.lock_resolve()  # as a rebuild does, for as long as it takes
        view = await look(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), FRESH)
    assert view["cases"]["items"]
    assert set((await states(hub)).values()) == {"well"}


async def test_those_who_wait_for_fresh_data_leave_connections_for_others(hub: Hub) -> None:
    reference = Reference(case=("permits", "V-2026-00001"))
    async with hub.database.begin() as store:
        await store.lock_resolve()
        waiting = [asyncio.create_task(look(hub, by_permits(), reference, FRESH)) for _ in range(8)]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(1):
            await look(hub, by_permits(), reference)
    await asyncio.gather(*waiting)


async def test_a_citizen_service_number_that_a_source_uses_as_its_own_is_masked_like_any_other(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    number = next(party["bsn"] for party in dossier["partijen"] if party["bsn"])
    parties = [{**party, "partijNr": party["bsn"] or party["partijNr"], "namens": ""} for party in dossier["partijen"]]
    town.put("enforcement", {**dossier, "partijen": parties})
    await pull_source(hub, "enforcement")
    masked = with_activity(hub, "enforcement-handling", groups=frozenset({"contact-details"}))
    asking = by_enforcement(), Reference(case=("enforcement", "HH-2026-00001")), ALL
    assert number.encode() not in (await lookup_relation(masked, *asking)).body
    assert number.encode() in (await lookup_relation(hub, *asking)).body
    assert await rows(hub, "SELECT FROM party_identifier WHERE shown LIKE '%' || $1", number) == []


async def test_a_case_whose_number_holds_a_citizen_service_number_is_set_aside_without_it(hub: Hub, town: RunningTown) -> None:
    dossier = town.get("enforcement", "HH-2026-00001")
    number = next(party["bsn"] for party in dossier["partijen"] if party["bsn"])
    town.put("enforcement", {**dossier, "dossierNr": f"HH-{number}"})
    assert (await pull_source(hub, "enforcement")).quarantined == 1
    for table in ("case_record", "document", "quarantine", "unread_set", "event", "consultation_log"):
        assert await rows(hub, f"SELECT FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", number) == [], table
