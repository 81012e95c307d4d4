"""Who is the face of the organisation to a relation: set, handed over, ended, and turned to."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.exporting import api_of, content, exported
from tests.test_officials import HEAD, imported, officials
from tests.towns import NewDatabase, asked, by_contact_centre, by_enforcement, by_permits, headers_of, rows, seeing, with_activity

from relhub.domain.compartments import Level, Opening
from relhub.domain.record import CAPACITIES
from relhub.errors import ChangedMeanwhile, InvalidInput, NotAllowed, NotFound, WrongState
from relhub.services.asked import Asked, EventQuery, PageQuery, Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_events import list_events
from relhub.services.lookup_relation import lookup_relation
from relhub.services.purge import purge
from relhub.services.record_entry import EntryForm, To, record_entry
from relhub.services.set_manager import ManagerForm, set_manager, step_manager
from relhub.services.show_managers import list_managers
from relhub.services.step_entry import StepForm, step_entry
from relhub.services.view_relation import view_relation
from relhub.storage.compartments import keep_compartments
from relhub.storage.database import Database
from relhub.storage.relation_managers import forget_managers

BOS = ManagerForm("m.bos", "Relatiebeheer", "Heeft met drie afdelingen te maken.")
DESK = by_contact_centre()


@pytest.fixture
async def johanna(hub: Hub) -> str:
    return (await lookup_relation(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions())).relation_id


async def made(hub: Hub, relation: str, form: ManagerForm = BOS, who: Asked | None = None) -> dict[str, Any]:
    return dict(orjson.loads(await set_manager(hub, who or by_permits(), relation, form, "")))


async def listed(hub: Hub, who: Asked, relation: str) -> list[dict[str, Any]]:
    return list(orjson.loads((await list_managers(hub, who, relation, PageQuery(limit=100))).body)["results"])


async def in_summary(hub: Hub, who: Asked, relation: str) -> dict[str, Any] | None:
    view = orjson.loads((await view_relation(hub, who, relation, ViewOptions())).body)
    found: dict[str, Any] | None = view["summary"].get("relationManager")
    return found


async def test_who_is_set_shows_in_the_summary_and_the_list_and_among_the_officials(hub: Hub, johanna: str) -> None:
    assert await in_summary(hub, DESK, johanna) is None
    one = await made(hub, johanna)
    assert await in_summary(hub, DESK, johanna) == {"account": "m.bos", "department": "Relatiebeheer"}
    [shown] = await listed(hub, DESK, johanna)
    assert shown == one
    assert shown["setBy"] == {"department": "Vergunningen", "official": "official-1", "text": "Heeft met drie afdelingen te maken."}
    [official] = [each for each in (await officials(hub, DESK, johanna))["results"] if each.get("account") == "m.bos"]
    assert official["dealings"] == [{"part": "relation manager", "now": True}]


async def test_the_directory_says_how_to_reach_them_and_who_takes_over(hub: Hub, johanna: str, tmp_path: Path) -> None:
    away = "m.bos;M. Bos;Relatiebeheer;;030-1;m.bos@voorbeeld.example;;2020-01-01;;;k.vos\n"
    await imported(hub, tmp_path, HEAD + away + "k.vos;K. Vos;Relatiebeheer;;030-2;;;;;;\n")
    await made(hub, johanna, ManagerForm("m.bos"))
    assert await in_summary(hub, DESK, johanna) == {
        "account": "m.bos",
        "name": "M. Bos",
        "department": "Relatiebeheer",
        "phone": "030-1",
        "email": "m.bos@voorbeeld.example",
        "away": {"from": "2020-01-01"},
        "takesOver": {"account": "k.vos", "name": "K. Vos", "department": "Relatiebeheer", "phone": "030-2"},
    }


async def test_handed_over_it_is_another_and_who_was_it_is_kept(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    other = orjson.loads(
        await step_manager(hub, by_permits(), johanna, one["id"], "handed-over", ManagerForm("k.vos", "Relatiebeheer"), one["id"], "")
    )
    now, before = await listed(hub, DESK, johanna)
    assert (now["id"], now["account"], before["account"], before["now"]) == (other["id"], "k.vos", "m.bos", False)
    ended = orjson.loads(await step_manager(hub, by_permits(), johanna, other["id"], "ended", ManagerForm(text="Niet meer nodig"), "*", ""))
    assert ended["endedBy"]["text"] == "Niet meer nodig"
    assert await in_summary(hub, DESK, johanna) is None
    assert len(await listed(hub, DESK, johanna)) == 2


async def test_of_the_whole_and_of_each_capacity_there_is_one_at_most(hub: Hub, johanna: str) -> None:
    await made(hub, johanna)
    await made(hub, johanna, replace(BOS, capacity="licensing"))
    with pytest.raises(WrongState, match="There is one already"):
        await made(hub, johanna)
    both = await asyncio.gather(*(made(hub, johanna, replace(BOS, capacity="advice")) for _ in range(2)), return_exceptions=True)
    assert sorted(isinstance(outcome, WrongState) for outcome in both) == [False, True]


async def test_a_change_names_who_it_has_seen_or_is_shown_who_it_is_now(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    await step_manager(hub, by_permits(), johanna, one["id"], "handed-over", ManagerForm("k.vos", "Relatiebeheer"), "*", "")
    with pytest.raises(ChangedMeanwhile) as raised:
        await step_manager(hub, by_permits(), johanna, one["id"], "ended", ManagerForm(), one["id"], "")
    assert orjson.loads(raised.value.present)["account"] == "k.vos"
    with pytest.raises(WrongState, match="ended already"):
        await step_manager(hub, by_permits(), johanna, one["id"], "ended", ManagerForm(), "*", "")


async def test_a_change_that_is_sent_again_gets_the_same_answer_also_at_existence(hub: Hub, johanna: str) -> None:
    levels = tuple(Opening(Level.existence, frozenset({capacity})) for capacity in CAPACITIES)
    low = with_activity(hub, "permit-handling", openings=levels)
    one = await made(low, johanna)
    twice = [await step_manager(low, by_permits(), johanna, one["id"], "ended", ManagerForm(), one["id"], "a-key") for _ in range(2)]
    assert twice[0] == twice[1]


async def test_who_ends_it_is_answered_with_their_own_words_and_not_with_those_of_who_set_it(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    somebody_else = replace(by_permits(), official="official-2")
    with pytest.raises(ChangedMeanwhile) as meanwhile:
        await step_manager(hub, somebody_else, johanna, one["id"], "ended", ManagerForm(), "mgr_x", "")
    ended = orjson.loads(await step_manager(hub, somebody_else, johanna, one["id"], "ended", ManagerForm(text="Niet meer nodig"), "*", ""))
    assert ("text" in ended["setBy"], ended["endedBy"]["text"]) == (False, "Niet meer nodig")
    assert BOS.text not in str(meanwhile.value.__dict__)


async def test_who_may_say_so_is_in_the_access_rules_and_takes_an_occasion(hub: Hub, johanna: str) -> None:
    with pytest.raises(NotAllowed, match="manage = true"):
        await made(hub, johanna, who=DESK)
    with pytest.raises(NotAllowed):
        await made(hub, johanna, who=by_permits("none"))
    one = await made(hub, johanna)
    with pytest.raises(NotAllowed, match="manage = true"):
        await step_manager(hub, by_enforcement(), johanna, one["id"], "ended", ManagerForm(), "*", "")
    with pytest.raises(InvalidInput, match=r"body department"):
        await made(hub, johanna, ManagerForm("x", "Nergens", capacity="advice"))
    with pytest.raises(NotFound):
        await step_manager(hub, by_permits(), johanna, "mgr_" + "0" * 32, "ended", ManagerForm(), "*", "")


async def test_one_in_a_capacity_is_seen_by_who_sees_that_capacity_and_one_of_the_whole_by_who_sees_any(hub: Hub, johanna: str) -> None:
    await made(hub, johanna)
    await made(hub, johanna, replace(BOS, capacity="enforcement"))
    none = seeing(hub, Level.none, licensing=Level.full, enforcement=Level.referral)
    assert [one.get("capacity") for one in await listed(none, DESK, johanna)] == [None]
    some = seeing(hub, Level.none, licensing=Level.full, enforcement=Level.existence)
    assert {one.get("capacity") for one in await listed(some, DESK, johanna)} == {None, "enforcement"}
    only = seeing(hub, Level.referral)
    assert await listed(only, DESK, johanna) == []
    assert await in_summary(only, DESK, johanna) is None


async def test_an_organisation_can_keep_it_from_others_by_its_kind(hub: Hub, johanna: str) -> None:
    await made(hub, johanna)
    closed = Opening(Level.none, frozenset(CAPACITIES), kinds=frozenset({"relation-manager"}), confidentiality="zeer_geheim")
    levels = (closed, Opening(Level.full, frozenset(CAPACITIES)))
    assert await listed(with_activity(hub, "answering-questions", openings=levels), DESK, johanna) == []


async def test_who_was_it_is_told_from_summary_on(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    await step_manager(hub, by_permits(), johanna, one["id"], "ended", ManagerForm(), "*", "")
    assert len(await listed(seeing(hub, Level.summary), DESK, johanna)) == 1
    assert await listed(seeing(hub, Level.existence), DESK, johanna) == []


async def test_why_somebody_is_it_is_told_from_summary_on_and_with_non_disclosure_to_who_may_know_what_that_hides(
    hub: Hub, johanna: str
) -> None:
    await made(hub, johanna)
    for level, said in ((Level.existence, None), (Level.summary, BOS.text)):
        [one] = await listed(seeing(hub, level), DESK, johanna)
        assert (one["account"], one["setBy"]["official"], one["setBy"].get("text")) == ("m.bos", "official-1", said)
    async with hub.database.begin() as store:
        await store.driver.execute("UPDATE relation SET non_disclosure = true WHERE id = $1", johanna)
    [one] = await listed(with_activity(hub, "answering-questions", groups=frozenset()), DESK, johanna)
    assert "text" not in one["setBy"]


QUESTION = EntryForm("task", {"kind": "question", "subject": "Straat", "text": "Blijft de straat open?"}, "licensing")


async def test_a_task_is_handed_over_to_who_is_the_relation_manager_now_or_takes_over(hub: Hub, johanna: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nobody that you may know of"):
        await record_entry(hub, DESK, johanna, replace(QUESTION, to=To(relation_manager=True)), "")
    await made(hub, johanna)
    await made(hub, johanna, ManagerForm("p.dam", "Vergunningen", capacity="licensing"))
    task = orjson.loads(await record_entry(hub, DESK, johanna, replace(QUESTION, to=To("Klantcontact")), ""))
    handed = await step_entry(hub, DESK, "task", task["id"], StepForm("handed-over", to=To(relation_manager=True)), "*", "")
    assert orjson.loads(handed.body)["assignedTo"] == {
        "department": "Vergunningen",
        "official": "p.dam",
    }  # of this capacity before the whole
    away = "m.bos;M. Bos;Relatiebeheer;;;;;2020-01-01;;;k.vos\nk.vos;K. Vos;Handhaving;;;;;;;;\n"
    await imported(hub, tmp_path, HEAD + away)
    other = await record_entry(hub, DESK, johanna, replace(QUESTION, capacity="project", to=To(relation_manager=True)), "")
    assert orjson.loads(other)["assignedTo"] == {"department": "Handhaving", "official": "k.vos"}


async def test_to_hand_over_to_the_relation_manager_takes_an_occasion(hub: Hub, johanna: str) -> None:
    """Or who once had a task of somebody would learn ever after who is it."""
    await made(hub, johanna)
    task = orjson.loads(await record_entry(hub, DESK, johanna, replace(QUESTION, to=To("Vergunningen")), ""))
    hand_over = StepForm("handed-over", to=To(relation_manager=True))
    with pytest.raises(NotAllowed):
        await step_entry(hub, by_permits("none"), "task", task["id"], hand_over, "*", "")
    handed = await step_entry(hub, by_permits(f"task:{task['id']}"), "task", task["id"], hand_over, "*", "")
    assert orjson.loads(handed.body)["assignedTo"] == {"department": "Relatiebeheer", "official": "m.bos"}


async def test_after_a_merge_the_one_of_the_relation_itself_goes_first_and_undone_each_has_its_own(hub: Hub, johanna: str) -> None:
    [other] = await rows(hub, "SELECT id FROM relation WHERE id <> $1 AND retired_at IS NULL ORDER BY id LIMIT 1", johanna)
    await made(hub, johanna)
    await rows(hub, "UPDATE relation_manager SET relation_id = $1", other["id"])
    await made(hub, johanna, ManagerForm("k.vos", "Relatiebeheer"))
    await rows(hub, "UPDATE relation SET merged_into = $2, retired_at = now() WHERE id = $1", other["id"], johanna)
    assert [one["account"] for one in await listed(hub, DESK, johanna)] == ["k.vos", "m.bos"]
    assert (await in_summary(hub, DESK, johanna) or {})["account"] == "k.vos"
    await rows(hub, "UPDATE relation SET merged_into = NULL, retired_at = NULL WHERE id = $1", other["id"])
    assert [one["account"] for one in await listed(hub, DESK, johanna)] == ["k.vos"]


async def test_whoever_may_see_it_hears_that_the_relation_changed(hub: Hub, johanna: str) -> None:
    following = asked("permits-desk", "following-changes")
    await made(hub, johanna, replace(BOS, capacity="licensing"))
    start = orjson.loads(await list_events(hub, following, EventQuery(start="now"), "/v1"))["next"]
    await made(hub, johanna)
    heard = orjson.loads(await list_events(hub, following, EventQuery(cursor=start), "/v1"))["results"]
    assert [event["subject"] for event in heard] == [johanna]
    levels = (Opening(Level.summary, frozenset({"policy"}), kinds=frozenset({"nota"})),)
    deaf = with_activity(hub, "following-changes", openings=levels)
    assert orjson.loads(await list_events(deaf, following, EventQuery(cursor=start), "/v1"))["results"] == []


async def test_in_the_export_of_the_one_it_is_about_there_is_the_department_and_no_name(hub: Hub, johanna: str) -> None:
    await made(hub, johanna)
    async with api_of(hub) as api:
        [told] = (await content(api, await exported(hub, api, johanna)))["relationManagers"]
    assert told.keys() == {"department", "from"}


async def test_who_was_it_is_forgotten_in_its_time_and_who_is_it_stays(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    await step_manager(hub, by_permits(), johanna, one["id"], "handed-over", ManagerForm("k.vos", "Relatiebeheer"), "*", "")
    async with hub.database.begin() as store:
        assert await forget_managers(store, datetime.now(UTC) - timedelta(1)) == 0
    found = await purge(hub, now=datetime.now(UTC) + timedelta(1827))
    assert "relation managers: 1" in found.lines()
    assert [each["account"] for each in await listed(hub, DESK, johanna)] == ["k.vos"]


async def test_of_a_relation_that_ended_it_is_forgotten_who_was_it(hub: Hub, johanna: str) -> None:
    await made(hub, johanna)
    await rows(hub, "UPDATE relation SET retired_at = now() - interval '2 days' WHERE id = $1", johanna)
    async with hub.database.begin() as store:
        assert await forget_managers(store, datetime.now(UTC) - timedelta(1)) == 1


async def test_each_change_is_one_row_of_the_log_refused_or_not(hub: Hub, johanna: str) -> None:
    one = await made(hub, johanna)
    with pytest.raises(WrongState):
        await made(hub, johanna)
    await step_manager(hub, by_permits(), johanna, one["id"], "ended", ManagerForm(), "*", "")
    found = await rows(hub, "SELECT operation, outcome FROM consultation_log WHERE operation LIKE '%manager%' ORDER BY at")
    assert [tuple(row) for row in found] == [("set-manager", "set"), ("set-manager", "refused"), ("manager-step", "ended")]


async def test_over_http_a_change_without_what_was_seen_is_refused(api: Any, hub: Hub, johanna: str) -> None:
    headers = headers_of(by_permits()) | {"Idempotency-Key": "once"}
    body = {"official": "m.bos", "department": "Relatiebeheer"}
    first = await api.post(f"/v1/relations/{johanna}/managers", headers=headers, json=body)
    again = await api.post(f"/v1/relations/{johanna}/managers", headers=headers, json=body)
    assert (first.status_code, first.content, first.headers["etag"]) == (201, again.content, f'"{first.json()["id"]}"')
    steps = f"/v1/relations/{johanna}/managers/{first.json()['id']}/steps"
    assert (await api.post(steps, headers=headers_of(by_permits()), json={"step": "ended"})).status_code == 400
    for no_tag in ("mgr_x", "{}", '"a", "b"'):
        refused = await api.post(steps, headers=headers_of(by_permits()) | {"If-Match": no_tag}, json={"step": "ended"})
        assert (refused.status_code, refused.json()["errors"][0]["location"]) == (400, "header If-Match")
    for no_match in ('W/"mgr_x"', '"*"'):
        changed = await api.post(steps, headers=headers_of(by_permits()) | {"If-Match": no_match}, json={"step": "ended"})
        assert changed.status_code == 412
    wrong = await api.post(steps, headers=headers_of(by_permits()) | {"If-Match": '"mgr_x"'}, json={"step": "ended"})
    assert (wrong.status_code, wrong.json()["present"]["account"]) == (412, "m.bos")
    right = await api.post(steps, headers=headers_of(by_permits()) | {"If-Match": first.headers["etag"]}, json={"step": "ended"})
    assert (right.status_code, right.json()["now"]) == (200, False)


async def test_two_who_make_the_same_compartment_at_once_both_get_it(new_database: NewDatabase, empty_template: str) -> None:
    """Of two transactions the later one waits: else it fails, or an id is passed over for good."""
    database = Database(await new_database(empty_template), pool_size=2)
    key = ("permits", "licensing", "nieuw", "intern")

    async def later() -> dict[Any, int]:
        async with database.begin() as store:
            return await keep_compartments(store, [key])  # type: ignore[list-item]  # a Capacity

    async with database.begin() as store:
        mine = await keep_compartments(store, [key])  # type: ignore[list-item]
        waiting = asyncio.create_task(later())
        await asyncio.sleep(0.2)
    assert await waiting == mine
    await database.close()
