"""Who looked: for the privacy officer everything, for the one it is about what it may know."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.towns import CONSUMERS, by_contact_centre, by_enforcement, by_permits, headers_of, rows, with_activity

from relhub.services.decide_match import decide_match
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.storage.log import Look, add_look

OFFICER = {
    "Authorization": "Bearer demo-privacy-officer",
    "X-Processing-Activity": "log-inspection",
    "X-Official": "p.officer",
}
PORTAL = {"Authorization": "Bearer demo-resident-portal", "X-Processing-Activity": "informing-residents"}


@pytest.fixture
async def relation(hub: Hub) -> str:
    """The applicant of V-2026-00001."""
    [row] = await rows(
        hub,
        "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001' AND i.role = 'applicant'",
    )
    return str(row["relation_id"])


async def search(api: httpx2.AsyncClient, body: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = await api.post("/v1/consultation-log/_search", headers=OFFICER, json=body, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def for_the_subject(api: httpx2.AsyncClient, relation: str, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/relations/{relation}/consultation-log", headers=PORTAL, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def look_at(hub: Hub, relation: str, *, at: datetime | None = None, **other: Any) -> None:
    given = {"activity": "permit-handling", "department": "Vergunningen", "organisation": "Gemeente Voorbeeld", "official": "j.jansen"}
    base = replace(own_look(hub, "view"), consumer="permits-desk", application="vergunningen", at=at or datetime.now(UTC))
    row: Look = replace(base, **{**given, **other})
    async with hub.database.driver() as driver:
        await add_look(driver, row, "shown", [relation], [])


async def test_the_officer_finds_looks_by_all_that_a_row_says(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    seen = await api.get(f"/v1/relations/{relation}", headers=headers_of(by_permits()))
    await api.get(f"/v1/relations/{relation}", headers=headers_of(by_contact_centre()) | {"X-Official": "c.klant"})
    refused = await api.get(f"/v1/relations/{relation}", headers=headers_of(by_enforcement("case:permits/V-2026-00001")))
    assert [seen.status_code, refused.status_code] == [200, 403]
    for body, officials in (
        ({"relation": relation}, ["official-1", "c.klant", "official-1"]),
        ({"official": "c.klant"}, ["c.klant"]),
        ({"application": "handhaving"}, ["official-1"]),
        ({"activity": "permit-handling"}, ["official-1"]),
        ({"outcome": "refused"}, ["official-1"]),
        ({"traceId": seen.headers["x-trace-id"]}, ["official-1"]),
        ({"relation": relation, "official": "c.klant", "outcome": "shown"}, ["c.klant"]),
        ({"relation": relation, "until": "2026-01-01T00:00:00Z"}, []),
        ({"relation": relation, "from": "2030-01-01T00:00:00+01:00"}, []),
        ({"relation": "rel_00000000000000000000000000"}, []),
    ):
        found = (await search(api, {"from": "2020-01-01T00:00:00Z", **body}))["results"]
        assert [entry["official"] for entry in found if entry["operation"] == "view"] == officials, body


async def test_an_entry_says_who_saw_what_of_whom_and_why(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    seen = await api.get(f"/v1/relations/{relation}?sections=party", headers=headers_of(by_permits()))
    [entry] = (await search(api, {"traceId": seen.headers["x-trace-id"]}))["results"]
    assert entry["relations"] == [relation]
    assert entry["sections"] == ["party"]
    assert entry["levels"]["licensing"] == "full"
    assert entry["purpose"].startswith("Deciding on an application")
    assert entry["occasion"] == "case:permits/V-2026-00001"
    assert [record for record in entry["records"] if record.startswith("permits:")]
    assert entry["rulesVersion"] == hub.access.rules.version


async def test_pages_follow_each_other_without_gap_or_overlap(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    start = datetime.now(UTC)
    for number in range(7):
        await look_at(hub, relation, at=start + timedelta(seconds=number), official=f"o.{number}")
    body: dict[str, Any] = {"relation": relation, "application": "vergunningen"}
    officials, cursor = [], None
    while True:
        found = await search(api, body, limit=3, **({"cursor": cursor} if cursor else {}))
        officials += [entry["official"] for entry in found["results"]]
        if (cursor := found["next"]) is None:
            break
    assert officials == [f"o.{number}" for number in reversed(range(7))]
    other = await api.post(
        "/v1/consultation-log/_search", headers=OFFICER, json={}, params={"cursor": (await search(api, body, limit=3))["next"]}
    )
    assert other.status_code == 400


async def test_the_search_is_a_consultation_of_all_that_it_names(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    await look_at(hub, relation)
    await search(api, {"official": "j.jansen"})
    [row] = await rows(hub, "SELECT * FROM consultation_log WHERE operation = 'log-search'")
    assert (row["official"], row["outcome"], row["relation_ids"], row["sections"]) == ("p.officer", "shown", [relation], ["official"])


@pytest.mark.parametrize(
    "body",
    [
        {"from": "2026-11-24"},
        {"from": "2026-13-24T00:00:00Z"},
        {"until": "2026-11-24T00:00:00"},
        {"relation": "x"},
        {"official": ""},
        {"traceId": "g" * 32},
        {"name": "x"},
    ],
)
async def test_what_can_not_be_asked_is_refused_with_its_place(api: httpx2.AsyncClient, body: dict[str, str]) -> None:
    answer = await api.post("/v1/consultation-log/_search", headers=OFFICER, json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == f"body {next(iter(body))}"


async def test_only_an_activity_that_may_sees_the_log(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    for headers in (headers_of(by_contact_centre()), PORTAL):
        assert (await api.post("/v1/consultation-log/_search", headers=headers, json={})).status_code == 403
    for headers in (headers_of(by_contact_centre()), OFFICER):
        assert (await api.get(f"/v1/relations/{relation}/consultation-log", headers=headers)).status_code == 403
    refused = await rows(hub, "SELECT operation FROM consultation_log WHERE outcome = 'refused' ORDER BY id")
    assert [row["operation"] for row in refused] == ["log-search"] * 2 + ["subject-log"] * 2


async def test_the_subject_hears_when_for_what_and_by_which_department(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    await api.get(f"/v1/relations/{relation}", headers=headers_of(by_permits()))
    [entry] = await for_the_subject(api, relation)
    assert entry.pop("at").startswith(f"{datetime.now(UTC):%Y-%m-}")
    assert entry == {
        "organisation": "Gemeente Voorbeeld",
        "department": "Vergunningen",
        "purpose": "Deciding on an application for a permit (vergunningverlening)",
        "legalBasis": "Omgevingswet, art. 5.1 (AVG art. 6 lid 1 onder e)",
        "registerUri": "https://register.voorbeeld.example/verwerkingen/vergunningverlening",
        "operation": "view",
        "outcome": "shown",
    }
    again = await for_the_subject(api, relation)
    assert [entry["operation"] for entry in again] == ["subject-log", "view"]


async def test_the_subject_hears_of_no_official(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    await look_at(hub, relation, official="j.de.onbekende")
    answer = await api.get(f"/v1/relations/{relation}/consultation-log", headers=PORTAL)
    assert "j.de.onbekende" not in answer.text


async def test_what_may_not_be_told_is_left_out_and_leaves_no_gap(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    for number in range(4):
        await look_at(hub, relation, disclosable=number % 2 == 0, department=f"Afdeling {number}")
    found = await for_the_subject(api, relation, limit=2)
    assert [entry["department"] for entry in found] == ["Afdeling 2", "Afdeling 0"]
    kept = (await search(api, {"relation": relation}))["results"]
    assert [entry["disclosable"] for entry in kept if entry["operation"] == "view"] == [False, True, False, True]


async def test_an_activity_that_is_not_disclosable_marks_its_rows(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    investigating = with_activity(hub, "permit-handling", disclosable=False)
    api._transport.app.state.hub = investigating  # type: ignore[attr-defined]  # the app that this client asks
    await api.get(f"/v1/relations/{relation}", headers=headers_of(by_permits()))
    assert await for_the_subject(api, relation) == []
    [row] = await rows(hub, "SELECT disclosable FROM consultation_log WHERE operation = 'view'")
    assert row["disclosable"] is False


async def two_people(hub: Hub) -> list[tuple[tuple[str, str], str]]:
    found = await rows(
        hub,
        """
        SELECT min(p.source) source, min(p.key) AS key, p.relation_id FROM party_record p
        WHERE p.kind = 'person' AND NOT EXISTS (SELECT FROM party_identifier i WHERE i.party_id = p.id AND i.scheme NOT LIKE 'own:%')
        GROUP BY p.relation_id HAVING count(*) = 1 ORDER BY 3 LIMIT 2
        """,
    )
    return [((row["source"], row["key"]), row["relation_id"]) for row in found]


async def test_after_a_merge_the_looks_at_both_are_there(hub: Hub, api: httpx2.AsyncClient) -> None:
    (a, one), (b, other) = await two_people(hub)
    await look_at(hub, one, department="Een")
    await look_at(hub, other, department="Ander")
    await decide_match(hub, a, b, "same", "seen at the desk", "a.smit")
    [gone] = await rows(hub, "SELECT id, merged_into FROM relation WHERE id = ANY($1) AND merged_into IS NOT NULL", [one, other])
    found = await for_the_subject(api, gone["merged_into"])
    assert {"Een", "Ander"} <= {entry["department"] for entry in found}
    moved = await api.get(f"/v1/relations/{gone['id']}/consultation-log", headers=PORTAL)
    assert (moved.status_code, moved.headers["location"]) == (308, f"/v1/relations/{gone['merged_into']}/consultation-log")


async def test_after_a_split_who_left_hears_of_the_looks_while_they_were_one_and_of_no_other(hub: Hub, api: httpx2.AsyncClient) -> None:
    (a, one), (b, other) = await two_people(hub)
    await decide_match(hub, a, b, "same", "seen at the desk", "a.smit")
    [gone] = await rows(hub, "SELECT id, merged_into FROM relation WHERE id = ANY($1) AND merged_into IS NOT NULL", [one, other])
    stays, leaves = gone["merged_into"], gone["id"]
    await look_at(hub, stays, department="Toen één")
    await decide_match(hub, a, b, "different", "it was not", "a.smit")
    now = datetime.now(UTC)
    await look_at(hub, stays, department="Daarvoor", at=now - timedelta(days=1))
    await look_at(hub, stays, department="Daarna", at=now + timedelta(days=1))
    assert {"Toen één"} == {entry["department"] for entry in await for_the_subject(api, leaves)} & {"Toen één", "Daarvoor", "Daarna"}
    assert {"Toen één", "Daarvoor", "Daarna"} <= {entry["department"] for entry in await for_the_subject(api, stays)}


async def test_of_a_relation_of_which_the_portal_may_see_nothing_there_is_no_log(hub: Hub, api: httpx2.AsyncClient, relation: str) -> None:
    api._transport.app.state.hub = with_activity(hub, "informing-residents", openings=())  # type: ignore[attr-defined]  # the app that this client asks
    answers = [await api.get(f"/v1/relations/{id_}/consultation-log", headers=PORTAL) for id_ in (relation, f"rel_{'0' * 26}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_the_portal_names_no_official() -> None:
    assert not CONSUMERS["resident-portal"].may_name_official
