"""Timeline, source records and history of a relation: each from what may be seen, each logged."""

from datetime import date
from typing import Any, Literal

import orjson
import pytest
from tests.towns import by_contact_centre, by_enforcement, by_permits, rows, seeing

from relhub.domain.compartments import Level
from relhub.errors import InvalidInput, NotAllowed, NotFound
from relhub.services.asked import Asked, PageQuery, Reference, ViewOptions
from relhub.services.decide_match import decide_match
from relhub.services.hub import Hub
from relhub.services.list_source_records import list_source_records
from relhub.services.lookup_relation import lookup_relation
from relhub.services.show_history import show_history
from relhub.services.show_timeline import show_timeline

PARTS = (show_timeline, list_source_records, show_history)
BUSIEST = "SELECT relation_id FROM involvement GROUP BY 1 ORDER BY count(DISTINCT case_id) DESC LIMIT 1"


@pytest.fixture
async def johanna(hub: Hub) -> str:
    return (await lookup_relation(hub, by_permits(), Reference(case=("permits", "V-2026-00001")), ViewOptions())).relation_id


async def timeline(hub: Hub, question: Asked, relation_id: str, limit: int = 100) -> list[dict[str, Any]]:
    return list(orjson.loads((await show_timeline(hub, question, relation_id, PageQuery(limit=limit))).body)["results"])


async def records(hub: Hub, question: Asked, relation_id: str) -> list[dict[str, Any]]:
    return list(orjson.loads((await list_source_records(hub, question, relation_id, PageQuery(limit=100))).body)["results"])


async def history(hub: Hub, question: Asked, relation_id: str) -> list[dict[str, Any]]:
    return list(orjson.loads((await show_history(hub, question, relation_id, PageQuery(limit=100))).body)["results"])


async def test_the_timeline_tells_what_happened_newest_first(hub: Hub) -> None:
    [row] = await rows(hub, BUSIEST)
    moments = await timeline(seeing(hub, Level.full), by_contact_centre(), row["relation_id"])
    days = [date.fromisoformat(moment["on"]) for moment in moments]
    assert days == sorted(days, reverse=True)
    assert {"case-started", "case-ended"} <= {moment["what"] for moment in moments}


@pytest.mark.parametrize("sort", ["decision", "inspection", "sanction"])
async def test_findings_are_told_in_full_only(hub: Hub, sort: str) -> None:
    [row] = await rows(
        hub,
        """SELECT i.relation_id, c.capacity FROM case_record c JOIN involvement i ON i.case_id = c.id, jsonb_array_elements(c.body->'findings') f
        WHERE f->>'sort' = $1 AND f ? 'on' ORDER BY c.id LIMIT 1""",
        sort,
    )
    full = await timeline(seeing(hub, Level.full), by_contact_centre(), row["relation_id"])
    assert any(moment["what"] == sort and moment["label"] for moment in full)
    summary = await timeline(seeing(hub, Level.summary), by_contact_centre(), row["relation_id"])
    assert {moment["what"] for moment in summary} <= {"case-started", "case-ended"}


async def test_of_a_case_at_existence_the_timeline_tells_nothing(hub: Hub, johanna: str) -> None:
    told = await timeline(hub, by_permits(), johanna)
    assert {moment["capacity"] for moment in told} == {"licensing", "project"}


async def test_one_zaak_in_two_systems_begins_once(hub: Hub) -> None:
    [row] = await rows(
        hub,
        """SELECT i.relation_id, array_agg(DISTINCT c.source || '/' || c.case_id) refs FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE c.zaak <> '' GROUP BY i.relation_id, c.zaak HAVING count(DISTINCT c.id) > 1 ORDER BY 1 LIMIT 1""",
    )
    told = await timeline(seeing(hub, Level.full), by_contact_centre(), row["relation_id"])
    assert [moment["what"] for moment in told if moment["case"] in row["refs"]].count("case-started") == 1


