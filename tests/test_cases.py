"""Cases by themselves: those of a department, and one with its parties."""

from typing import Any
from urllib.parse import quote

import httpx2
import orjson
import pytest
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, by_projects, headers_of, rows, seeing

from relhub.demo import RunningTown
from relhub.domain.compartments import Level
from relhub.errors import InvalidInput, NotAllowed, NotFound, SourceUnavailable
from relhub.services.asked import Asked, DepartmentQuery
from relhub.services.hub import Hub
from relhub.services.list_department_cases import list_department_cases
from relhub.services.show_case import show_case

TWINS = """
    SELECT a.case_id permit, b.case_id dossier FROM case_record a JOIN case_record b ON b.zaak = a.zaak AND b.source = 'enforcement'
    WHERE a.source = 'permits' ORDER BY 1 LIMIT 1
"""


async def listed(hub: Hub, question: Asked, **query: Any) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    found, cursor = [], ""
    while True:
        page = orjson.loads(await list_department_cases(hub, question, DepartmentQuery(cursor=cursor, **query)))
        found += page["results"]
        if not (cursor := page["next"] or ""):
            return found


async def case(hub: Hub, question: Asked, ref: str) -> dict[str, Any]:
    return dict(orjson.loads((await show_case(hub, question, *ref.split("/", 1))).body))


async def test_a_department_sees_its_own_cases_open_ones_first(hub: Hub) -> None:
    found = await listed(hub, by_permits())
    stored = await rows(hub, "SELECT source || '/' || case_id ref FROM case_record WHERE department = 'Vergunningen'")
    assert sorted(item["ref"] for item in found) == sorted(row["ref"] for row in stored)
    closed = [item["status"]["phase"] == "closed" for item in found]
    assert closed == sorted(closed)
    assert not any("parties" in item or "partyRoles" in item for item in found)


async def test_the_cases_of_another_department_are_for_those_who_may_search(hub: Hub) -> None:
    with pytest.raises(NotAllowed, match="your own department only"):
        await listed(hub, by_permits(), department="Projecten")
    assert "projects/PRJ-0001" in [item["ref"] for item in await listed(hub, by_contact_centre(), department="Projecten")]
    assert await listed(hub, by_contact_centre()) == []


async def test_a_list_is_filtered_by_source_capacity_and_phase(hub: Hub) -> None:
    for phase, source, capacity in (("open", "permits", "licensing"), ("closed", "permits", ""), ("", "enforcement", "")):
        found = await listed(hub, by_contact_centre(), department="Vergunningen", phase=phase, source=source, capacity=capacity)
        stored = await rows(
            hub,
            """SELECT source || '/' || case_id ref FROM case_record WHERE department = 'Vergunningen' AND source = $1
            AND ($2 = '' OR capacity = $2) AND ($3 = '' OR open = ($3 = 'open'))""",
            source, capacity, phase,
        )  # fmt: skip
        assert sorted(item["ref"] for item in found) == sorted(row["ref"] for row in stored)


async def test_what_is_below_summary_is_not_listed_and_asking_for_it_gives_what_there_being_none_gives(hub: Hub) -> None:
    for level in (Level.none, Level.referral, Level.existence):
        limited = seeing(hub, Level.full, enforcement=level)
        assert {item["capacity"] for item in await listed(limited, by_contact_centre(), department="Handhaving")} <= {"supervision"}
        assert await listed(limited, by_contact_centre(), department="Handhaving", capacity="enforcement") == []


async def test_one_zaak_that_a_department_knows_in_two_systems_is_listed_once(hub: Hub) -> None:
    [twins] = await rows(hub, TWINS)
    both = {f"permits/{twins['permit']}", f"enforcement/{twins['dossier']}"}
    await rows(hub, "UPDATE case_record SET department = 'Vergunningen' WHERE case_id = $1", twins["dossier"])
    full = seeing(hub, Level.full)
    [item] = [item for item in await listed(full, by_contact_centre(), department="Vergunningen") if item["ref"] in both]
    assert {item["ref"], *(other["ref"] for other in item["alsoKnownAs"])} == both
    [alone] = [
        item for item in await listed(full, by_contact_centre(), department="Vergunningen", source="enforcement") if item["ref"] in both
    ]
    assert alone["ref"] == f"enforcement/{twins['dossier']}"
    hidden = seeing(hub, Level.full, supervision=Level.existence, enforcement=Level.existence)
    [alone] = [item for item in await listed(hidden, by_contact_centre(), department="Vergunningen") if item["ref"] in both]
    assert (alone["ref"], "alsoKnownAs" in alone) == (f"permits/{twins['permit']}", False)


