"""One zaak that two systems know is one: listed once with both, counted once, and never by what may not be seen."""

from typing import Any

import orjson
import pytest
from tests.towns import by_contact_centre, rows, seeing

from relhub.domain.compartments import Level
from relhub.services.asked import CaseQuery, ViewOptions
from relhub.services.hub import Hub
from relhub.services.list_cases import list_cases
from relhub.services.rebuild import rebuild
from relhub.services.show_case import show_case
from relhub.services.view_relation import view_relation


@pytest.fixture
async def both(hub: Hub) -> dict[str, str]:
    """A relation with a zaak that permits and enforcement both know, and the two refs."""
    [row] = await rows(
        hub,
        """
        SELECT i.relation_id relation, c.source || '/' || c.case_id permit, e.source || '/' || e.case_id dossier FROM case_record c
        JOIN case_record e ON e.zaak = c.zaak AND e.source = 'enforcement' JOIN involvement i ON i.case_id = c.id JOIN involvement j ON j.case_id = e.id AND j.relation_id = i.relation_id
        WHERE c.source = 'permits' ORDER BY 1 LIMIT 1
        """,
    )
    return dict(row)


async def cases(hub: Hub, relation: str, phase: str = "") -> list[dict[str, Any]]:
    body = (await list_cases(hub, by_contact_centre(), relation, CaseQuery(limit=100, phase=phase))).body
    return list(orjson.loads(body)["results"])


def refs(items: list[dict[str, Any]]) -> list[str]:
    return [item["ref"] for item in items if "ref" in item]


def other(ref: str, both: dict[str, str]) -> str:
    return both["dossier"] if ref == both["permit"] else both["permit"]


async def test_it_is_listed_once_with_both(hub: Hub, both: dict[str, str]) -> None:
    items = await cases(seeing(hub, Level.full), both["relation"])
    [item] = [item for item in items if item.get("ref") in both.values()]
    [known_as] = item["alsoKnownAs"]
    assert known_as["ref"] == other(item["ref"], both)
    assert (known_as["level"], item["zaak"]) == ("full", known_as["zaak"])
    assert known_as["partyRoles"]


async def test_it_is_counted_once_and_in_each_capacity_in_which_it_is_known(hub: Hub, both: dict[str, str]) -> None:
    await rows(hub, "UPDATE involvement SET open = true WHERE relation_id = $1", both["relation"])
    view = orjson.loads((await view_relation(seeing(hub, Level.full), by_contact_centre(), both["relation"], ViewOptions())).body)
    assert view["summary"]["openCases"] == len(view["cases"]["items"])
    assert sum(view["summary"]["byCapacity"].values()) == len(view["cases"]["items"]) + 1


async def test_two_records_of_one_capacity_count_once_in_it(hub: Hub, both: dict[str, str]) -> None:
    await rows(hub, "UPDATE involvement SET open = true, capacity = 'licensing' WHERE relation_id = $1", both["relation"])
    await rows(
        hub,
        "UPDATE case_record SET capacity = 'licensing' WHERE id IN (SELECT case_id FROM involvement WHERE relation_id = $1)",
        both["relation"],
    )
    view = orjson.loads((await view_relation(seeing(hub, Level.full), by_contact_centre(), both["relation"], ViewOptions())).body)
    assert view["summary"]["byCapacity"] == {"licensing": view["summary"]["openCases"]} == {"licensing": len(view["cases"]["items"])}


async def test_the_one_that_is_open_stands_for_both(hub: Hub, both: dict[str, str]) -> None:
    for ref in (both["permit"], both["dossier"]):
        await rows(hub, "UPDATE involvement i SET open = c.source || '/' || c.case_id = $1 FROM case_record c WHERE c.id = i.case_id", ref)
        assert ref in refs(await cases(seeing(hub, Level.full), both["relation"], "open"))
        assert other(ref, both) not in refs(await cases(seeing(hub, Level.full), both["relation"], "closed"))


@pytest.mark.parametrize("level", [Level.none, Level.referral, Level.existence])
async def test_below_summary_the_other_is_not_taken_together_with_it(hub: Hub, both: dict[str, str], level: Level) -> None:
    items = await cases(seeing(hub, Level.full, supervision=level, enforcement=level), both["relation"])
    assert both["permit"] in refs(items)
    assert not any("alsoKnownAs" in item for item in items)
    assert sum(item["level"] == "existence" for item in items) >= (level == Level.existence)


async def test_the_fuller_one_stands_for_both_when_both_are_as_open(hub: Hub, both: dict[str, str]) -> None:
    await rows(hub, "UPDATE involvement SET open = true WHERE relation_id = $1", both["relation"])
    assert both["permit"] in refs(
        await cases(seeing(hub, Level.full, supervision=Level.summary, enforcement=Level.summary), both["relation"])
    )
    assert both["dossier"] in refs(await cases(seeing(hub, Level.full, licensing=Level.summary), both["relation"]))


async def test_both_are_in_the_log(hub: Hub, both: dict[str, str]) -> None:
    await cases(seeing(hub, Level.full), both["relation"])
    [row] = await rows(hub, "SELECT records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert {both["permit"], both["dossier"]} <= set(row["records"])


async def test_the_log_names_no_case_that_was_only_read_to_know_whether_there_is_more(hub: Hub) -> None:
    [busiest] = await rows(hub, "SELECT relation_id FROM involvement GROUP BY 1 ORDER BY count(DISTINCT case_id) DESC LIMIT 1")
    page = orjson.loads((await list_cases(seeing(hub, Level.full), by_contact_centre(), busiest["relation_id"], CaseQuery(limit=1))).body)
    [row] = await rows(hub, "SELECT records FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert [record for record in row["records"] if "/" in record] == refs(page["results"])


async def test_it_is_protected_in_both_when_someone_with_non_disclosure_is_in_one(hub: Hub, both: dict[str, str]) -> None:
    """Else the other system's record says where, beside the one that does not."""
    source, _, case_id = both["permit"].partition("/")
    await rows(
        hub, "DELETE FROM involvement i USING case_record c WHERE c.id = i.case_id AND (c.source, c.case_id) = ($1, $2)", source, case_id
    )
    await rows(hub, "UPDATE party_record SET protected = true WHERE relation_id = $1", both["relation"])
    await rebuild(hub)
    case = orjson.loads((await show_case(seeing(hub, Level.full), by_contact_centre(), source, case_id)).body)
    for record in (case, *case["alsoKnownAs"]):
        assert record["withheld"] == ["non-disclosure"]
        assert not {"title", "places", "description", "findings"} & set(record)