async def test_the_pages_of_a_timeline_are_the_timeline(hub: Hub) -> None:
    [row] = await rows(hub, BUSIEST)
    seen, cursor, question = [], "", by_contact_centre()
    while True:
        page = orjson.loads((await show_timeline(hub, question, row["relation_id"], PageQuery(cursor, 3))).body)
        seen += page["results"]
        if not (cursor := page["next"] or ""):
            break
    assert seen == await timeline(hub, question, row["relation_id"])
    assert len(seen) > 6


async def test_every_source_record_says_what_it_says_and_why_it_is_here(hub: Hub, johanna: str) -> None:
    found = await records(hub, by_enforcement(), johanna)
    assert {record["source"] for record in found} == {"enforcement", "permits"}
    for record in found:
        assert record["says"]["name"]["display"]
        assert record["since"]
        others = {other["source"] for link in record["links"] for other in link["with"]}
        assert others == {"enforcement", "permits"} - {record["source"]}


async def test_a_number_of_a_person_is_shown_in_full_with_its_field_group_only(hub: Hub, johanna: str) -> None:
    numbers = [number for record in await records(hub, by_permits(), johanna) for number in record["says"]["identifiers"]]
    assert {len(number["value"]) for number in numbers if number["scheme"] == "bsn"} == {9}
    assert await rows(hub, "SELECT FROM consultation_log WHERE operation = 'source-records' AND levels->>'identifiers' = 'full'")
    numbers = [number for record in await records(hub, by_contact_centre(), johanna) for number in record["says"]["identifiers"]]
    assert {number["masked"][:6] for number in numbers if number["scheme"] == "bsn"} == {"******"}


async def test_non_disclosure_said_by_any_source_hides_the_address_in_every_record(hub: Hub, johanna: str) -> None:
    assert any("addresses" in record["says"] for record in await records(hub, by_permits(), johanna))
    await rows(hub, "UPDATE relation SET non_disclosure = true WHERE id = $1", johanna)
    for record in await records(hub, by_permits(), johanna):
        assert not {"addresses", "phones", "emails"} & set(record["says"])
        assert record["says"]["nonDisclosure"] is True


async def test_a_record_is_explained_by_visible_records_only(hub: Hub, johanna: str) -> None:
    only = seeing(hub, Level.none, licensing=Level.full)
    found = await records(only, by_contact_centre(), johanna)
    assert {record["source"] for record in found} == {"permits"}
    assert {other["source"] for record in found for link in record["links"] for other in link["with"]} <= {"permits"}


@pytest.fixture
async def two(hub: Hub) -> list[dict[str, Any]]:
    """Two relations of one permit record each that nothing contradicts: (relation, source, key)."""
    found = await rows(
        hub,
        """SELECT p.relation_id relation, p.source, p.key FROM party_record p JOIN involvement i ON i.party_id = p.id
        WHERE p.kind = 'organisation' AND NOT EXISTS (SELECT FROM party_record o WHERE o.relation_id = p.relation_id AND o.id <> p.id)
        AND i.capacity <> 'enforcement' GROUP BY 1, 2, 3 ORDER BY 1""",
    )
    one = found[0]
    kinds = {row["relation"]: await schemes(hub, row["relation"]) for row in found}
    other = next(row for row in found[1:] if not kinds[row["relation"]] & kinds[one["relation"]])
    return [dict(one), dict(other)]


async def schemes(hub: Hub, relation_id: str) -> set[str]:
    return {row["scheme"] for row in await rows(hub, "SELECT scheme FROM party_identifier WHERE relation_id = $1", relation_id)}


async def decide(hub: Hub, two: list[dict[str, Any]], verdict: Literal["same", "different"]) -> None:
    a, b = ((row["source"], row["key"]) for row in two)
    await decide_match(hub, a, b, verdict, "tried", "steward-1")