async def test_an_occasion_of_a_list_is_an_open_case_of_the_own_department(hub: Hub) -> None:
    for occasion in ("case:projects/PRJ-0001", "case:permits/V-2099-99999", "case:nowhere/1"):
        with pytest.raises(NotAllowed, match="occasion does not hold"):
            await listed(hub, by_permits(occasion))
    [row] = await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert row["outcome"] == "refused"


async def test_a_list_is_logged_for_the_relations_of_what_it_showed_and_no_others(hub: Hub) -> None:
    page = orjson.loads(await list_department_cases(hub, by_permits(), DepartmentQuery(limit=2)))
    [row] = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    involved = await rows(
        hub,
        "SELECT DISTINCT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.source || '/' || c.case_id = ANY($1)",
        [item["ref"] for item in page["results"]],
    )
    assert set(row["relation_ids"]) == {each["relation_id"] for each in involved}
    assert row["records"] == [item["ref"] for item in page["results"]]


async def test_a_cursor_belongs_to_the_department(hub: Hub) -> None:
    cursor = orjson.loads(await list_department_cases(hub, by_permits(), DepartmentQuery(limit=1)))["next"]
    with pytest.raises(InvalidInput, match="cursor"):
        await list_department_cases(hub, by_contact_centre(), DepartmentQuery("Projecten", cursor=cursor))


async def test_a_case_has_its_parties_as_relations(hub: Hub) -> None:
    view = await case(hub, by_permits(), "permits/V-2026-00001")
    stored = await rows(
        hub,
        "SELECT i.role, i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001' ORDER BY i.position",
    )
    assert [(party["role"], party["relation"]) for party in view["parties"]] == [tuple(row) for row in stored]
    assert (view["level"], view["ref"], view["parties"][0]["name"]) == ("full", "permits/V-2026-00001", "J.M. van den Berg")


async def test_a_case_in_full_has_findings_properties_and_documents(hub: Hub, town: RunningTown) -> None:
    [row] = await rows(
        hub,
        "SELECT source || '/' || case_id ref FROM case_record WHERE body->'findings' IS NOT NULL AND body->'properties' IS NOT NULL ORDER BY 1 LIMIT 1",
    )
    full = await case(seeing(hub, Level.full), by_contact_centre(), row["ref"])
    assert full["findings"]
    assert full["properties"]
    summary = await case(seeing(hub, Level.summary), by_contact_centre(), row["ref"])
    assert not {"findings", "properties", "documents", "description", "href"} & set(summary)
    assert summary["parties"] == full["parties"]


@pytest.mark.parametrize("level", [Level.none, Level.referral, Level.existence])
async def test_a_case_below_summary_is_answered_as_one_that_is_not_there(hub: Hub, level: Level) -> None:
    limited = seeing(hub, Level.full, enforcement=level)
    for ref in ("enforcement/HH-2026-00001", "enforcement/HH-2099-99999", "nowhere/1"):
        with pytest.raises(NotFound, match="There is no such case, or nothing of it"):
            await case(limited, by_contact_centre(), ref)


async def test_with_its_source_down_a_hidden_case_and_an_unknown_one_are_still_answered_alike(hub: Hub, town: RunningTown) -> None:
    town.set_fault("enforcement", "down")
    partly = seeing(hub, Level.full, enforcement=Level.none)
    not_at_all = seeing(hub, Level.full, enforcement=Level.none, supervision=Level.none)
    for ref in ("enforcement/HH-2026-00001", "enforcement/HH-2099-99999"):
        with pytest.raises(SourceUnavailable):
            await case(partly, by_contact_centre(), ref)
        with pytest.raises(NotFound):
            await case(not_at_all, by_contact_centre(), ref)


async def test_a_case_that_is_not_known_yet_is_asked_of_its_source(empty_hub: Hub) -> None:
    assert (await case(empty_hub, by_permits(), "permits/V-2026-00001"))["ref"] == "permits/V-2026-00001"
    assert (await case(empty_hub, by_contact_centre(), "projects/PRJ-0001"))["ref"] == "projects/PRJ-0001"


