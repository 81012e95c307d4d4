"""Alerts: told from what is seen, gone with their causes, dismissed with a reason."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.alert_worlds import DESK, DOSSIER, HOME, PERMIT, alert_hub, alerts, anna, case, person, say
from tests.exporting import put_together
from tests.towns import asked, rows, seeing, with_activity

from relhub import metrics
from relhub.api.export_page import rendered
from relhub.config.alerts import load_alert_rules
from relhub.domain.alerts import RULES, SAYS, WHY
from relhub.domain.compartments import Level
from relhub.domain.record import Address, Finding, Identifier, Involvement, PartyRecord, PersonName, Place
from relhub.errors import ConfigurationError, InvalidInput, KeyReused, NotAllowed, NotFound
from relhub.services.asked import EventQuery
from relhub.services.compute_alerts import compute_alerts, drop_past_alerts
from relhub.services.decide_match import decide_match
from relhub.services.dismiss_alert import DismissForm, dismiss_alert
from relhub.services.hub import Hub
from relhub.services.list_events import list_events
from relhub.services.open_export import open_export
from relhub.services.rebuild import rebuild
from relhub.services.record_entry import EntryForm, record_entry
from relhub.services.show_alerts import show_alerts
from relhub.services.step_entry import StepForm, step_entry
from relhub.services.watch_sources import watch_sources

TODAY = datetime.now(UTC).date()
CALL = EntryForm("contact-moment", {"channel": "telephone", "direction": "inbound", "subject": "Oven", "text": "Belt."}, "licensing")
DONE = DismissForm("handled", "Collega gebeld.")


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    """Anna asked for a permit, and is in a case of enforcement."""
    opened = alert_hub(migrated_url)
    await say(opened, PERMIT)
    await say(opened, DOSSIER)
    yield opened
    await opened.database.close()


def changed(hub: Hub, level: Level, **levels: Level) -> Hub:
    """The same hub, where the contact centre sees every capacity at this level, but for those that are named."""
    return seeing(hub, level, **levels)


def rules(found: list[dict[str, Any]]) -> list[str]:
    return [alert.get("rule", alert["level"]) for alert in found]


async def promise(hub: Hub, due: date, capacity: Any = "licensing") -> str:
    form = EntryForm("commitment", {"subject": "Terugbellen"}, capacity, due=due)
    return str(orjson.loads(await record_entry(hub, DESK, await anna(hub), form, ""))["id"])


async def test_an_applicant_with_an_open_case_elsewhere(hub: Hub) -> None:
    [alert] = await alerts(hub)
    assert (alert["rule"], alert["level"], alert["says"]) == ("case-elsewhere", "full", SAYS["case-elsewhere"])
    assert [(cause["case"], cause["department"], cause["href"]) for cause in alert["causes"]] == [
        ("enforcement/HH-1", "Handhaving", "/v1/cases/enforcement/HH-1"),
        ("permits/V-1", "Vergunningen", "/v1/cases/permits/V-1"),
    ]
    await say(hub, replace(DOSSIER, phase="closed", ended=TODAY))
    assert await alerts(hub) == []


async def test_at_existence_it_says_that_there_is_one_and_whom_to_call(hub: Hub) -> None:
    [alert] = await alerts(changed(hub, Level.full, enforcement=Level.existence))
    assert alert["level"] == "existence"
    assert alert["causes"][0] == {"level": "existence", "capacity": "enforcement", "department": "Handhaving"}


async def test_at_referral_it_says_ask_through_the_coordinator_and_names_nothing(hub: Hub) -> None:
    told = await alerts(changed(hub, Level.full, enforcement=Level.referral))
    assert told == [{"level": "referral", "via": "coordinator", "ask": "relatiecoordinator@voorbeeld.example"}]


async def test_with_nothing_to_be_seen_of_a_cause_it_is_not_there_at_all(hub: Hub) -> None:
    assert await alerts(changed(hub, Level.full, enforcement=Level.none)) == []
    assert await alerts(changed(hub, Level.existence, enforcement=Level.full)) == []  # that somebody applied is told from summary on


async def test_two_departments_are_about_to_visit(hub: Hub) -> None:
    await say(hub, replace(DOSSIER, findings=(Finding("inspection", "Controle", TODAY + timedelta(days=5)),)))
    form = EntryForm("task", {"kind": "task", "subject": "Langsgaan", "text": "Schouw."}, "licensing", due=TODAY + timedelta(days=9))
    await record_entry(hub, DESK, await anna(hub), form, "")
    assert rules(await alerts(hub)) == ["visits-meet", "case-elsewhere"]
    assert rules(await alerts(changed(hub, Level.full, enforcement=Level.summary))) == ["case-elsewhere"]  # its days are told in full only
    await say(hub, replace(DOSSIER, findings=(Finding("inspection", "Controle", TODAY + timedelta(days=40)),)))
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_what_a_base_register_says_of_a_party_while_a_case_runs(hub: Hub) -> None:
    record = case("brp", "B-1", "policy", "", phase="closed")
    await say(hub, record, person("brp", flags=frozenset({"deceased"})))
    [alert, _] = await alerts(hub)
    assert (alert["rule"], alert["about"]) == ("register-says", "deceased")
    assert {"level": "summary", "source": "brp"} in alert["causes"]
    assert rules(await alerts(changed(hub, Level.full, policy=Level.existence))) == ["case-elsewhere"]
    await say(hub, record, person("permits"))  # not the register
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_a_party_that_moved_is_told_to_who_sees_where_they_live(hub: Hub) -> None:
    await say(hub, PERMIT, person("permits", home=HOME))
    elsewhere = Address("residence", "Kerkstraat", "2", "1234AC", "Voorbeeld")
    await say(hub, case("brp", "B-1", "policy", "", phase="closed"), person("brp", home=elsewhere))
    [alert, _] = await alerts(hub)
    assert (alert["rule"], alert["about"]) == ("register-says", "moved")
    assert rules(await alerts(with_activity(hub, "answering-questions", groups=frozenset()))) == ["case-elsewhere"]


async def test_the_third_contact_about_one_subject_without_an_answer(hub: Hub) -> None:
    relation, before = await anna(hub), DESK.at - timedelta(hours=2)
    for text in ("Oven", "oven", "  OVEN"):
        assert rules(await alerts(hub)) == ["case-elsewhere"]
        await record_entry(hub, DESK, relation, replace(CALL, said={**CALL.said, "subject": text}, at=before), "")
    [alert, _] = await alerts(hub)
    assert (alert["rule"], len(alert["causes"])) == ("unanswered-contacts", 3)
    await record_entry(hub, DESK, relation, replace(CALL, said={**CALL.said, "direction": "outbound"}), "")
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_an_answer_that_is_not_seen_ends_no_alert(hub: Hub) -> None:
    """Or that there was one would be told by its absence."""
    relation = await anna(hub)
    for _ in range(3):
        await record_entry(hub, DESK, relation, replace(CALL, at=DESK.at - timedelta(hours=2)), "")
    answer = replace(CALL, said={**CALL.said, "direction": "outbound"}, capacity="enforcement", at=DESK.at - timedelta(hours=1))
    open_to_all = with_activity(hub, "answering-questions", departments=frozenset())
    await record_entry(open_to_all, asked("contact-centre", "answering-questions", department="Handhaving"), relation, answer, "")
    assert rules(await alerts(hub)) == ["case-elsewhere"]
    assert rules(await alerts(changed(hub, Level.full, enforcement=Level.none))) == ["unanswered-contacts"]


async def test_a_commitment_about_to_be_broken_until_it_is_kept(hub: Hub) -> None:
    made = await promise(hub, TODAY + timedelta(days=1))
    await promise(hub, TODAY + timedelta(days=20))
    [alert, _] = await alerts(hub)
    assert (alert["rule"], [cause["entry"] for cause in alert["causes"]]) == ("commitment-due", [made])
    await step_entry(hub, DESK, "commitment", made, StepForm("kept"), "*", "")
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_time_passes_without_anything_being_computed(hub: Hub) -> None:
    await promise(hub, TODAY + timedelta(days=20))
    assert rules(await alerts(hub)) == ["case-elsewhere"]
    later = replace(DESK, at=DESK.at + timedelta(days=19))
    assert rules(orjson.loads((await show_alerts(hub, later, await anna(hub), "/v1")).body)["results"]) == [
        "commitment-due",
        "case-elsewhere",
    ]


async def test_a_project_touches_the_address_of_a_pending_case(hub: Hub) -> None:
    project = case("enforcement", "PRJ-1", "project", "Projecten", places=(Place(HOME),))
    other = replace(project, involvements=tuple(replace(one, party_key="bert") for one in project.involvements))
    await say(hub, other, replace(person("enforcement", bsn=False), key="bert", birth="1951-06-30"))
    assert rules(await alerts(hub)) == ["case-elsewhere", "project-at-address"]
    blind = with_activity(hub, "answering-questions", places=False)
    assert rules(await alerts(blind)) == ["case-elsewhere"]
    await say(hub, replace(other, places=()), replace(person("enforcement", bsn=False), key="bert", birth="1951-06-30"))
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_a_dismissed_alert_comes_back_when_it_has_another_cause(hub: Hub) -> None:
    relation = await anna(hub)
    [alert] = await alerts(hub)
    said = orjson.loads(await dismiss_alert(hub, DESK, relation, alert["id"], DONE, "a-key"))
    assert (said["alert"], said["department"], said["reason"]) == (alert["id"], "Klantcontact", "handled")
    assert await alerts(hub) == []
    assert orjson.loads(await dismiss_alert(hub, DESK, relation, alert["id"], DONE, "a-key")) == said
    with pytest.raises(KeyReused):
        await dismiss_alert(hub, DESK, relation, alert["id"], replace(DONE, text="Iets anders."), "a-key")
    with pytest.raises(NotFound):
        await dismiss_alert(hub, DESK, relation, alert["id"], DONE, "")
    await say(hub, case("enforcement", "T-1", "supervision", "Toezicht"))
    assert [one["id"] for one in await alerts(hub)] == [alert["id"]]


async def test_one_department_dismisses_for_itself_and_until_its_day(hub: Hub) -> None:
    relation = await anna(hub)
    [alert] = await alerts(hub)
    await dismiss_alert(hub, DESK, relation, alert["id"], replace(DONE, until=TODAY + timedelta(days=2)), "")
    assert await alerts(hub) == []
    open_to_all = with_activity(hub, "answering-questions", departments=frozenset())
    assert rules(await alerts(open_to_all, asked("contact-centre", "answering-questions", department="Vergunningen"))) == ["case-elsewhere"]
    assert rules(await alerts(hub, replace(DESK, at=DESK.at + timedelta(days=4)))) == ["case-elsewhere"]


async def test_dismissing_is_refused_with_what_to_do(hub: Hub) -> None:
    relation = await anna(hub)
    [alert] = await alerts(hub)
    with pytest.raises(InvalidInput, match="body text: must not hold a citizen service number"):
        await dismiss_alert(hub, DESK, relation, alert["id"], replace(DONE, text="BSN 999990019"), "")
    with pytest.raises(InvalidInput, match="body until: is past"):
        await dismiss_alert(hub, DESK, relation, alert["id"], replace(DONE, until=TODAY - timedelta(days=3)), "")
    with pytest.raises(NotAllowed, match="may record nothing"):
        await dismiss_alert(with_activity(hub, "answering-questions", records=frozenset()), DESK, relation, alert["id"], DONE, "")
    logged = await rows(hub, "SELECT outcome FROM consultation_log WHERE operation = 'dismiss-alert' ORDER BY id")
    assert [row["outcome"] for row in logged] == ["refused"]


async def test_a_look_and_a_dismissal_are_logged_with_what_they_showed(hub: Hub) -> None:
    relation = await anna(hub)
    [alert] = await alerts(hub)
    await dismiss_alert(hub, DESK, relation, alert["id"], DONE, "")
    logged = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id")
    shown = sorted(record for row in logged if row["operation"] == "alerts" for record in row["records"])
    assert shown == ["enforcement/HH-1", "permits/V-1"]
    assert [(row["outcome"], row["relation_ids"], row["records"]) for row in logged if row["operation"] == "dismiss-alert"] == [
        ("dismissed", [relation], [f"alert/{alert['id']}"])
    ]


async def raised(hub: Hub) -> int:
    """How many alerts the contact centre hears of that were raised, since the beginning."""
    await compute_alerts(hub, datetime.now(UTC))
    following = with_activity(hub, "answering-questions", follow=True)
    return (await list_events(following, DESK, EventQuery(limit=1000), "/v1")).count(b"nl.relaties.attendering-ontstaan")


async def test_that_an_alert_is_raised_is_told_to_who_sees_all_of_it(hub: Hub) -> None:
    await raised(hub)  # the first time all are computed, and none is news
    assert await raised(hub) == 0
    await say(hub, case("enforcement", "T-1", "supervision", "Toezicht"))
    assert await raised(hub) == 1
    for capacities, heard in (({"supervision": Level.existence}, 1), ({"supervision": Level.none}, 0), ({"licensing": Level.existence}, 0)):
        assert await raised(changed(hub, Level.full, **capacities)) == heard
    await say(hub, case("enforcement", "T-1", "supervision", "Toezicht", phase="closed"))
    assert await raised(hub) == 1  # that one is gone is no news
    await promise(hub, TODAY + timedelta(days=20))
    assert await raised(hub) == 1  # nor what does not hold yet


@pytest.mark.parametrize(
    ("answered_in", "seen", "heard"), [("licensing", {}, 0), ("enforcement", {}, 0), ("enforcement", {"enforcement": Level.none}, 1)]
)
async def test_of_contacts_that_were_answered_nothing_is_told_to_who_sees_the_answer(
    hub: Hub, answered_in: Any, seen: dict[str, Level], heard: int
) -> None:
    await raised(hub)
    relation, open_to_all = await anna(hub), with_activity(hub, "answering-questions", departments=frozenset())
    for hours in (4, 3):
        await record_entry(hub, DESK, relation, replace(CALL, at=DESK.at - timedelta(hours=hours)), "")
    answer = replace(CALL, said={**CALL.said, "direction": "outbound"}, capacity=answered_in, at=DESK.at - timedelta(hours=2))
    await record_entry(open_to_all, asked("contact-centre", "answering-questions", department="Handhaving"), relation, answer, "")
    await record_entry(hub, DESK, relation, replace(CALL, at=DESK.at - timedelta(hours=1)), "")
    who = changed(hub, Level.full, **seen)
    assert await raised(who) == heard == rules(await alerts(who)).count("unanswered-contacts")


async def test_what_is_recorded_of_somebody_is_told_to_nobody_who_does_not_see_that_they_are_there(hub: Hub) -> None:
    """In whichever capacity it was recorded: `GET /relations/{id}` says that there is nobody."""
    await raised(hub)
    bram = PartyRecord("enforcement", "bram", "person", (Identifier("bsn", "999990044"),), PersonName(given="Bram", family="Vos"))
    dossier = replace(DOSSIER, id="HH-2", involvements=(Involvement("bram", "owner"),))
    await say(hub, dossier, bram)
    [row] = await rows(hub, "SELECT relation_id FROM party_record WHERE key = 'bram'")
    relation, begin = row["relation_id"], (await hub_events(hub, Level.full)).count(row["relation_id"].encode())
    await record_entry(
        hub, DESK, relation, EntryForm("commitment", {"subject": "Terugbellen"}, "licensing", due=TODAY + timedelta(days=1)), ""
    )
    await compute_alerts(hub, datetime.now(UTC))
    assert (await hub_events(hub, Level.full)).count(relation.encode()) > begin
    assert relation.encode() not in await hub_events(hub, Level.full, enforcement=Level.none)
    with pytest.raises(NotFound):
        await show_alerts(changed(hub, Level.full, enforcement=Level.none), DESK, relation, "/v1")


async def hub_events(hub: Hub, level: Level, **levels: Level) -> bytes:
    """All that the contact centre hears that sees so much."""
    following = with_activity(changed(hub, level, **levels), "answering-questions", follow=True)
    return await list_events(following, DESK, EventQuery(limit=1000), "/v1")


async def test_a_rule_for_one_organisation_is_news_to_no_other(hub: Hub) -> None:
    await raised(hub)
    before = hub.alerts.rules.rules["case-elsewhere"]
    hub.alerts.rules = replace(hub.alerts.rules, rules={"case-elsewhere": replace(before, organisations=frozenset({"Elders"}))})
    await compute_alerts(hub, datetime.now(UTC))
    await say(hub, case("enforcement", "T-1", "supervision", "Toezicht"))
    assert await raised(hub) == 0


async def test_how_far_behind_alerts_are_is_measured(hub: Hub) -> None:
    await compute_alerts(hub, datetime.now(UTC))
    await watch_sources(hub)
    assert metrics.alerts_behind._value.get() == 0
    await say(hub, case("enforcement", "T-1", "supervision", "Toezicht"))
    await watch_sources(hub)
    assert metrics.alerts_behind._value.get() > 0


async def test_whether_alerts_are_of_use_is_counted_by_rule_and_without_ids(hub: Hub) -> None:
    relation, counted = await anna(hub), metrics.alerts_followed.labels("case-elsewhere", "contact-moment")
    before = counted._value.get()
    await compute_alerts(hub, datetime.now(UTC))
    await record_entry(hub, DESK, relation, CALL, "")  # nobody of the department saw it
    assert counted._value.get() == before
    shown = metrics.alerts_shown.labels("case-elsewhere")
    seen = shown._value.get()
    [alert] = await alerts(hub)
    assert shown._value.get() == seen + 2  # in the list and in the view
    await record_entry(hub, DESK, relation, CALL, "")
    assert counted._value.get() == before + 1
    dismissed = metrics.alerts_dismissed.labels("case-elsewhere", "handled")
    done = dismissed._value.get()
    await dismiss_alert(hub, DESK, relation, alert["id"], DONE, "")
    assert dismissed._value.get() == done + 1


async def test_an_export_has_alerts_with_what_departments_did_and_no_officials(hub: Hub) -> None:
    relation = await anna(hub)
    [alert] = await alerts(hub)
    await dismiss_alert(hub, DESK, relation, alert["id"], replace(DONE, text="Gebeld met Handhaving."), "")
    id_, portal = "exp_" + "1" * 32, replace(asked("resident-portal", "informing-residents"), official="")
    await put_together(hub, id_, relation)
    opened = await open_export(hub, portal, id_, "export-content")
    export = orjson.loads(b"".join([piece async for piece in opened.content()]))
    page = b"".join([piece async for piece in rendered(opened)]).decode()
    assert "Ook een andere afdeling heeft een lopende zaak met u." in page
    assert "Gebeld met Handhaving." in page
    assert [(one["rule"], one["dismissals"][0]["text"], len(one["causes"])) for one in export["alerts"]] == [
        ("case-elsewhere", "Gebeld met Handhaving.", 2)
    ]
    assert "official-1" not in str(export["alerts"])


async def test_after_a_split_nothing_of_the_other_is_left_before_anything_is_computed(hub: Hub) -> None:
    relation = await anna(hub)
    assert rules(await alerts(hub)) == ["case-elsewhere"]
    await decide_match(hub, ("permits", "anna"), ("enforcement", "anna"), "different", "two people", "steward")
    for id_ in {relation, await anna(hub)}:
        assert orjson.loads((await show_alerts(hub, DESK, id_, "/v1")).body)["results"] == []
    assert await alerts(hub) == []
    assert await rows(hub, "SELECT FROM alert_cause") == []
    await decide_match(hub, ("permits", "anna"), ("enforcement", "anna"), "same", "one after all", "steward")
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_a_record_that_is_gone_is_no_cause_before_anything_is_computed(hub: Hub) -> None:
    await alerts(hub)
    await say(hub, None, source="enforcement", set_key="HH-1")
    assert orjson.loads((await show_alerts(hub, DESK, await anna(hub), "/v1")).body)["results"] == []
    assert await alerts(hub) == []
    assert await rows(hub, "SELECT FROM alert_cause") == []


async def test_rules_that_change_compute_everything_again(hub: Hub) -> None:
    assert rules(await alerts(hub)) == ["case-elsewhere"]
    before = hub.alerts.rules
    hub.alerts.rules = replace(before, version="other", rules={"commitment-due": before.rules["commitment-due"]})
    assert orjson.loads((await show_alerts(hub, DESK, await anna(hub), "/v1")).body)["results"] == []  # at once
    assert await alerts(hub) == []
    hub.alerts.rules = before
    assert rules(await alerts(hub)) == ["case-elsewhere"]


async def test_a_rule_is_told_to_the_organisations_that_it_is_for(hub: Hub) -> None:
    before = hub.alerts.rules
    only = replace(before.rules["case-elsewhere"], organisations=frozenset({"Elders"}))
    hub.alerts.rules = replace(before, rules={**before.rules, "case-elsewhere": only})
    assert await alerts(hub) == []


async def test_a_rebuild_gives_the_same_alerts(hub: Hub) -> None:
    await promise(hub, TODAY + timedelta(days=1))
    told, kept = await alerts(hub), await causes(hub)
    await rows(hub, "DELETE FROM alert_cause")
    await rebuild(hub)
    assert await causes(hub) == kept
    assert await alerts(hub) == told


async def causes(hub: Hub) -> list[tuple[Any, ...]]:
    """All that is kept, in an order that does not depend on when it was."""
    return [tuple(row) for row in await rows(hub, "SELECT * FROM alert_cause ORDER BY relation_id, rule, topic, side, number, via")]


async def test_what_has_passed_goes(hub: Hub) -> None:
    relation = await anna(hub)
    for _ in range(3):
        await record_entry(hub, DESK, relation, CALL, "")
    await alerts(hub)
    await drop_past_alerts(hub, datetime.now(UTC) + timedelta(days=31))
    assert {row["rule"] for row in await rows(hub, "SELECT rule FROM alert_cause")} == {"case-elsewhere"}


async def test_only_one_process_computes_at_a_time_and_all_is_taken_in(hub: Hub) -> None:
    await asyncio.gather(*(compute_alerts(hub, datetime.now(UTC)) for _ in range(3)))
    assert rules(await alerts(hub)) == ["case-elsewhere"]
    assert await compute_alerts(hub, datetime.now(UTC)) == 0


def test_every_rule_says_what_and_why() -> None:
    assert set(SAYS) == set(WHY) == set(RULES)
    assert all(len(why) > 40 for why in WHY.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[case-elsewhere]\nscore = 3", "case-elsewhere.score: unknown key"),
        ("[suspects]", "suspects: unknown key"),
        ("[unanswered-contacts]\ncount = 1", "unanswered-contacts.count"),
    ],
)
def test_a_file_that_says_what_is_not_known_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_alert_rules(file)


def test_a_rule_that_is_not_named_is_off_and_without_a_file_all_are(tmp_path: Path) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text("[commitment-due]\n[visits-meet]\non = false\n")
    assert set(load_alert_rules(file).rules) == {"commitment-due"}
    assert load_alert_rules(None).rules == {}