async def test_a_merge_and_its_undoing_are_in_the_history_of_both(hub: Hub, two: list[dict[str, Any]]) -> None:
    everything, question, ids = seeing(hub, Level.full), by_contact_centre(), {row["relation"] for row in two}
    await decide(hub, two, "same")
    [survivor] = [
        row["relation_id"] for row in await rows(hub, "SELECT DISTINCT relation_id FROM party_record WHERE relation_id = ANY($1)", ids)
    ]
    [loser] = ids - {survivor}
    merged = await history(everything, question, survivor)
    assert sorted((period["what"], period["relation"], period["now"], period["until"] is None) for period in merged) == [
        ("here", survivor, survivor, True),
        ("here", survivor, survivor, True),
        ("merged", loser, survivor, False),
    ]
    assert [period["from"] for period in merged] == sorted((period["from"] for period in merged), reverse=True)
    assert (await show_history(everything, question, loser, PageQuery())).relation_id == survivor
    links = [link["by"] for record in await records(everything, question, survivor) for link in record["links"]]
    assert links == ["decision", "decision"]
    await decide(hub, two, "different")
    split = [period for period in await history(everything, question, survivor) if period["what"] == "split"]
    assert [(period["relation"], period["now"], "key" in period) for period in split] == [(survivor, loser, False)]
    assert split[0]["until"]
    assert {period["what"] for period in await history(everything, question, loser)} == {"here", "merged"}


async def test_a_split_off_record_that_may_not_be_seen_is_in_no_history(hub: Hub, two: list[dict[str, Any]]) -> None:
    await decide(hub, two, "same")
    await decide(hub, two, "different")
    first, second = two
    policy = "(SELECT id FROM compartment WHERE capacity = 'policy' LIMIT 1)"
    await rows(hub, f"UPDATE involvement SET capacity = 'policy', compartment = {policy} WHERE relation_id = $1", second["relation"])
    limited = seeing(hub, Level.full, policy=Level.none)
    assert {period["now"] for period in await history(limited, by_contact_centre(), first["relation"])} == {first["relation"]}


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_is_logged_and_refused_as_a_view_is(hub: Hub, johanna: str, part: Any) -> None:
    await part(hub, by_permits(), johanna, PageQuery())
    [row] = await rows(hub, "SELECT outcome, relation_ids, records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert (row["outcome"], list(row["relation_ids"])) == ("shown", [johanna])
    assert row["records"]
    with pytest.raises(NotAllowed, match="occasion does not hold"):
        await part(hub, by_permits("case:permits/V-2026-00002"), johanna, PageQuery())
    with pytest.raises(NotFound):
        await part(hub, by_contact_centre(), "rel_" + "0" * 26, PageQuery())
    with pytest.raises(NotFound):
        await part(seeing(hub, Level.none), by_contact_centre(), johanna, PageQuery())
    logged = await rows(hub, "SELECT outcome FROM consultation_log ORDER BY id DESC LIMIT 3")
    assert [row["outcome"] for row in logged] == ["not-found", "not-found", "refused"]


@pytest.mark.parametrize("part", PARTS)
async def test_a_cursor_of_another_list_is_refused(hub: Hub, johanna: str, part: Any) -> None:
    [row] = await rows(hub, BUSIEST)
    cursor = orjson.loads((await show_timeline(hub, by_contact_centre(), row["relation_id"], PageQuery(limit=1))).body)["next"]
    with pytest.raises(InvalidInput, match="cursor"):
        await part(hub, by_permits(), johanna, PageQuery(cursor))


async def test_a_finding_in_a_case_of_someone_with_non_disclosure_is_told_without_words(hub: Hub) -> None:
    """Its label may say where, as a title may; the case itself shows no findings."""
    [row] = await rows(
        hub,
        """SELECT i.relation_id, c.id FROM case_record c JOIN involvement i ON i.case_id = c.id, jsonb_array_elements(c.body->'findings') f
        WHERE f ? 'on' AND f ? 'label' ORDER BY c.id LIMIT 1""",
    )
    await rows(hub, "UPDATE case_record SET protected = true")
    told = await timeline(seeing(hub, Level.full), by_contact_centre(), row["relation_id"])
    assert {moment["what"] for moment in told} - {"case-started", "case-ended"}
    for moment in told:
        assert moment["withheld"] == ["non-disclosure"]
        assert not {"title", "label", "outcome", "reference"} & set(moment)
