"""Alerts keep step: after any changes, in whatever portions they are taken in, they are those that would be computed from scratch."""

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.rights_world import Later, Setting, build, case, compute, later, open_hub
from tests.towns import rows

from relhub.services.compute_alerts import compute_alerts
from relhub.services.hub import Hub

EXAMPLES = int(os.environ.get("RIGHTS", "15"))


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_computed_in_steps_they_are_as_computed_at_once(migrated_url: str, own_loop: asyncio.AbstractEventLoop) -> None:
    seen: set[str] = set()

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(case, min_size=3, max_size=6), st.lists(later, max_size=8), st.randoms(use_true_random=False))
    def check(cases: list[Any], happens: list[Later], when: random.Random) -> None:
        seen.update(own_loop.run_until_complete(compare(migrated_url, cases, happens, when)))

    check()
    assert seen  # that there was something to compare


async def compare(url: str, cases: list[Any], happens: list[Later], when: random.Random) -> set[str]:
    """The rules of which there were alerts in the end."""
    hub = open_hub(url, Setting())
    now = datetime.now(UTC)

    async def sometimes(hub: Hub) -> None:
        if when.random() < 0.4:
            await compute_alerts(hub, now)

    try:
        await build(hub, cases, happens, sometimes)
        await compute_alerts(hub, now)
        stepped = await _causes(hub)
        await compute(hub)
        once = await _causes(hub)
        assert set(stepped) - set(once) == set(once) - set(stepped)
        return {row[1] for row in stepped}
    finally:
        await hub.database.close()


async def _causes(hub: Hub) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await rows(hub, "SELECT * FROM alert_cause ORDER BY relation_id, rule, topic, side, number, via")]
