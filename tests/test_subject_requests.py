"""What the one it is about asks: contesting a link, correction, and who may make, see and decide it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import orjson
import pytest
from tests.rights_world import NOW, Drawn, Later, Setting, build, case_set, open_hub
from tests.test_break_glass import listening
from tests.towns import asked, computed_columns, rows

from relhub.domain.subject_requests import due, follows
from relhub.errors import InvalidInput, KeyReused, NotAllowed, NotFound, WrongState
from relhub.services.asked import RequestQuery, ViewOptions
from relhub.services.decide_access import Access
from relhub.services.decide_request import decide_request
from relhub.services.hub import Hub
from relhub.services.make_request import RequestForm, make_request
from relhub.services.read_sets import replace as replace_records
from relhub.services.rebuild import rebuild
from relhub.services.show_requests import list_requests, show_request
from relhub.services.tell_privacy_officer import tell_waiting
from relhub.services.view_relation import view_relation

PORTAL = replace(asked("resident-portal", "informing-residents"), official="")
OFFICER = asked("privacy-officer", "subject-requests")
ANNA = Drawn("p", "anna", "999990019", "", secret=False)
AT_A, AT_B, ALSO_AT_A = ("copy-a", "p"), ("copy-b", "r"), ("copy-a", "q")
CASES = [
    ("copy-a", "licensing", "vergunning", "", "open", "Klantcontact", "", [ANNA]),
    ("copy-b", "enforcement", "dwangsom", "", "open", "Klantcontact", "", [replace(ANNA, key="r")]),
    ("copy-a", "policy", "vergunning", "", "open", "Handhaving", "", [replace(ANNA, key="q")]),
]
CONTEST = RequestForm("contest", "Dit ben ik niet.", record=AT_B)
WRONG_ADDRESS = RequestForm("correction", "Ik woon daar niet meer.", record=AT_A, field="addresses")


@pytest.fixture
async def hub(empty_url: str) -> AsyncIterator[Hub]:
    """Three records of Anna in two sources are one relation."""
    opened = open_hub(empty_url, Setting())
    await build(opened, CASES, [])
    yield opened
    await opened.database.close()


async def relation_of(hub: Hub, name: tuple[str, str]) -> str:
    [row] = await rows(hub, "SELECT DISTINCT relation_id FROM party_record WHERE (source, key) = ($1, $2)", *name)
    return str(row["relation_id"])


async def make(hub: Hub, form: RequestForm, key: str = "") -> str:
    """The id of the request, made for the relation that Anna's first record is in."""
    return str(orjson.loads(await make_request(hub, PORTAL, await relation_of(hub, AT_A), form, key))["id"])


async def flags(hub: Hub, relation_id: str) -> list[str]:
    found: list[str] = orjson.loads((await view_relation(hub, PORTAL, relation_id, ViewOptions())).body)["party"]["flags"]
    return found


async def test_a_contested_record_is_set_apart_at_once_and_both_sides_say_that_it_is_contested(hub: Hub) -> None:
    await make(hub, CONTEST)
    apart, others = await relation_of(hub, AT_B), await relation_of(hub, AT_A)
    assert apart != others == await relation_of(hub, ALSO_AT_A)
    assert await flags(hub, apart) == await flags(hub, others) == ["contested"]


async def test_granted_it_stays_apart_through_pulls_and_rebuilds_and_is_contested_no_longer(hub: Hub) -> None:
    request = await make(hub, CONTEST)
    await decide_request(hub, OFFICER, request, "granted", "U heeft gelijk.", "")
    source, set_key, records = case_set(4, ("copy-b", "advice", "vergunning", "", "open", "Klantcontact", "", [replace(ANNA, key="r")]))
    async with hub.database.begin() as store:
        await store.lock_resolve()
        await replace_records(store, hub, source, {set_key: records}, NOW)
    await rebuild(hub)
    apart, others = await relation_of(hub, AT_B), await relation_of(hub, AT_A)
    assert apart != others
    assert await flags(hub, apart) == await flags(hub, others) == []


async def test_refused_everything_is_as_if_it_had_never_been_contested(hub: Hub) -> None:
    async with hub.database.begin() as store:
        before = await computed_columns(store)
    await decide_request(hub, OFFICER, await make(hub, CONTEST), "refused", "Dit bent u wel.", "")
    async with hub.database.begin() as store:
        after = await computed_columns(store)
    assert after[:-1] == before[:-1]
    assert [relation for relation in after[-1] if relation[2] is None] == before[-1]  # the other id that there was for a while leads on