async def test_one_zaak_in_two_systems_is_shown_with_both_as_far_as_both_may_be_seen(hub: Hub) -> None:
    [twins] = await rows(hub, TWINS)
    refs = (f"permits/{twins['permit']}", f"enforcement/{twins['dossier']}")
    for ref, other in (refs, refs[::-1]):
        view = await case(seeing(hub, Level.full), by_contact_centre(), ref)
        assert (view["ref"], [known["ref"] for known in view["alsoKnownAs"]]) == (ref, [other])
        assert view["alsoKnownAs"][0]["parties"]
    hidden = seeing(hub, Level.full, supervision=Level.existence, enforcement=Level.existence)
    assert "alsoKnownAs" not in await case(hidden, by_contact_centre(), refs[0])


async def test_an_occasion_has_to_be_the_case_or_share_a_party_with_it(hub: Hub) -> None:
    assert (await case(hub, by_permits(), "projects/PRJ-0001"))["level"] == "summary"
    for ref in ("permits/V-2026-00002", "permits/V-2099-99999"):
        with pytest.raises(NotAllowed, match="occasion does not hold"):
            await case(hub, by_permits(), ref)
    for question in (by_enforcement(), by_projects()):
        with pytest.raises(NotAllowed, match="occasion does not hold"):
            await case(hub, question, "permits/V-2026-00002")


async def test_a_case_is_logged_with_the_relations_that_it_names(hub: Hub) -> None:
    view = await case(hub, by_permits(), "permits/V-2026-00001")
    with pytest.raises(NotFound):
        await case(hub, by_contact_centre(), "permits/V-2099-99999")
    missing, shown = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert (shown["outcome"], shown["records"]) == ("shown", ["permits/V-2026-00001"])
    assert set(shown["relation_ids"]) == {party["relation"] for party in view["parties"]}
    assert (missing["outcome"], missing["relation_ids"]) == ("not-found", [])


@pytest.mark.parametrize("case_id", ["2026/17 b", "Z%41", "é?#&+", "a//b", "..;x"])
async def test_a_case_number_may_have_any_printable_character(api: httpx2.AsyncClient, hub: Hub, case_id: str) -> None:
    await rows(hub, "UPDATE case_record SET case_id = $1 WHERE case_id = 'PRJ-0001'", case_id)
    answer = await api.get(
        f"/v1/cases/projects/{quote(case_id, safe='')}", headers=headers_of(asked("contact-centre", "answering-questions"))
    )
    assert (answer.status_code, answer.json()["kind"]) == (200, "gebiedsontwikkeling")
    again = await api.get(answer.request.url, headers=headers_of(by_contact_centre()) | {"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["permits/V-2026-00001/", "PERMITS/V-2026-00001", "permits/%00", "permits/" + "9" * 201, "permits/", "permits"]
)
async def test_a_case_that_cannot_be_is_not_found(api: httpx2.AsyncClient, path: str) -> None:
    assert (await api.get(f"/v1/cases/{path}", headers=headers_of(by_contact_centre()))).status_code == 404


async def test_what_is_wrong_with_a_filter_is_said(api: httpx2.AsyncClient) -> None:
    answer = await api.get("/v1/cases?capacity=x&phase=y&source=Z&department=&limit=0&person=1", headers=headers_of(by_contact_centre()))
    assert {error["location"] for error in answer.json()["errors"]} == {
        f"query {name}" for name in ("capacity", "phase", "source", "department", "limit", "person")
    }


@pytest.mark.parametrize("hidden", ["licensing", "enforcement", "project", "supervision", "policy"])
async def test_what_is_withheld_shapes_nothing_that_is_shown(hub: Hub, hidden: str) -> None:
    """Compared with a world in which the withheld records never existed: equal, byte for byte, in every list and every case."""
    limited = seeing(hub, Level.full, **{hidden: Level.none})
    stored = await rows(hub, "SELECT source, case_id, department FROM case_record WHERE capacity <> $1 ORDER BY 1, 2", hidden)

    async def everything() -> list[bytes]:
        return [
            *[
                await list_department_cases(limited, by_contact_centre(), DepartmentQuery(department, limit=limit))
                for department in sorted({row["department"] for row in stored})
                for limit in (1, 3, 100)
            ],
            *[(await show_case(limited, by_contact_centre(), row["source"], row["case_id"])).body for row in stored],
        ]

    before = await everything()
    await rows(hub, "DELETE FROM case_record WHERE capacity = $1", hidden)
    await rows(hub, "DELETE FROM party_record p WHERE NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)")
    assert await everything() == before
    assert len(before) > 30
