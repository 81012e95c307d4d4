"""ETag and 304: an answer that says the same has the same tag, and asking again is a consultation too."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx2
import pytest
from tests.towns import KEYS, by_permits, headers_of, rows

from relhub.demo import RunningTown
from relhub.services.asked import Reference, ViewOptions
from relhub.services.hub import Hub
from relhub.services.lookup_relation import lookup_relation
from relhub.services.pull_source import pull_all
from relhub.storage.sealing import Sealer

Ask = Callable[..., Awaitable[httpx2.Response]]
DESK = headers_of(by_permits())


@pytest.fixture
async def johanna(hub: Hub) -> str:
    """The id of the applicant of the demo's first permit."""
    return (await lookup_relation(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions())).relation_id


@pytest.fixture
def ask(api: httpx2.AsyncClient, johanna: str) -> Ask:
    """Asks for her, naming the tag that one has."""

    async def get(tag: str = "", rest: str = "", **headers: str) -> httpx2.Response:
        held = {"If-None-Match": tag} if tag else {}
        return await api.get(f"/v1/relations/{johanna}{rest}", headers=DESK | held | headers)

    return get


@pytest.mark.parametrize("rest", ["", "?sections=party&include=origins", "/cases", "/cases?limit=1"])
async def test_what_is_held_already_is_not_sent_again(ask: Ask, rest: str) -> None:
    first = await ask(rest=rest)
    again = await ask(first.headers["etag"], rest)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert first.headers["etag"].startswith('W/"')
    assert again.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "status"), [('"x", {}', 304), ("{}, {}", 304), ("*", 304), ('"x"', 200), ("nonsense", 200), ("{}".strip("W/"), 304)]
)
async def test_any_list_of_tags_is_read_and_what_cannot_be_read_matches_nothing(ask: Ask, form: str, status: int) -> None:
    tag = (await ask()).headers["etag"]
    assert (await ask(form.replace("{}", tag))).status_code == status


async def test_a_304_is_logged_as_every_other_consultation(ask: Ask, hub: Hub) -> None:
    tag = (await ask()).headers["etag"]
    assert (await ask(tag)).status_code == 304
    first, again = await rows(hub, "SELECT operation, outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert again["outcome"] == "shown"
    assert tuple(first) == tuple(again)


async def test_a_refusal_is_no_304_whatever_tag_is_sent(ask: Ask) -> None:
    tag = (await ask()).headers["etag"]
    assert (await ask(tag, **{"X-Occasion": "case:permits/V-2026-00002"})).status_code == 403


async def test_a_pull_that_brings_nothing_new_moves_times_and_no_tag(ask: Ask, hub: Hub) -> None:
    first = await ask()
    await rows(hub, "UPDATE source_state SET last_success_at = last_success_at - interval '1 day'")
    later = await ask()
    assert later.text != first.text
    assert later.headers["etag"] == first.headers["etag"]


async def test_a_visible_change_moves_the_tag(ask: Ask, hub: Hub, town: RunningTown) -> None:
    tag = (await ask()).headers["etag"]
    town.put("projects", {**town.get("projects", "PRJ-0001"), "name": "Another name"})
    await pull_all(hub)
    assert (await ask(tag)).status_code == 200


async def test_a_source_that_stops_answering_moves_the_tag(ask: Ask, hub: Hub) -> None:
    tag = (await ask()).headers["etag"]
    await rows(hub, "UPDATE source_state SET unavailable_since = now() WHERE source = 'projects'")
    assert (await ask(tag)).status_code == 200


async def test_a_change_that_may_not_be_seen_does_not_move_the_tag(ask: Ask, hub: Hub, town: RunningTown) -> None:
    """Enforcement is at existence: nothing of the case itself, so neither its title nor its status nor its findings."""
    tag = (await ask()).headers["etag"]
    dossier = town.get("enforcement", "HH-2026-00001")
    town.put("enforcement", {**dossier, "onderwerp": "Something else altogether", "status": "In onderzoek", "omschrijving": "Changed"})
    await pull_all(hub)
    [case] = await rows(hub, "SELECT body->>'title' title FROM case_record WHERE case_id = 'HH-2026-00001'")
    assert case["title"] == "Something else altogether"
    assert (await ask(tag)).status_code == 304


def test_the_tag_is_keyed_so_that_nobody_can_make_one_from_a_guess() -> None:
    assert Sealer(KEYS).tag(b"{}") == Sealer(KEYS).tag(b"{}") != Sealer(replace(KEYS, index=b"another key" * 3)).tag(b"{}")
