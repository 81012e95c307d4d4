"""What may not be seen shapes nothing that is shown: every path, compared with a world in which it never was. `make rights` does it at length."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.rights_world import (
    Later,
    Setting,
    answers,
    build,
    case,
    compute,
    forget_withheld,
    groups,
    later,
    open_hub,
    opening,
    paths,
    profile,
    ruled,
    setting,
)
from tests.towns import rows

from relhub.domain.compartments import Opening
from relhub.services.hub import Hub

EXAMPLES = int(os.environ.get("RIGHTS", "15"))


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_what_is_withheld_shapes_no_answer_on_any_path(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(
        st.lists(case, min_size=2, max_size=6),
        st.lists(opening, min_size=1, max_size=4),
        groups,
        st.one_of(st.just("none"), st.integers(0, 5)),
        st.lists(later, max_size=3),
        setting,
    )
    def check(cases: list[Any], openings: list[Opening], given_groups: Any, occasion: Any, happens: list[Later], where: Setting) -> None:
        own_loop.run_until_complete(compare(migrated_url, cases, tuple(openings), given_groups, occasion, happens, where))

    check()


async def compare(
    url: str, cases: list[Any], openings: tuple[Opening, ...], given_groups: Any, occasion: str | int, happens: list[Later], where: Setting
) -> None:
    plain = open_hub(url, where)
    try:
        await build(plain, cases, happens)
        hub = ruled(plain, openings, given_groups, where)
        await compute(hub)
        seen = await profile(hub, where.organisation)
        asked_for = await paths(hub, await _occasion(hub, occasion), where.organisation)
        before = await answers(hub, asked_for)
        await forget_withheld(hub, seen)
        after = await answers(hub, asked_for)
        assert {name: after[name] for name in after if after[name] != before[name]} == {
            name: before[name] for name in before if after[name] != before[name]
        }
    finally:
        await plain.database.close()


async def _occasion(hub: Hub, wanted: str | int) -> str:
    """One of all cases as the occasion, whether or not it may be seen, and whether or not it holds."""
    found = await rows(hub, "SELECT source, case_id FROM case_record ORDER BY id")
    if wanted == "none" or not found:
        return "none"
    case = found[int(wanted) % len(found)]
    return f"case:{case['source']}/{case['case_id']}"
