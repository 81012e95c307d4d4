"""Restriction and objection: from the moment that they are asked for nothing is shown, on any path, to who may not use it all the same."""

from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
from tests.rights_world import NOW, OUR, Drawn, Setting, answers, build, case_set, open_hub, paths, ruled
from tests.towns import asked, computed_columns, rows, with_activity

from relhub.domain.access import FIELD_GROUPS
from relhub.domain.compartments import Level, Opening
from relhub.domain.marks import bars, objections
from relhub.domain.record import CAPACITIES
from relhub.errors import NotFound, Restricted
from relhub.services.asked import EventQuery, ViewOptions
from relhub.services.decide_request import decide_request
from relhub.services.hub import Hub
from relhub.services.list_events import list_events
from relhub.services.make_request import RequestForm, make_request
from relhub.services.read_sets import replace as replace_records
from relhub.services.rebuild import rebuild
from relhub.services.view_relation import view_relation

PORTAL = replace(asked("resident-portal", "informing-residents"), official="")
OFFICER = asked("privacy-officer", "subject-requests")
DESK = asked("contact-centre", "answering-questions")
ANNA = Drawn("p", "anna", "999990019", "", secret=False)
BRAM = Drawn("q", "bram", "999990044", "", secret=False)
ANNAS_CASE = ("copy-a", "licensing", "vergunning", "", "open", "Klantcontact", "", [ANNA])
THEIR_CASE = ("copy-b", "enforcement", "dwangsom", "", "open", "Klantcontact", "", [BRAM, replace(ANNA, key="r")])
BRAMS_CASE = ("copy-a", "policy", "vergunning", "", "open", "Handhaving", "", [BRAM])
RESTRICTION = RequestForm("restriction", "Ik wil dit eerst laten uitzoeken.")


@pytest.fixture
async def hub(empty_url: str) -> AsyncIterator[Hub]:
    """Anna is in cases 0 and 1, Bram in 1 and 2; the contact centre sees all of it in full."""
    opened = open_hub(empty_url, Setting())
    await build(opened, [ANNAS_CASE, THEIR_CASE, BRAMS_CASE], [])
    everything = (Opening(Level.full, frozenset(CAPACITIES), organisations=frozenset({OUR}), confidentiality="zeer_geheim"),)
    yield ruled(opened, everything, frozenset(FIELD_GROUPS), Setting())
    await opened.database.close()


async def id_of(hub: Hub, display: str) -> str:
    [row] = await rows(hub, "SELECT DISTINCT relation_id FROM party_record WHERE display = $1", display)
    return str(row["relation_id"])


async def anna(hub: Hub) -> str:
    return await id_of(hub, "A. Berg")


async def ask(hub: Hub, relation_id: str, form: RequestForm = RESTRICTION) -> str:
    """The id of the request."""
    return str(orjson.loads(await make_request(hub, PORTAL, relation_id, form, ""))["id"])


async def everything(hub: Hub) -> dict[str, str]:
    """What every path to everything answers the contact centre."""
    return await answers(hub, await paths(hub, "none", OUR))


async def test_the_view_is_refused_in_words_that_say_why_and_what_to_do(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation)
    with pytest.raises(Restricted, match=r"AVG art\. 18 or 21.*ask relatiecoordinator@"):
        await view_relation(hub, DESK, relation, ViewOptions())
    [row] = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["outcome"], row["relation_ids"], row["records"]) == ("restricted", [relation], [])


async def test_who_may_see_nothing_of_someone_is_not_told_that_they_are_restricted(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation)
    with pytest.raises(NotFound):
        await view_relation(with_activity(hub, "answering-questions", openings=()), DESK, relation, ViewOptions())


async def test_an_activity_that_may_use_what_is_restricted_sees_it_with_the_mark(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation)
    view = await view_relation(with_activity(hub, "answering-questions", restricted=True), DESK, relation, ViewOptions())
    assert orjson.loads(view.body)["party"]["flags"] == ["restriction"]