async def test_a_decision_of_a_steward_that_was_contested_holds_again_when_that_is_refused(empty_url: str) -> None:
    """Two records without a number in common, which a steward said are one."""
    hub = open_hub(empty_url, Setting())
    strangers = [
        CASES[0],
        ("copy-b", "enforcement", "dwangsom", "", "open", "Klantcontact", "", [Drawn("r", "anna", "", "", secret=False)]),
    ]
    await build(hub, strangers, [Later(0, None, (AT_A, AT_B, "same"))])
    request = await make(hub, CONTEST)
    assert await relation_of(hub, AT_B) != await relation_of(hub, AT_A)
    await decide_request(hub, OFFICER, request, "refused", "Dit bent u wel.", "")
    assert await relation_of(hub, AT_B) == await relation_of(hub, AT_A)
    [row] = await rows(hub, "SELECT verdict, decided_by FROM decision WHERE withdrawn_at IS NULL")
    assert (row["verdict"], row["decided_by"]) == ("same", "steward")
    await hub.database.close()


async def test_who_contests_a_record_learns_nothing_of_records_that_may_not_be_seen(hub: Hub) -> None:
    """One that is linked with withheld records only is contested in the same way as one that is linked with none."""
    with pytest.raises(InvalidInput, match="body record: is no record of this relation"):
        await make(hub, RequestForm("contest", "Dit ben ik niet.", record=("copy-a", "z")))


async def test_a_correction_goes_to_the_owner_of_the_source_and_tells_when_that_says_otherwise(hub: Hub) -> None:
    async with listening() as (owner, address):
        sources = {
            name: source.model_copy(update={"tell_corrections": address if name == "copy-a" else ""})
            for name, source in hub.sources.items()
        }
        hub = replace(hub, sources=sources)
        request = await make(hub, WRONG_ADDRESS)
        assert await tell_waiting(hub) == 1
    [told] = owner.told
    assert (told["kind"], told["request"], told["sort"], told["source"]) == ("subject-request", request, "correction", "copy-a")
    assert "Ik woon daar niet meer" not in str(told)
    shown = orjson.loads(await show_request(hub, OFFICER, request))
    assert (shown["words"], shown["changedSince"]) == ("Ik woon daar niet meer.", False)
    await rows(hub, "UPDATE party_record SET body = body || '{\"phones\": []}' WHERE (source, key) = ('copy-a', 'p')")
    assert orjson.loads(await show_request(hub, OFFICER, request))["changedSince"]


async def test_of_what_has_no_owner_to_be_told_the_privacy_officer_is(hub: Hub) -> None:
    async with listening() as (officer, address):
        rules = replace(hub.access.rules, tell=address)
        hub = replace(hub, access=Access(rules, hub.sources, {name: adapter.capacities for name, adapter in hub.adapters.items()}))
        await make(hub, WRONG_ADDRESS)
        await make(hub, CONTEST)
        assert await tell_waiting(hub) == 2
    assert [told["sort"] for told in officer.told] == ["correction", "contest"]


async def test_an_owner_that_can_not_be_reached_does_not_keep_others_from_being_told(hub: Hub) -> None:
    async with listening() as (officer, address):
        sources = {**hub.sources, "copy-a": hub.sources["copy-a"].model_copy(update={"tell_corrections": "http://127.0.0.1:9/"})}
        rules = replace(hub.access.rules, tell=address)
        access = Access(rules, sources, {name: adapter.capacities for name, adapter in hub.adapters.items()})
        hub = replace(hub, sources=sources, access=access)
        await make(hub, WRONG_ADDRESS)
        await make(hub, CONTEST)
        assert await tell_waiting(hub) == 1
    assert [told["sort"] for told in officer.told] == ["contest"]


async def test_what_is_asked_and_answered_is_kept_sealed(hub: Hub) -> None:
    request = await make(hub, WRONG_ADDRESS)
    await decide_request(hub, OFFICER, request, "granted", "Het is verbeterd.", "")
    [row] = await rows(hub, "SELECT words, answer FROM subject_request")
    assert b"woon" not in row["words"] + row["answer"]
    shown = orjson.loads(await show_request(hub, PORTAL, request))
    assert (shown["words"], shown["answer"], shown["state"]) == ("Ik woon daar niet meer.", "Het is verbeterd.", "granted")


async def test_the_same_key_makes_one_request(hub: Hub) -> None:
    first, again = await asyncio.gather(make(hub, WRONG_ADDRESS, "a-key"), make(hub, WRONG_ADDRESS, "a-key"))
    assert first == again
    with pytest.raises(KeyReused):
        await make(hub, RequestForm("restriction", "Ik wil dit niet."), "a-key")
    assert len(await rows(hub, "SELECT FROM subject_request")) == 1


