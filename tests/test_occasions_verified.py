"""An occasion is verified on every path, against what the hub knows, and before any source is asked on its account."""

from dataclasses import replace

import pytest
from tests.towns import by_permits, rows, with_activity

from relhub.demo import RunningTown
from relhub.domain.compartments import Level, Opening
from relhub.errors import NotAllowed, SourceUnavailable
from relhub.services.asked import SearchQuery, ViewOptions
from relhub.services.hub import Hub
from relhub.services.search_relations import search_relations
from relhub.services.show_case import show_case
from relhub.services.view_relation import view_relation

JOHANNA = SearchQuery(name="van den Berg", birth_date="1980-02-17")


def searching(hub: Hub) -> Hub:
    return with_activity(hub, "permit-handling", search=True)


@pytest.mark.parametrize("case", ["permits/V-2026-99999", "nowhere/1", "enforcement/HH-2026-00001"])
async def test_nobody_searches_on_a_case_that_does_not_hold(hub: Hub, case: str) -> None:
    with pytest.raises(NotAllowed, match="The occasion does not hold"):
        await search_relations(searching(hub), by_permits(f"case:{case}"), JOHANNA)
    [row] = await rows(hub, "SELECT operation, outcome, relation_ids FROM consultation_log ORDER BY id DESC LIMIT 1")
    assert tuple(row) == ("search", "refused", [])


async def test_an_open_case_of_ones_own_department_is_enough_to_search(hub: Hub) -> None:
    assert b'"results":[{' in await search_relations(searching(hub), by_permits(), JOHANNA)


def without_source(hub: Hub, name: str) -> Hub:
    """The same hub, started again after the file of a source was taken away."""
    left = {source: config for source, config in hub.sources.items() if source != name}
    return with_activity(replace(hub, sources=left, adapters={source: hub.adapters[source] for source in left}), "permit-handling")


async def test_a_case_of_a_source_that_is_no_longer_there_opens_nothing(hub: Hub) -> None:
    """Of whose organisation it was is not known any more: a department of that name may be another organisation's."""
    [case] = await rows(
        hub,
        """
        SELECT c.source || '/' || c.case_id ref, i.relation_id FROM case_record c JOIN involvement i ON i.case_id = c.id
        WHERE c.source = 'permits' AND c.open AND 'Vergunningen' = ANY(c.departments)
            AND EXISTS (SELECT FROM involvement o JOIN case_record p ON p.id = o.case_id WHERE o.relation_id = i.relation_id AND p.source = 'projects') LIMIT 1
        """,
    )
    await view_relation(hub, by_permits(f"case:{case['ref']}"), case["relation_id"], ViewOptions())
    with pytest.raises(NotAllowed, match="The occasion does not hold"):
        await view_relation(without_source(hub, "permits"), by_permits(f"case:{case['ref']}"), case["relation_id"], ViewOptions())


async def test_no_source_is_asked_for_a_case_on_an_occasion_that_does_not_hold(empty_hub: Hub) -> None:
    await show_case(empty_hub, by_permits(), "permits", "V-2026-00001")
    await rows(empty_hub, "UPDATE case_record SET open = false")
    with pytest.raises(NotAllowed):
        await show_case(empty_hub, by_permits(), "permits", "V-2026-00003")
    assert [row["case_id"] for row in await rows(empty_hub, "SELECT case_id FROM case_record")] == ["V-2026-00001"]


async def test_a_case_that_may_not_be_seen_is_as_little_an_occasion_as_one_that_is_not_there(hub: Hub, town: RunningTown) -> None:
    """Of one's own department, open, and with the relation in it: that it would hold is what may not be known."""
    [case] = await rows(
        hub, "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001'"
    )
    closed = Opening(Level.none, frozenset({"licensing"}), kinds=frozenset({"omgevingsvergunning"}), confidentiality="zeer_geheim")
    openings = hub.access.rules.activities["permit-handling"].openings
    blind = with_activity(hub, "permit-handling", openings=(closed, *openings))
    held, unknown = by_permits(), by_permits("case:permits/V-2026-99999")
    for refused in (held, unknown):
        with pytest.raises(NotAllowed, match="The occasion does not hold"):
            await view_relation(blind, refused, case["relation_id"], ViewOptions())
        with pytest.raises(NotAllowed, match="The occasion does not hold"):
            await search_relations(searching(blind), refused, JOHANNA)
    town.set_fault("permits", "down")
    for as_unknown in (held, unknown):
        with pytest.raises(SourceUnavailable):
            await view_relation(blind, as_unknown, case["relation_id"], ViewOptions())
