"""A project as a set of relations; and involvement without a formal case counts wherever a case does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson
import pytest
from tests.test_entries import record, step
from tests.test_lists import statements
from tests.towns import by_contact_centre, by_permits, by_projects, headers_of, rows, seeing, with_activity

from relhub.domain.compartments import Level
from relhub.domain.places import PlaceName
from relhub.errors import InvalidInput, NotAllowed, NotFound, Restricted
from relhub.services.asked import Asked, DepartmentQuery, PageQuery, PlaceQuery, Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_department_cases import list_department_cases
from relhub.services.lookup_batch import lookup_batch
from relhub.services.rebuild import rebuild
from relhub.services.record_entry import EntryForm
from relhub.services.set_manager import ManagerForm, set_manager
from relhub.services.show_case import show_case
from relhub.services.show_place import show_place
from relhub.services.show_project import show_project
from relhub.services.show_timeline import show_timeline
from relhub.services.step_entry import StepForm
from relhub.services.view_relation import view_relation

PROJECT = ("projects", "PRJ-0001")
_CASE_PARTIES = """
SELECT i.relation_id, i.role, p.kind, p.display FROM involvement i JOIN case_record c ON c.id = i.case_id JOIN party_record p ON p.id = i.party_id
WHERE (c.source, c.case_id) = ($1, $2) ORDER BY i.position
"""


async def project(hub: Hub, question: Asked | None = None, ref: tuple[str, str] = PROJECT, **query: Any) -> dict[str, Any]:
    return dict(orjson.loads((await show_project(hub, question or by_projects(), *ref, PageQuery(**query))).body))


async def parties(hub: Hub, kind: str = "") -> list[Any]:
    found = await rows(hub, _CASE_PARTIES, *PROJECT)
    return [row for row in found if kind in ("", row["kind"])]


async def test_a_project_has_its_stakeholders_with_their_roles_in_the_order_of_the_source(hub: Hub) -> None:
    view = await project(hub, limit=100)
    stored = [row for row in await parties(hub) if row["kind"] != "contact_person"]
    assert [(item["relation"], item["role"], item["kind"], item["name"]) for item in view["results"]] == [tuple(row[:4]) for row in stored]
    assert view["project"]["ref"] == "projects/PRJ-0001"
    assert "project leader" in {official["part"] for official in view["project"]["officials"]}


async def test_who_speaks_for_an_organisation_comes_with_it_where_contact_details_are_shown(hub: Hub) -> None:
    speakers = {row["display"] for row in await parties(hub, "contact_person")}
    shown = [contact for item in (await project(hub, limit=100))["results"] for contact in item.get("contactPersons", ())]
    assert {contact["name"]["display"] for contact in shown} == speakers != set()
    assert any(contact["phones"] or contact["emails"] for contact in shown)
    blind = with_activity(hub, "project-stakeholders", groups=frozenset())
    assert not any("contactPersons" in item for item in (await project(blind, limit=100))["results"])


@pytest.mark.parametrize("kinds", [("contact_person",), ("organisation", "branch")])
async def test_non_disclosure_hides_how_to_reach_who_speaks(hub: Hub, kinds: tuple[str, ...]) -> None:
    """Whether it is of themselves, or of the one they speak for."""
    ids = [row["relation_id"] for kind in kinds for row in await parties(hub, kind)]
    await rows(hub, "UPDATE party_record SET protected = true WHERE relation_id = ANY($1)", ids)
    await rebuild(hub)
    assert not any("contactPersons" in item for item in (await project(hub, limit=100))["results"])


async def test_of_each_stakeholder_is_told_what_a_look_up_of_many_tells(hub: Hub) -> None:
    view = await project(hub, limit=100)
    references = [Reference(relation=item["relation"]) for item in view["results"]]
    looked_up = orjson.loads(await lookup_batch(hub, by_projects(), references))["results"]
    assert [item["summary"] for item in view["results"]] == [result["summary"] for result in looked_up]
    assert ["referral" in item for item in view["results"]] == ["referral" in result for result in looked_up]


async def test_on_another_case_others_are_not_named_and_their_dealings_not_told(hub: Hub) -> None:
    """The permit involves one of the stakeholders, and opens nobody else."""
    view = await project(hub, by_permits(), limit=100)
    [applicant] = [row["relation_id"] for row in await rows(hub, _CASE_PARTIES, "permits", "V-2026-00001")]
    assert {item["relation"] for item in view["results"] if "summary" in item} == {applicant}
    assert not any("name" in item or "contactPersons" in item for item in view["results"])


async def test_stakeholders_come_in_pages(hub: Hub) -> None:
    whole, found, cursor = (await project(hub, limit=100))["results"], [], ""
    while True:
        page = await project(hub, limit=2, cursor=cursor)
        assert len(page["results"]) <= 2
        found += page["results"]
        if not (cursor := page["next"] or ""):
            break
    assert found == whole
    with pytest.raises(InvalidInput, match="cursor"):
        await project(hub, cursor=(await project(hub, limit=1))["next"], ref=("projects", "PRJ-0003"))


async def test_a_project_of_thousands_is_answered_by_the_page_with_the_same_few_statements(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rows(
        hub,
        """INSERT INTO involvement (case_id, position, party_id, role, relation_id, capacity, compartment, open, on_date)
        SELECT c.id, 1000 + row_number() OVER (ORDER BY p.id, n), p.id, 'local-resident', p.relation_id, c.capacity, c.compartment, c.open, c.on_date
        FROM case_record c CROSS JOIN (SELECT * FROM party_record LIMIT 100) p CROSS JOIN generate_series(1, 30) n WHERE c.case_id = 'PRJ-0001'""",
    )
    await project(hub, limit=1)
    sent = []
    for limit in (1, 100):
        with statements(monkeypatch) as made:
            page = await project(hub, limit=limit)
        sent.append(len(made))
        assert len(page["results"]) == limit
        assert page["next"]
    assert sent[0] == sent[1]


async def test_the_look_is_logged_for_the_relations_on_the_page_and_no_others(hub: Hub) -> None:
    page = await project(hub, limit=2)
    [row] = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    speakers = {row["relation_id"] for row in await parties(hub, "contact_person")} if "contactPersons" in str(page) else set()
    assert (row["operation"], row["outcome"], row["records"]) == ("project", "shown", ["projects/PRJ-0001"])
    assert (
        {item["relation"] for item in page["results"]}
        <= set(row["relation_ids"])
        <= {item["relation"] for item in page["results"]} | speakers
    )


async def test_a_case_that_is_no_project_one_that_may_not_be_seen_and_none_are_answered_alike(hub: Hub) -> None:
    hidden = seeing(hub, Level.full, project=Level.existence)
    answers = set()
    for where, ref in ((hub, ("permits", "V-2026-00001")), (hidden, PROJECT), (hub, ("projects", "PRJ-9999")), (hub, ("nowhere", "1"))):
        with pytest.raises(NotFound) as refused:
            await project(where, by_contact_centre(), ref)
        answers.add(str(refused.value))
    assert len(answers) == 1


async def test_a_project_that_somebody_restricted_is_in_is_closed_as_a_case_is(hub: Hub) -> None:
    await rows(hub, "UPDATE case_record SET marks = '{restriction}' WHERE case_id = 'PRJ-0001'")
    with pytest.raises(Restricted):
        await project(hub)
    await project(with_activity(hub, "project-stakeholders", restricted=True))


async def test_an_occasion_that_shares_nobody_with_the_project_is_refused(hub: Hub) -> None:
    [stranger] = await rows(
        hub,
        """SELECT c.case_id FROM case_record c WHERE c.source = 'permits' AND c.open AND 'Vergunningen' = ANY(c.departments) AND NOT EXISTS (
            SELECT FROM involvement i JOIN involvement j ON j.relation_id = i.relation_id JOIN case_record p ON p.id = j.case_id
            WHERE i.case_id = c.id AND p.case_id = 'PRJ-0001') ORDER BY 1 LIMIT 1""",
    )
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await project(hub, by_permits(f"case:permits/{stranger['case_id']}"))


async def test_a_project_that_is_new_is_asked_of_its_source(hub: Hub) -> None:
    before = await project(hub, limit=100)
    async with hub.database.begin() as store:
        await store.driver.execute("DELETE FROM involvement i USING case_record c WHERE c.id = i.case_id AND c.case_id = 'PRJ-0001'")
        await store.driver.execute("DELETE FROM case_record WHERE case_id = 'PRJ-0001'")
        await store.driver.execute("DELETE FROM document WHERE source = 'projects' AND id = 'PRJ-0001'")
    again = await project(hub, limit=100)
    assert [item["role"] for item in again["results"]] == [item["role"] for item in before["results"]]


async def test_over_http_a_project_has_a_tag_and_its_id_may_hold_a_slash(api: httpx2.AsyncClient) -> None:
    headers = headers_of(by_projects())
    answer = await api.get("/v1/projects/projects/PRJ-0001?limit=3", headers=headers)
    assert answer.status_code == 200
    held = await api.get("/v1/projects/projects/PRJ-0001?limit=3", headers={**headers, "If-None-Match": answer.headers["etag"]})
    assert held.status_code == 304
    assert (await api.get("/v1/projects/projects/a/b", headers=headers_of(by_contact_centre()))).status_code == 404
    assert (await api.get("/v1/projects/projects/", headers=headers)).status_code == 404


# Involvement without a formal case: a consultation, an advisory round, the making of policy, a plan.


@pytest.mark.parametrize("kind", ["consultatie", "adviesronde", "beleidsvoorbereiding", "wijziging omgevingsplan"])
async def test_who_is_consulted_or_advises_is_seen_everywhere_that_a_party_to_a_case_is(hub: Hub, kind: str) -> None:
    full = seeing(hub, Level.full)
    await rows(hub, "UPDATE case_record SET protected = false")
    [one] = await rows(
        hub,
        """SELECT c.id, c.source, c.case_id, c.department, i.relation_id, i.role FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE c.body->>'kind' = $1 ORDER BY c.id, i.position LIMIT 1""",
        kind,
    )
    ref, question, relation = f"{one['source']}/{one['case_id']}", by_contact_centre(), one["relation_id"]
    await rows(hub, "INSERT INTO case_place VALUES ($1, '0355300000000001', '')", one["id"])
    view = orjson.loads((await view_relation(full, question, relation, ViewOptions())).body)
    [item] = [item for item in view["cases"]["items"] if item["ref"] == ref]
    assert one["role"] in item["partyRoles"]
    assert view["summary"]["byCapacity"].get(item["capacity"], 0) >= (item["status"]["phase"] != "closed")
    moments = orjson.loads((await show_timeline(full, question, relation, PageQuery(limit=100))).body)["results"]
    assert ("case-started", ref) in {(moment["what"], moment["case"]) for moment in moments}
    listed = orjson.loads(await list_department_cases(full, question, DepartmentQuery(department=one["department"], limit=100)))["results"]
    assert ref in {item["ref"] for item in listed}
    case = orjson.loads((await show_case(full, question, one["source"], one["case_id"])).body)
    assert relation in {party["relation"] for party in case["parties"]}
    there = orjson.loads((await show_place(full, question, PlaceName(bag_id="0355300000000001"), PlaceQuery())).body)["results"]
    assert [relation in {party["relation"] for party in item["parties"]} for item in there] == [True]
    [batch] = orjson.loads(await lookup_batch(full, question, [Reference(case=(one["source"], one["case_id"]))]))["results"]
    assert batch["status"] == "found"


ABOUT = EntryForm(
    "contact-moment",
    {"channel": "visit", "direction": "outbound", "subject": "De straat gaat dicht", "text": "Wil een week uitstel."},
    "project",
    cases=("projects/PRJ-0001",),
)
DAY = datetime.now(UTC).date() + timedelta(days=3)
PLANNED = EntryForm("commitment", {"subject": "Langskomen met het plan"}, "project", due=DAY, cases=("projects/PRJ-0001",))


async def a_stakeholder(hub: Hub) -> str:
    return str((await project(hub, limit=1))["results"][0]["relation"])


async def of_stakeholder(hub: Hub, relation: str, question: Asked | None = None) -> dict[str, Any]:
    return next(item for item in (await project(hub, question, limit=100))["results"] if item["relation"] == relation)


async def test_of_each_stakeholder_it_says_which_contacts_there_were_what_is_planned_and_who_of_us_speaks_to_them(hub: Hub) -> None:
    [relation] = [row["relation_id"] for row in await rows(hub, _CASE_PARTIES, "permits", "V-2026-00001")]
    contact, promise = [await record(hub, by_projects(), relation, form) for form in (ABOUT, PLANNED)]
    await set_manager(hub, by_permits(), relation, ManagerForm("m.bos", "Relatiebeheer"), "")
    found = await of_stakeholder(hub, relation)
    assert [(one["id"], one["text"]) for one in found["contactMoments"]] == [(contact["id"], "Wil een week uitstel.")]
    assert [(one["id"], one["due"]) for one in found["planned"]] == [(promise["id"], DAY.isoformat())]
    assert [(one["department"], one["official"]) for one in found["spokenToBy"]] == [("Projecten", "official-1")]
    assert found["relationManager"]["account"] == "m.bos"
    [row] = await rows(hub, "SELECT records FROM consultation_log WHERE operation = 'project' ORDER BY id DESC LIMIT 1")
    assert {f"entry/{contact['id']}", f"entry/{promise['id']}"} <= set(row["records"])
    others = [item for item in (await project(hub, limit=100))["results"] if item["relation"] != relation]
    assert not any({"contactMoments", "planned", "spokenToBy"} & item.keys() for item in others)


async def test_every_contact_of_which_something_is_shown_is_in_the_log(hub: Hub) -> None:
    relation, now = await a_stakeholder(hub), datetime.now(UTC)
    older = await record(hub, replace(by_projects(), official="official-2"), relation, replace(ABOUT, at=now - timedelta(days=9)))
    for days in (1, 2, 3):
        await record(hub, by_projects(), relation, replace(ABOUT, at=now - timedelta(days=days)))
    found = await of_stakeholder(hub, relation)
    assert [one["official"] for one in found["spokenToBy"]] == ["official-1", "official-2"]
    assert older["id"] not in [one["id"] for one in found["contactMoments"]]
    [row] = await rows(hub, "SELECT records FROM consultation_log WHERE operation = 'project' ORDER BY id DESC LIMIT 1")
    assert f"entry/{older['id']}" in row["records"]


async def test_contacts_about_something_else_and_what_is_done_with_are_not_of_the_project(hub: Hub) -> None:
    relation = await a_stakeholder(hub)
    await record(hub, by_projects(), relation, replace(ABOUT, cases=()))
    promise = await record(hub, by_projects(), relation, PLANNED)
    await step(hub, by_projects(), "commitment", promise["id"], StepForm("kept", "Geweest."))
    assert not {"contactMoments", "planned", "spokenToBy"} & (await of_stakeholder(hub, relation)).keys()


async def test_what_another_department_recorded_shows_where_it_may_be_seen_from_summary_on(hub: Hub) -> None:
    relation = await a_stakeholder(hub)
    await record(hub, by_projects(), relation, ABOUT)
    centre = by_contact_centre()
    seen = await of_stakeholder(seeing(hub, Level.summary), relation, centre)
    assert [(one["level"], "text" in one) for one in seen["contactMoments"]] == [("summary", False)]
    await rows(
        hub,
        "UPDATE entry SET capacity = 'enforcement', compartments = compartments || (SELECT id FROM compartment WHERE capacity = 'enforcement' LIMIT 1)",
    )
    for level in (Level.existence, Level.referral, Level.none):
        blind = await of_stakeholder(seeing(hub, Level.full, enforcement=level), relation, centre)
        assert not {"contactMoments", "planned", "spokenToBy"} & blind.keys()


async def test_non_disclosure_keeps_the_contacts_for_the_department_that_had_them(hub: Hub) -> None:
    relation = await a_stakeholder(hub)
    await record(hub, by_projects(), relation, ABOUT)
    await rows(hub, "UPDATE relation SET non_disclosure = true WHERE id = $1", relation)
    assert "contactMoments" in await of_stakeholder(hub, relation)
    assert "contactMoments" not in await of_stakeholder(seeing(hub, Level.full), relation, by_contact_centre())
