"""Lists of organisations, and many look-ups at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest
from tests.towns import by_contact_centre, by_permits, by_projects, headers_of, rows, seeing

from relhub.domain.compartments import Level
from relhub.errors import InvalidInput, NotAllowed, NotFound
from relhub.services.asked import Asked, Reference, RelationQuery, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_relations import list_relations
from relhub.services.lookup_batch import lookup_batch
from relhub.services.lookup_relation import lookup_relation
from relhub.services.view_relation import view_relation

JOHANNA = Reference(case=("permits", "V-2026-00001"))
ALL_IDS = "SELECT id FROM relation WHERE retired_at IS NULL ORDER BY id LIMIT 100"


async def listed(hub: Hub, kind: str = "organisation", limit: int = 20, **query: str) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    found, cursor = [], ""
    while True:
        page = orjson.loads(await list_relations(hub, by_contact_centre(), RelationQuery(kind, cursor=cursor, limit=limit, **query)))
        found += page["results"]
        if not (cursor := page["next"] or ""):
            return found


async def batch(hub: Hub, question: Asked, *references: Reference) -> list[dict[str, Any]]:
    return list(orjson.loads(await lookup_batch(hub, question, references))["results"])


async def ids(hub: Hub, statement: str = ALL_IDS, *values: Any) -> list[str]:
    return [row[0] for row in await rows(hub, statement, *values)]


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that the driver sends meanwhile."""
    sent: list[str] = []
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        before = getattr(asyncpg.Connection, name)

        async def after(self: Any, query: str, *args: Any, _before: Any = before, **kwargs: Any) -> Any:
            sent.append(query)
            return await _before(self, query, *args, **kwargs)

        monkeypatch.setattr(asyncpg.Connection, name, after)
    yield sent
    monkeypatch.undo()


@pytest.mark.parametrize("kind", ["organisation", "branch"])
async def test_relations_of_a_kind_are_listed_each_once_with_little(hub: Hub, kind: str) -> None:
    found = await listed(seeing(hub, Level.full), kind, limit=3)
    stored = await ids(hub, "SELECT id FROM relation WHERE kind = $1 AND retired_at IS NULL ORDER BY id", kind)
    assert [item["id"] for item in found] == stored
    assert {frozenset(item) for item in found} == {frozenset({"id", "kind", "name", "city"})}


async def test_a_list_is_filtered_by_capacity_and_phase(hub: Hub) -> None:
    for capacity, phase in (("project", ""), ("licensing", "open"), ("", "closed")):
        stored = await ids(
            hub,
            """SELECT DISTINCT i.relation_id FROM involvement i JOIN relation r ON r.id = i.relation_id WHERE r.kind = 'organisation'
            AND ($1 = '' OR i.capacity = $1) AND ($2 = '' OR i.open = ($2 = 'open')) ORDER BY 1""",
            capacity, phase,
        )  # fmt: skip
        assert [item["id"] for item in await listed(seeing(hub, Level.full), capacity=capacity, phase=phase)] == stored


@pytest.mark.parametrize("level", [Level.none, Level.referral, Level.existence])
async def test_below_summary_nothing_makes_a_relation_appear(hub: Hub, level: Level) -> None:
    limited = seeing(hub, level, licensing=Level.summary)
    stored = await ids(
        hub,
        "SELECT DISTINCT i.relation_id FROM involvement i JOIN relation r ON r.id = i.relation_id WHERE r.kind = 'organisation' AND i.capacity = 'licensing' ORDER BY 1",
    )
    assert [item["id"] for item in await listed(limited)] == stored
    assert await listed(limited, capacity="project") == []


