"""An occasion is verified on every path, against what the hub knows, and before any source is asked on its account."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.towns import asked, by_permits, rows, with_activity

from relhub.domain.access import Activity
from relhub.domain.occasions import CaseCondition
from relhub.errors import NotAllowed
from relhub.services.asked import Asked, SearchQuery, ViewOptions
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