async def test_making_seeing_and_deciding_are_rights_of_their_own(hub: Hub) -> None:
    request = await make(hub, WRONG_ADDRESS)
    relation, desk = await relation_of(hub, AT_A), asked("contact-centre", "answering-questions")
    with pytest.raises(NotAllowed, match="make_requests = true"):
        await make_request(hub, desk, relation, WRONG_ADDRESS, "")
    with pytest.raises(NotAllowed, match="handle_requests = true"):
        await list_requests(hub, desk, RequestQuery())
    with pytest.raises(NotAllowed, match="handle_requests = true"):
        await show_request(hub, desk, request)
    with pytest.raises(NotAllowed, match="handle_requests = true"):
        await decide_request(hub, desk, request, "granted", "Akkoord.", "")
    with pytest.raises(NotAllowed, match="may only withdraw"):
        await decide_request(hub, PORTAL, request, "granted", "Akkoord.", "")
    await decide_request(hub, PORTAL, request, "withdrawn", "Het was toch goed.", "")


async def test_a_request_of_another_portal_or_to_another_organisation_is_as_one_that_is_not_there(hub: Hub) -> None:
    request = await make(hub, WRONG_ADDRESS)
    for who in (
        replace(PORTAL, consumer=replace(PORTAL.consumer, name="another")),
        replace(OFFICER, consumer=replace(OFFICER.consumer, organisation="Elders")),
    ):
        with pytest.raises(NotFound):
            await show_request(hub, who, request)
        with pytest.raises(NotFound):
            await decide_request(hub, who, request, "withdrawn", "Toch niet.", "")
    elsewhere = await list_requests(hub, replace(OFFICER, consumer=replace(OFFICER.consumer, organisation="Elders")), RequestQuery())
    assert orjson.loads(elsewhere)["results"] == []


async def test_the_list_begins_with_what_is_due_first_and_goes_on_where_it_was(hub: Hub) -> None:
    made = [await make(hub, WRONG_ADDRESS), await make(hub, RequestForm("correction", "Dit klopt niet.", case=("copy-b", "C-1")))]
    await decide_request(hub, OFFICER, made[0], "extended", "Het kost meer tijd.", "")
    first = orjson.loads(await list_requests(hub, OFFICER, RequestQuery(state="open", limit=1)))
    second = orjson.loads(await list_requests(hub, OFFICER, RequestQuery(state="open", limit=1, cursor=first["next"])))
    assert [page["results"][0]["id"] for page in (first, second)] == [made[1], made[0]]
    assert second["next"] is None
    assert "words" not in first["results"][0]


async def test_every_look_at_a_request_and_every_decision_is_logged_with_the_relation(hub: Hub) -> None:
    request = await make(hub, WRONG_ADDRESS)
    relation = await relation_of(hub, AT_A)
    await show_request(hub, OFFICER, request)
    await decide_request(hub, OFFICER, request, "granted", "Akkoord.", "")
    with pytest.raises(WrongState, match="This request is granted; what can follow is: nothing"):
        await decide_request(hub, OFFICER, request, "refused", "Toch niet.", "")
    logged = await rows(hub, "SELECT operation, outcome, relation_ids FROM consultation_log ORDER BY id DESC LIMIT 4")
    assert [(row["operation"], row["outcome"]) for row in reversed(logged)] == [
        ("subject-request", "made"),
        ("subject-request", "shown"),
        ("subject-request-decision", "granted"),
        ("subject-request-decision", "refused"),
    ]
    assert all(row["relation_ids"] == [relation] for row in logged)


def test_a_request_is_due_within_a_month_and_in_three_when_it_is_extended() -> None:
    assert due(date(2026, 1, 31)) == date(2026, 2, 28)
    assert due(due(date(2026, 11, 25)), 2) == date(2027, 2, 25)


def test_what_can_follow_depends_on_state_and_sort() -> None:
    assert follows("restriction", "granted", "ended", extended=False) == "ended"
    assert follows("correction", "open", "extended", extended=False) == "open"
    for sort, state, outcome, extended in (("correction", "granted", "ended", False), ("contest", "open", "extended", True)):
        with pytest.raises(WrongState):
            follows(sort, state, outcome, extended=extended)  # type: ignore[arg-type]  # of a test


async def test_what_is_answered_is_forgotten_after_a_time_and_what_still_holds_is_not(hub: Hub) -> None:
    from relhub.storage.subject_requests import forget_requests

    restriction = await make(hub, RequestForm("restriction", "Ik wil dit niet."))
    for request in (await make(hub, WRONG_ADDRESS), restriction):
        await decide_request(hub, OFFICER, request, "granted", "Akkoord.", "")
    async with hub.database.begin() as store:
        assert await forget_requests(store, datetime.now(UTC)) == 1
    assert [row["id"] for row in await rows(hub, "SELECT id FROM subject_request")] == [restriction]