async def test_listing_is_for_those_who_may_search_and_is_logged(hub: Hub) -> None:
    with pytest.raises(NotAllowed, match="may not search"):
        await list_relations(hub, by_permits(), RelationQuery("organisation"))
    page = orjson.loads(await list_relations(hub, by_contact_centre(), RelationQuery("organisation", limit=2)))
    shown, refused = await rows(hub, "SELECT outcome, relation_ids FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert (refused["outcome"], refused["relation_ids"]) == ("refused", [])
    assert shown["relation_ids"] == [item["id"] for item in page["results"]]
    with pytest.raises(InvalidInput, match="cursor"):
        await list_relations(hub, by_contact_centre(), RelationQuery("branch", cursor=page["next"]))


@pytest.mark.parametrize("hidden", ["licensing", "enforcement", "project", "supervision", "policy"])
async def test_what_is_withheld_shapes_no_list_and_no_batch(hub: Hub, hidden: str) -> None:
    """Compared with a world in which the withheld records never existed: equal, cursors included."""
    limited = seeing(hub, Level.full, **{hidden: Level.none})
    references = [Reference(relation=relation_id) for relation_id in await ids(hub)]

    async def everything() -> list[Any]:
        pages = [
            await list_relations(limited, by_contact_centre(), RelationQuery(kind, limit=n))
            for kind in ("organisation", "branch")
            for n in (1, 100)
        ]
        return [*pages, await lookup_batch(limited, by_contact_centre(), references)]

    before = await everything()
    await rows(hub, "DELETE FROM case_record WHERE capacity = $1", hidden)
    await rows(hub, "DELETE FROM party_record p WHERE NOT EXISTS (SELECT FROM involvement i WHERE i.party_id = p.id)")
    assert await everything() == before


async def test_a_batch_gives_the_open_cases_of_every_view_in_order(hub: Hub) -> None:
    """For a contact centre that sees all levels at once, so that referrals and what is not found are among them."""
    relation_ids = await ids(hub)
    mixed = seeing(hub, Level.none, licensing=Level.full, supervision=Level.summary, project=Level.existence, enforcement=Level.referral)
    found = await batch(mixed, by_contact_centre(), *[Reference(relation=relation_id) for relation_id in relation_ids])
    for relation_id, result in zip(relation_ids, found, strict=True):
        try:
            view = orjson.loads((await view_relation(mixed, by_contact_centre(), relation_id, ViewOptions(frozenset({"summary"})))).body)
        except NotFound:
            assert result == {"status": "not-found"}
        else:
            view["summary"] = {key: view["summary"][key] for key in ("openCases", "byCapacity")}
            assert result == {"status": "found", **{key: view[key] for key in ("id", "kind", "summary", "referral") if key in view}}
    assert {result["status"] for result in found} == {"found", "not-found"}
    assert any("referral" in result for result in found)


async def test_a_batch_finds_by_every_kind_of_reference_what_a_look_up_finds(hub: Hub, a_short_bsn: str) -> None:
    references = [JOHANNA, Reference(identifier=("bsn", a_short_bsn[1:])), Reference(case=("projects", "PRJ-0001"))]
    found = await batch(hub, by_contact_centre(), *references)
    assert [result["id"] for result in found] == [
        (await lookup_relation(hub, by_contact_centre(), reference, ViewOptions())).relation_id for reference in references
    ]


async def test_each_reference_has_an_outcome_of_its_own(hub: Hub) -> None:
    [johanna] = await batch(hub, by_contact_centre(), JOHANNA)
    found = await batch(
        hub,
        by_contact_centre(),
        Reference(case=("permits", "V-2099-99999")),
        JOHANNA,
        Reference(relation="rel_" + "0" * 26),
        Reference(identifier=("bsn", "999993653")),
        Reference(record=("enforcement", "P-99999")),
        Reference(relation=johanna["id"]),
    )
    assert [result["status"] for result in found] == ["not-found", "found", "not-found", "not-found", "not-found", "found"]


async def test_an_occasion_counts_for_all_and_shows_the_relations_of_its_case(hub: Hub) -> None:
    parties = await ids(
        hub,
        "SELECT DISTINCT i.relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'PRJ-0001' ORDER BY 1",
    )
    [stranger] = await ids(hub, "SELECT id FROM relation WHERE retired_at IS NULL AND id <> ALL ($1) ORDER BY id LIMIT 1", parties)
    references = [Reference(relation=relation_id) for relation_id in [*parties, stranger, "rel_" + "0" * 26]]
    found = await batch(hub, by_projects(), *references, Reference(identifier=("kvk", "00000019")))
    assert [result["status"] for result in found] == [*["found"] * len(parties), "refused", "refused", "refused"]


async def test_an_occasion_that_is_not_known_yet_is_fetched_once(empty_hub: Hub) -> None:
    found = await batch(empty_hub, by_permits(), JOHANNA, Reference(case=("permits", "V-2026-00002")))
    assert [result["status"] for result in found] == ["found", "refused"]


async def test_a_number_of_two_relations_is_ambiguous_for_those_who_may_know(hub: Hub) -> None:
    one, other = await rows(
        hub,
        """SELECT n.relation_id, min(n.token) "token", min(n.shown) shown FROM party_identifier n JOIN involvement i ON i.party_id = n.party_id
        WHERE n.scheme = 'kvk' AND i.capacity IN ('licensing', 'project') GROUP BY 1 ORDER BY 1 LIMIT 2""",
    )
    await rows(hub, "UPDATE party_identifier SET token = $1 WHERE relation_id = $2 AND scheme = 'kvk'", one["token"], other["relation_id"])
    both = sorted((one["relation_id"], other["relation_id"]))
    reference = Reference(identifier=("kvk", one["shown"]))
    assert await batch(hub, by_contact_centre(), reference) == [{"status": "ambiguous", "relations": both}]
    logged = await rows(hub, "SELECT outcome, relation_ids FROM consultation_log ORDER BY id DESC LIMIT 2")
    assert sorted((row["outcome"], row["relation_ids"]) for row in logged) == [("ambiguous", [both[0]]), ("ambiguous", [both[1]])]
    assert await batch(hub, by_permits(), reference) == [{"status": "refused"}]


async def test_a_merged_relation_is_found_by_its_old_id(hub: Hub) -> None:
    first, second = (await ids(hub))[:2]
    await rows(hub, "UPDATE relation SET merged_into = $1, retired_at = now() WHERE id = $2", first, second)
    [result] = await batch(seeing(hub, Level.full), by_contact_centre(), Reference(relation=second))
    assert (result["status"], result["id"]) == ("found", first)


async def test_numbers_that_cannot_be_are_all_named_and_none_is_repeated(hub: Hub) -> None:
    wrong = Reference(identifier=("bsn", "123456789"))
    with pytest.raises(InvalidInput) as raised:
        await batch(hub, by_contact_centre(), wrong, JOHANNA, wrong)
    assert [problem.location for problem in raised.value.problems] == [f"body references.{n}.identifier.value" for n in (0, 2)]
    assert "123456789" not in str(raised.value)


async def test_every_relation_is_logged_by_itself_and_once(hub: Hub) -> None:
    [johanna] = await batch(hub, by_contact_centre(), JOHANNA)
    [last] = await rows(hub, "SELECT max(id) id FROM consultation_log")
    bakery = Reference(case=("permits", "V-2026-00002"))
    found = await batch(
        hub, by_contact_centre(), JOHANNA, Reference(relation=johanna["id"]), bakery, Reference(case=("permits", "V-2099-99999"))
    )
    logged = await rows(hub, "SELECT operation, outcome, relation_ids FROM consultation_log WHERE id > $1", last["id"])
    assert sorted((row["operation"], row["outcome"], row["relation_ids"]) for row in logged) == sorted(
        [("batch", "shown", [johanna["id"]]), ("batch", "shown", [found[2]["id"]]), ("batch", "not-found", [])]
    )


async def test_a_hundred_look_ups_take_as_many_statements_as_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [Reference(relation=relation_id) for relation_id in await ids(hub)][:50] + [JOHANNA] * 50
    with statements(monkeypatch) as one:
        await batch(hub, by_contact_centre(), JOHANNA)
    with statements(monkeypatch) as hundred:
        await batch(hub, by_contact_centre(), *references)
    assert len(one) == len(hundred) == 6  # whether the rules know all compartments; begin, three, commit


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"references": []},
        {"references": [{"case": "permits/V-2026-00001"}] * 101},
        {"references": [{}]},
        {"references": [{"case": "permits/V-2026-00001", "relation": "rel_" + "0" * 26}]},
        {"references": [{"relation": "999990019"}]},
    ],
)
async def test_a_batch_is_one_to_a_hundred_references_of_one_kind_each(api: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    answer = await api.post("/v1/relations/_batch", headers=headers_of(by_contact_centre()), json=body)
    assert answer.status_code == 400
    assert "999990019" not in answer.text


async def test_over_http_a_batch_and_a_list_answer(api: httpx2.AsyncClient) -> None:
    headers = headers_of(by_contact_centre())
    answer = await api.post("/v1/relations/_batch", headers=headers, json={"references": [{"case": "permits/V-2026-00001"}]})
    assert (answer.status_code, answer.json()["results"][0]["kind"]) == (200, "person")
    assert (await api.get("/v1/relations?kind=branch", headers=headers)).json()["results"][0]["kind"] == "branch"
    assert (await api.get("/v1/relations/_batch", headers=headers)).status_code == 405
    for query in ("", "?kind=person", "?kind=contact_person", "?kind=organisation&name=x"):
        assert (await api.get(f"/v1/relations{query}", headers=headers)).status_code == 400