async def test_no_path_tells_anything_of_someone_whose_data_is_restricted(hub: Hub) -> None:
    relation = await anna(hub)
    before = await everything(hub)
    await ask(hub, relation)
    after = await everything(hub)
    for mine in (relation, "Anna", "Berg", "1980-02-17", "title 0", "title 1", "finding 1", "copy-b/C-1"):
        assert any(mine in answer for answer in before.values()), f"{mine}: so that this test can fail"
        assert not [path for path, answer in after.items() if mine in answer], mine


async def test_of_a_case_that_somebody_restricted_is_in_others_see_only_that_it_is_there(hub: Hub) -> None:
    await ask(hub, await anna(hub))
    view = orjson.loads((await view_relation(hub, DESK, await id_of(hub, "B. Vries"), ViewOptions())).body)
    assert [case["level"] for case in view["cases"]["items"]] == ["full", "existence"]
    assert view["summary"]["openCases"] == 2


async def test_when_the_request_is_refused_every_path_answers_as_if_it_had_never_been(hub: Hub) -> None:
    before = await everything(hub)
    request = await ask(hub, await anna(hub))
    await decide_request(hub, OFFICER, request, "refused", "Wij hebben deze gegevens nodig.", "")
    after = await everything(hub)
    events = [
        path for path in after if path.startswith(("list_events", "told_of", "deliveries_of"))
    ]  # it was told that something changed, twice
    assert {path: answer for path, answer in after.items() if path not in events} == {
        path: answer for path, answer in before.items() if path not in events
    }


async def test_who_follows_changes_hears_when_a_restriction_ends(hub: Hub) -> None:
    relation = await anna(hub)
    request = await ask(hub, relation)
    assert relation not in (await list_events(hub, DESK, EventQuery(), "/v1")).decode()
    await decide_request(hub, OFFICER, request, "granted", "Akkoord.", "")
    await decide_request(hub, OFFICER, request, "ended", "Het is uitgezocht.", "")
    assert relation in (await list_events(hub, DESK, EventQuery(), "/v1")).decode()


async def test_an_objection_to_one_activity_closes_it_for_that_one_only(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation, RequestForm("objection", "Hier wil ik niet mee gemoeid worden.", activities=("project-stakeholders",)))
    view = await view_relation(hub, DESK, relation, ViewOptions())
    assert orjson.loads(view.body)["party"]["flags"] == []  # of an objection to another activity nothing is told
    await ask(hub, relation, RequestForm("objection", "Ook hier niet.", activities=("answering-questions",)))
    with pytest.raises(Restricted):
        await view_relation(hub, DESK, relation, ViewOptions())


async def test_an_objection_that_names_no_activity_is_to_all(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation, RequestForm("objection", "Ik wil dit niet."))
    with pytest.raises(Restricted):
        await view_relation(hub, DESK, relation, ViewOptions())


async def test_a_mark_stays_with_the_party_whatever_its_sources_say_next(hub: Hub) -> None:
    relation = await anna(hub)
    await ask(hub, relation)
    more = ("leaf-c", "advice", "dwangsom", "", "open", "Klantcontact", "", [ANNA])  # a third source knows her
    for at, said in ((0, ("copy-a", "licensing", "dwangsom", "", "closed", "Handhaving", "", [ANNA])), (3, more)):
        source, set_key, records = case_set(at, said)
        async with hub.database.begin() as store:
            await store.lock_resolve()
            await replace_records(store, hub, source, {set_key: records}, NOW)
    assert [row["marks"] for row in await rows(hub, "SELECT marks FROM case_record ORDER BY case_id")] == [["restriction"]] * 2 + [
        None,
        ["restriction"],
    ]
    with pytest.raises(Restricted):
        await view_relation(hub, DESK, relation, ViewOptions())


async def test_a_rebuild_gives_the_same_marks(hub: Hub) -> None:
    await ask(hub, await anna(hub))
    async with hub.database.begin() as store:
        before = await computed_columns(store)
    await rebuild(hub)
    async with hub.database.begin() as store:
        assert await computed_columns(store) == before


def test_an_objection_bars_the_activity_that_it_names_or_all() -> None:
    assert set(objections(["a"])) & set(bars("a"))
    assert not set(objections(["a"])) & set(bars("b"))
    assert set(objections([])) & set(bars("b"))
