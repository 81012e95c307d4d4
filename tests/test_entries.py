"""Working together around a relation: contact moments, questions and tasks, commitments."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, computed_columns, rows, with_activity

from relhub.domain.compartments import Level, Opening
from relhub.domain.entries import Sort
from relhub.domain.record import CAPACITIES
from relhub.errors import ChangedMeanwhile, InvalidInput, KeyReused, NotAllowed, NotFound, Restricted, WrongState
from relhub.services.asked import Asked, EntryQuery, EventQuery, PageQuery, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_entries import list_entries
from relhub.services.list_events import list_events
from relhub.services.make_request import RequestForm, make_request
from relhub.services.rebuild import rebuild
from relhub.services.record_entry import EntryForm, To, record_entry
from relhub.services.show_entry import list_assigned, list_unidentified, show_entry
from relhub.services.show_timeline import show_timeline
from relhub.services.step_entry import StepForm, step_entry
from relhub.services.view_relation import view_relation
from relhub.storage.compartments import keep_compartments
from relhub.storage.entries import forget_entries
from relhub.storage.entries_computed import follow_cases

DESK = by_contact_centre()
COORDINATOR = asked("coordinator", "coordinating")
TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
CALL = EntryForm(
    "contact-moment",
    {
        "channel": "telephone",
        "direction": "inbound",
        "subject": "Oven",
        "text": "Vraagt wanneer er een besluit is.",
        "outcome": "Wordt gebeld",
    },
    "licensing",
)


def question(to: To, capacity: Any = "licensing") -> EntryForm:
    return EntryForm(
        "task", {"kind": "question", "subject": "Controle", "text": "Komt er nog een controle?"}, capacity, due=TOMORROW, to=to
    )


def promise(due: date = TOMORROW) -> EntryForm:
    return EntryForm("commitment", {"subject": "Terugbellen over het besluit"}, "licensing", due=due)


async def applicant(hub: Hub) -> str:
    """Who asked for the first permit, and is in an enforcement case as well."""
    [row] = await rows(
        hub,
        "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001' AND role = 'applicant'",
    )
    return str(row["relation_id"])


async def record(hub: Hub, who: Asked, relation: str, form: EntryForm, key: str = "") -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(await record_entry(hub, who, relation, form, key))
    return found


async def step(hub: Hub, who: Asked, sort: Sort, id_: str, form: StepForm, seen: str = "*") -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((await step_entry(hub, who, sort, id_, form, seen, "")).body)
    return found


async def shown(hub: Hub, who: Asked, sort: Sort, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((await show_entry(hub, who, sort, id_)).body)
    return found


async def view(hub: Hub, who: Asked, relation: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((await view_relation(hub, who, relation, ViewOptions())).body)
    return found


async def test_a_contact_shows_in_the_view_as_far_as_its_capacity_is_seen(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, CALL)
    own = await view(hub, DESK, relation)
    assert own["contactMoments"]["items"][0]["text"] == "Vraagt wanneer er een besluit is."  # the department's own
    assert own["summary"]["lastContactAt"] == made["at"]
    full = await view(hub, by_permits(), relation)
    assert full["contactMoments"]["items"][0]["text"] == "Vraagt wanneer er een besluit is."
    levels = tuple(Opening(Level.summary, frozenset({capacity})) for capacity in CAPACITIES)
    summary = await view(with_activity(hub, "permit-handling", openings=levels), by_permits(), relation)
    [item] = summary["contactMoments"]["items"]
    assert (item["level"], item["subject"], item.get("text")) == ("summary", "Oven", None)


async def test_at_existence_a_contact_tells_the_department_and_nothing_of_it(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, DESK, relation, CALL)
    levels = tuple(Opening(Level.existence, frozenset({capacity})) for capacity in CAPACITIES)
    seen = await view(with_activity(hub, "permit-handling", openings=levels), by_permits(), relation)
    assert seen["contactMoments"]["items"] == [
        {"level": "existence", "capacity": "licensing", "department": "Klantcontact", "official": "official-1"}
    ]
    assert seen["summary"]["lastContactAt"] is None


async def test_at_referral_a_contact_is_a_colleague_who_is_involved_and_no_more(hub: Hub) -> None:
    relation = await applicant(hub)
    levels = (Opening(Level.referral, frozenset({"policy"})), Opening(Level.full, frozenset(CAPACITIES)))
    seeing = with_activity(hub, "permit-handling", openings=levels)
    assert "referral" not in await view(seeing, by_permits(), relation)
    await record(hub, DESK, relation, replace(CALL, capacity="policy"))
    seen = await view(seeing, by_permits(), relation)
    assert (seen["contactMoments"]["items"], seen["referral"]["via"]) == ([], "coordinator")


async def test_an_entry_about_a_case_is_no_more_open_than_that_case(hub: Hub) -> None:
    relation = await applicant(hub)
    [row] = await rows(
        hub,
        "SELECT c.source || '/' || c.case_id ref FROM case_record c JOIN involvement i ON i.case_id = c.id WHERE i.relation_id = $1 AND c.source = 'enforcement' LIMIT 1",
        relation,
    )
    await record(hub, by_enforcement(f"case:{row['ref']}"), relation, replace(CALL, cases=(row["ref"],)))
    seen = await view(hub, by_permits(), relation)  # licensing in full, enforcement at existence
    assert [item["level"] for item in seen["contactMoments"]["items"]] == ["existence"]


async def test_what_is_asked_of_a_department_is_its_occasion_to_look_until_it_is_answered(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To("Handhaving")))
    looking = by_enforcement(f"task:{made['id']}")
    assert (await view(hub, looking, relation))["id"] == relation
    with pytest.raises(NotAllowed, match="your department was asked"):
        await view(hub, by_permits(f"task:{made['id']}"), relation)
    [other] = await rows(hub, "SELECT relation_id FROM involvement WHERE relation_id <> $1 LIMIT 1", relation)
    with pytest.raises(NotAllowed, match="about this relation"):
        await view(hub, looking, other["relation_id"])
    await step(hub, by_enforcement("none"), "task", made["id"], StepForm("answered", "Ja, op 12 december."))
    with pytest.raises(NotAllowed):
        await view(hub, looking, relation)


async def test_an_answer_is_an_occasion_for_who_asked_only_when_it_says_so(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, by_permits(), relation, question(To("Klantcontact")))
    asking = by_permits(f"question:{made['id']}")
    with pytest.raises(NotAllowed):
        await view(hub, asking, relation)
    await step(hub, DESK, "task", made["id"], StepForm("answered", "Kijk zelf maar.", opens=True))
    assert (await view(hub, asking, relation))["id"] == relation
    later = replace(asking, at=asking.at + timedelta(days=31))
    with pytest.raises(NotAllowed):
        await view_relation(hub, later, relation, ViewOptions())


async def test_what_a_department_asks_itself_is_no_occasion(hub: Hub) -> None:
    """Or who once had one could keep it for as long as they like."""
    relation = await applicant(hub)
    made = await record(hub, by_permits(), relation, question(To("Vergunningen")))
    with pytest.raises(NotAllowed, match="your department was asked"):
        await view(hub, by_permits(f"task:{made['id']}"), relation)


async def test_a_contact_is_an_occasion_for_its_department_for_a_week(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, by_permits(), relation, CALL)
    looking = by_permits(f"contact-moment:{made['id']}")
    assert (await view(hub, looking, relation))["id"] == relation
    with pytest.raises(NotAllowed):
        await view_relation(hub, replace(looking, at=looking.at + timedelta(days=8)), relation, ViewOptions())


async def test_who_asks_through_the_coordinator_gets_an_answer_and_never_learns_of_whom(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To(coordinator=True)))
    assert made["assignedTo"] == {"via": "coordinator"}
    await step(hub, COORDINATOR, "task", made["id"], StepForm("handed-over", "Iets voor Toezicht", to=To("Toezicht")))
    supervising = asked("enforcement-desk", "enforcement-handling", "none", department="Toezicht")
    await step(hub, supervising, "task", made["id"], StepForm("handed-over", "Toch voor Handhaving", to=To("Handhaving")))
    answering = by_enforcement("none")
    await step(hub, answering, "task", made["id"], StepForm("answered", "Er loopt niets dat u raakt."))
    seen = await shown(hub, DESK, "task", made["id"])
    *_, handed, answered = seen["thread"]
    assert handed == {"step": "handed-over", "at": handed["at"], "via": "coordinator"}
    assert answered == {"step": "answered", "at": answered["at"], "via": "coordinator", "text": "Er loopt niets dat u raakt."}
    levels = tuple(Opening(Level.summary, frozenset({capacity})) for capacity in CAPACITIES)
    others = await view(with_activity(hub, "permit-handling", openings=levels), by_permits(), relation)
    for told in (seen, (await view(hub, DESK, relation))["tasks"], others["tasks"]):
        assert not [name for name in ("Handhaving", "Toezicht", "Relatiebeheer") if name in str(told)]
    listed = await list_assigned(hub, DESK, "task", EntryQuery(whose="by-department"))
    assert b"Handhaving" not in listed
    assert (await shown(hub, answering, "task", made["id"]))["assignedTo"]["department"] == "Handhaving"


async def test_tasks_are_listed_for_who_is_asked_what_is_due_first_goes_first(hub: Hub) -> None:
    relation = await applicant(hub)
    late = await record(hub, DESK, relation, replace(question(To("Vergunningen")), due=TOMORROW + timedelta(days=5)))
    soon = await record(hub, DESK, relation, question(To("Vergunningen", "official-1")))
    await record(hub, DESK, relation, question(To("Vergunningen", "another")))
    mine = orjson.loads(await list_assigned(hub, by_permits("none"), "task", EntryQuery(is_open=True, whose="me", limit=1)))
    assert [task["id"] for task in mine["results"]] == [soon["id"]]
    assert mine["results"][0]["relation"] == relation
    rest = orjson.loads(await list_assigned(hub, by_permits("none"), "task", EntryQuery(is_open=True, whose="me", cursor=mine["next"])))
    assert [task["id"] for task in rest["results"]] == [late["id"]]
    assert orjson.loads(await list_assigned(hub, by_enforcement("none"), "task", EntryQuery()))["results"] == []


async def test_a_change_names_what_it_has_seen_or_is_shown_what_there_is_now(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To("Vergunningen")))
    seen = f"{made['id']}-{made['version']}"
    changes = [
        step_entry(hub, by_permits("none"), "task", made["id"], StepForm("accepted"), seen, ""),
        step_entry(hub, DESK, "task", made["id"], StepForm("remarked", "Graag deze week."), seen, ""),
    ]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    [lost] = [outcome for outcome in outcomes if isinstance(outcome, ChangedMeanwhile)]
    assert orjson.loads(lost.present)["version"] == 2
    assert sum(isinstance(outcome, BaseException) for outcome in outcomes) == 1


async def test_only_the_departments_that_are_in_it_see_and_change_an_entry(hub: Hub) -> None:
    made = await record(hub, DESK, await applicant(hub), question(To("Vergunningen")))
    with pytest.raises(NotFound):
        await show_entry(hub, by_enforcement("none"), "task", made["id"])
    with pytest.raises(NotFound):
        await step(hub, by_enforcement("none"), "task", made["id"], StepForm("answered", "Ja."))
    with pytest.raises(WrongState, match="what your department can do is: deleted, remarked, withdrawn"):
        await step(hub, DESK, "task", made["id"], StepForm("answered", "Ja."))


async def test_a_correction_keeps_what_was_said_before(hub: Hub) -> None:
    made = await record(hub, DESK, await applicant(hub), CALL)
    await step(
        hub,
        DESK,
        "contact-moment",
        made["id"],
        StepForm("corrected", "Verkeerd verstaan", {**CALL.said, "text": "Vraagt naar de leges."}, ()),
    )
    seen = await shown(hub, DESK, "contact-moment", made["id"])
    assert (seen["text"], seen["version"]) == ("Vraagt naar de leges.", 2)
    assert seen["thread"][-1]["before"]["said"]["text"] == "Vraagt wanneer er een besluit is."


async def test_what_is_deleted_is_gone_everywhere_and_its_reason_is_kept(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, CALL)
    with pytest.raises(InvalidInput, match="body text: is needed"):
        await step(hub, DESK, "contact-moment", made["id"], StepForm("deleted"))
    await step(hub, DESK, "contact-moment", made["id"], StepForm("deleted", "Bij de verkeerde persoon vastgelegd"))
    assert (await view(hub, DESK, relation))["contactMoments"]["items"] == []
    with pytest.raises(NotFound):
        await show_entry(hub, DESK, "contact-moment", made["id"])
    [row] = await rows(hub, "SELECT text FROM entry_step WHERE step = 'deleted'")
    assert row["text"] == "Bij de verkeerde persoon vastgelegd"


async def test_a_contact_with_somebody_unknown_stays_apart_until_it_is_known_who_it_was(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, "", CALL)
    [listed] = orjson.loads(await list_unidentified(hub, DESK, EntryQuery()))["results"]
    assert listed["id"] == made["id"]
    assert (await view(hub, DESK, relation))["contactMoments"]["items"] == []
    await step(hub, DESK, "contact-moment", made["id"], StepForm("identified", relation=relation))
    assert [item["id"] for item in (await view(hub, DESK, relation))["contactMoments"]["items"]] == [made["id"]]
    with pytest.raises(WrongState):
        await step(hub, DESK, "contact-moment", made["id"], StepForm("identified", relation=relation))


async def test_saying_who_a_contact_was_with_takes_an_occasion_as_looking_does(hub: Hub) -> None:
    """Or it would open anybody, by way of a contact that was made up."""
    [other] = await rows(
        hub,
        "SELECT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.source = 'permits' AND i.relation_id <> $1 LIMIT 1",
        await applicant(hub),
    )
    made = await record(hub, by_permits("none"), "", CALL)
    for occasion in ("none", "case:permits/V-2026-00001", f"contact-moment:{made['id']}"):
        with pytest.raises(NotAllowed):
            await step(hub, by_permits(occasion), "contact-moment", made["id"], StepForm("identified", relation=other["relation_id"]))
    identified = StepForm("identified", relation=await applicant(hub))
    assert (await step(hub, by_permits(), "contact-moment", made["id"], identified))["relation"] == identified.relation


async def test_a_correction_that_names_cases_takes_an_occasion_too(hub: Hub) -> None:
    made = await record(hub, by_permits(), await applicant(hub), CALL)
    correction = StepForm("corrected", "Ging over de zaak", dict(CALL.said), ("permits/V-2026-00001",))
    with pytest.raises(NotAllowed):
        await step(hub, by_permits("none"), "contact-moment", made["id"], correction)
    assert (await step(hub, by_permits(), "contact-moment", made["id"], correction))["cases"] == ["permits/V-2026-00001"]


async def test_for_an_activity_that_records_nothing_ones_own_department_is_as_any_other(hub: Hub) -> None:
    """What an official wrote down for one purpose is not opened for another by being of the same department."""
    relation = await applicant(hub)
    await record(hub, DESK, relation, CALL)
    levels = tuple(Opening(Level.existence, frozenset({capacity})) for capacity in CAPACITIES)
    other = with_activity(hub, "answering-questions", openings=levels, records=frozenset({"task"}))
    assert [item["level"] for item in (await view(other, DESK, relation))["contactMoments"]["items"]] == ["existence"]


async def test_a_commitment_that_is_due_shows_in_the_summary_until_it_is_kept(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, promise())
    await record(hub, DESK, relation, promise(TOMORROW + timedelta(days=60)))
    assert (await view(hub, DESK, relation))["summary"]["commitmentsDue"] == 1
    await step(hub, DESK, "commitment", made["id"], StepForm("moved", "Besluit is later", due=TOMORROW + timedelta(days=30)))
    assert (await view(hub, DESK, relation))["summary"]["commitmentsDue"] == 0
    kept = await step(hub, DESK, "commitment", made["id"], StepForm("kept"))
    assert kept["state"] == "kept"
    assert len((await view(hub, DESK, relation))["commitments"]["items"]) == 1


async def test_entries_are_found_under_the_id_that_a_relation_has_now(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, DESK, relation, CALL)
    [other] = await rows(hub, "SELECT id FROM relation WHERE id <> $1 AND retired_at IS NULL ORDER BY id LIMIT 1", relation)
    await rows(hub, "UPDATE relation SET merged_into = $2, retired_at = now() WHERE id = $1", relation, other["id"])
    answer = await list_entries(hub, DESK, other["id"], "contact-moment", EntryQuery())
    assert len(orjson.loads(answer.body)["results"]) == 1


async def test_the_list_of_a_relation_goes_on_where_it_was(hub: Hub) -> None:
    relation = await applicant(hub)
    made = [(await record(hub, DESK, relation, replace(CALL, at=datetime(2026, 11, day, 12, tzinfo=UTC))))["id"] for day in range(1, 6)]
    found, cursor = [], ""
    while True:
        page = orjson.loads((await list_entries(hub, DESK, relation, "contact-moment", EntryQuery(cursor=cursor, limit=2))).body)
        found += [item["id"] for item in page["results"]]
        if not (cursor := page["next"] or ""):
            break
    assert found == made[::-1]


@pytest.mark.parametrize(("number", "in_view"), [(20, 20), (21, 20)])
async def test_what_does_not_fit_in_a_view_is_in_the_list_from_there_on(hub: Hub, number: int, in_view: int) -> None:
    relation = await applicant(hub)
    made = [(await record(hub, DESK, relation, CALL))["id"] for _ in range(number)]
    for form in (promise(), question(To("Handhaving"))):
        await record(hub, DESK, relation, form)
    view = orjson.loads((await view_relation(hub, DESK, relation, ViewOptions())).body)
    page = view["contactMoments"]
    assert [entry["id"] for entry in page["items"]] == made[::-1][:in_view]
    assert [len(view[name]["items"]) for name in ("tasks", "commitments")] == [1, 1]
    assert (page["next"] is not None) == (number > in_view)
    if page["next"]:
        rest = orjson.loads((await list_entries(hub, DESK, relation, "contact-moment", EntryQuery(cursor=page["next"]))).body)
        assert [entry["id"] for entry in rest["results"]] == made[::-1][in_view:]


async def test_recording_is_a_right_and_only_where_the_activity_knows_of_a_domain(hub: Hub) -> None:
    relation = await applicant(hub)
    with pytest.raises(NotAllowed, match='records = \\["contact-moment"\\]'):
        await record(with_activity(hub, "answering-questions", records=frozenset()), DESK, relation, CALL)
    blind = with_activity(hub, "answering-questions", openings=(Opening(Level.summary, frozenset({"licensing"})),))
    with pytest.raises(NotAllowed, match="in the capacity enforcement"):
        await record(blind, DESK, relation, replace(CALL, capacity="enforcement"))


async def test_a_number_or_a_case_that_does_not_belong_is_refused_with_what_to_do(hub: Hub) -> None:
    relation = await applicant(hub)
    with pytest.raises(InvalidInput, match="body text: must not hold a citizen service number"):
        await record(hub, DESK, relation, replace(CALL, said={**CALL.said, "text": "BSN 999990019"}))
    with pytest.raises(InvalidInput, match="body cases: names a case that is not of this relation"):
        await record(hub, DESK, relation, replace(CALL, cases=("permits/V-2026-99999",)))
    with pytest.raises(InvalidInput, match="body cases: names a case that is not of this relation"):
        await record(hub, by_permits("none"), "", replace(CALL, cases=("permits/V-2026-00001",)))  # of nobody, and on no occasion
    with pytest.raises(InvalidInput, match=r"body to\.department: is no department that is known here"):
        await record(hub, DESK, relation, question(To("Elders")))
    with pytest.raises(InvalidInput, match="body at: lies in the future"):
        await record(hub, DESK, relation, replace(CALL, at=datetime.now(UTC) + timedelta(days=1)))


async def test_a_commitment_names_only_a_contact_with_this_relation_that_may_be_seen(hub: Hub) -> None:
    relation = await applicant(hub)
    [other] = [row["id"] for row in await rows(hub, "SELECT id FROM relation WHERE id <> $1 ORDER BY id LIMIT 1", relation)]
    contact = await record(hub, DESK, relation, CALL)
    elsewhere = await record(hub, by_permits("none"), "", replace(CALL, capacity="licensing"))
    made = await record(hub, DESK, relation, replace(promise(), said={**promise().said, "contactMoment": contact["id"]}))
    assert made["contactMoment"] == contact["id"]
    for person, named in ((other, contact["id"]), (relation, elsewhere["id"]), (relation, "con_" + "0" * 32)):
        with pytest.raises(InvalidInput, match="body contactMoment: is no contact moment with this relation"):
            await record(hub, DESK, person, replace(promise(), said={**promise().said, "contactMoment": named}))


async def test_the_same_key_records_once(hub: Hub) -> None:
    relation = await applicant(hub)
    first, again = [await record(hub, DESK, relation, CALL, "a-key") for _ in range(2)]
    assert first == again
    with pytest.raises(KeyReused):
        await record(hub, DESK, relation, promise(), "a-key")
    assert len(await rows(hub, "SELECT FROM entry")) == 1


async def test_sent_again_the_log_names_the_entry_that_there_is(hub: Hub) -> None:
    relation = await applicant(hub)
    made = [await record(hub, DESK, relation, CALL, "a-key") for _ in range(2)]
    logged = await rows(hub, "SELECT records FROM consultation_log WHERE operation = 'record-contact-moment' ORDER BY id")
    assert [row["records"] for row in logged] == [[f"entry/{made[0]['id']}"]] * 2


async def test_without_a_capacity_it_is_that_of_the_first_case_that_is_named(hub: Hub) -> None:
    relation = await applicant(hub)
    seeing = with_activity(
        hub, "answering-questions", openings=(Opening(Level.full, frozenset(CAPACITIES), confidentiality="zeer_geheim"),)
    )
    known = orjson.loads((await view_relation(seeing, DESK, relation, ViewOptions())).body)["cases"]["items"]
    assert len({case["capacity"] for case in known}) > 1
    for case in known:
        others = [other["ref"] for other in known if other is not case]
        made = await record(seeing, DESK, relation, replace(CALL, capacity=None, cases=(case["ref"], *others)))
        assert made["capacity"] == case["capacity"]


async def test_a_question_may_go_to_the_department_of_a_case_that_is_only_known_to_be_there(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To(case="permits/V-2026-00001")))
    assert made["assignedTo"] == {"department": "Vergunningen"}


async def test_what_is_recorded_is_told_to_who_follows_changes_and_sees_all_of_it(hub: Hub) -> None:
    relation = await applicant(hub)
    following = asked("permits-desk", "following-changes")
    start = orjson.loads(await list_events(hub, following, EventQuery(start="now"), "/v1"))["next"]
    await record(hub, DESK, relation, CALL)
    told = orjson.loads(await list_events(hub, following, EventQuery(start), "/v1"))
    assert [event["subject"] for event in told["results"]] == [relation]
    await record(hub, by_enforcement(), await _suspect(hub), replace(CALL, capacity="enforcement"))
    assert orjson.loads(await list_events(hub, following, EventQuery(told["next"]), "/v1"))["results"] == []


async def _suspect(hub: Hub) -> str:
    [row] = await rows(
        hub, "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'HH-2026-00001' LIMIT 1"
    )
    return str(row["relation_id"])


async def test_of_whom_the_data_is_restricted_no_entry_is_made_shown_or_listed(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To("Vergunningen")))
    portal = replace(asked("resident-portal", "informing-residents"), official="")
    await make_request(hub, portal, relation, RequestForm("restriction", "Ik wil dit niet."), "")
    with pytest.raises(Restricted):
        await record(hub, DESK, relation, CALL)
    with pytest.raises(Restricted):
        await show_entry(hub, by_permits("none"), "task", made["id"])
    assert orjson.loads(await list_assigned(hub, by_permits("none"), "task", EntryQuery()))["results"] == []


async def test_every_entry_and_step_is_logged_with_the_relation_before_the_answer_leaves(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, question(To("Vergunningen")))
    await step(hub, by_permits("none"), "task", made["id"], StepForm("accepted"))
    await show_entry(hub, DESK, "task", made["id"])
    logged = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 3")
    assert [(row["operation"], row["outcome"]) for row in reversed(logged)] == [
        ("record-task", "recorded"),
        ("task-step", "accepted"),
        ("task", "shown"),
    ]
    assert all((row["relation_ids"], row["records"]) == ([relation], [f"entry/{made['id']}"]) for row in logged)


async def test_the_timeline_tells_of_what_was_recorded_from_summary_on(hub: Hub) -> None:
    relation = await applicant(hub)
    made = await record(hub, DESK, relation, CALL)
    told = orjson.loads((await show_timeline(hub, by_permits(), relation, PageQuery())).body)["results"][0]
    assert (told["what"], told["entry"], told["title"]) == ("contact-moment", made["id"], "Oven")
    levels = tuple(Opening(Level.existence, frozenset({capacity})) for capacity in CAPACITIES)
    hidden = with_activity(hub, "permit-handling", openings=levels)
    assert orjson.loads((await show_timeline(hidden, by_permits(), relation, PageQuery())).body)["results"] == []


async def test_of_someone_with_non_disclosure_others_see_only_that_there_was_a_contact(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, DESK, relation, CALL)
    await rows(hub, "UPDATE relation SET non_disclosure = true WHERE id = $1", relation)
    assert [item["level"] for item in (await view(hub, by_permits(), relation))["contactMoments"]["items"]] == ["existence"]
    assert [item["level"] for item in (await view(hub, DESK, relation))["contactMoments"]["items"]] == ["full"]


async def test_a_case_that_becomes_more_secret_takes_what_is_about_it_along(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, by_permits(), relation, replace(CALL, cases=("permits/V-2026-00001",)))
    seeing = with_activity(hub, "answering-questions", openings=(Opening(Level.full, frozenset(CAPACITIES)),))
    assert len((await view(seeing, DESK, relation))["contactMoments"]["items"]) == 1
    async with hub.database.begin() as store:
        secret = await keep_compartments(store, [("permits", "licensing", "omgevingsvergunning", "zeer_geheim")])
        await store.driver.execute("UPDATE case_record SET compartment = $1 WHERE case_id = 'V-2026-00001'", next(iter(secret.values())))
        await follow_cases(store, ["permits/V-2026-00001"])
    assert (await view(seeing, DESK, relation))["contactMoments"]["items"] == []


async def test_a_rebuild_gives_the_same_entries(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, by_permits(), relation, replace(CALL, cases=("permits/V-2026-00001",)))
    await record(hub, DESK, relation, question(To(coordinator=True)))
    async with hub.database.begin() as store:
        before = await computed_columns(store)
        await store.driver.execute("""UPDATE entry SET "full" = '', summary = '', existence = '', outside = '', compartments = '{}'""")
    await rebuild(hub)
    async with hub.database.begin() as store:
        assert await computed_columns(store) == before


async def test_what_is_done_with_is_forgotten_after_its_time_and_what_is_open_is_not(hub: Hub) -> None:
    relation = await applicant(hub)
    await record(hub, DESK, relation, CALL)
    await record(hub, DESK, relation, question(To("Vergunningen")))
    async with hub.database.begin() as store:
        assert await forget_entries(store, datetime.now(UTC) + timedelta(days=1), TOMORROW) == 1
    assert [row["sort"] for row in await rows(hub, "SELECT sort FROM entry")] == ["task"]
