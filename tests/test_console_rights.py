"""What may not be seen shapes no page: every page of every relation, compared with a world in which it never was."""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.console_browsing import Browser, browsing
from tests.rights_world import (
    Setting,
    build,
    case,
    compute,
    forget_withheld,
    groups,
    later,
    open_hub,
    opening,
    profile,
    ruled,
    setting,
)
from tests.towns import DEMO, rows

from relhub.services.hub import Hub

EXAMPLES = int(os.environ.get("RIGHTS", "60")) // 10
LISTS = ("", "/cases", "/timeline", "/tasks", "/contact-moments", "/commitments", "/new/task")
VARIES = re.compile(
    r"/console/[0-9a-f]{16}|name=\"(csrf|key)\" value=\"[^\"]+\"|cursor=[\w~-]+|<code>[^<]*</code>|\d+ \w+ 20\d\d, \d\d:\d\d uur"
)


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_what_is_withheld_shapes_no_page(migrated_url: str, own_loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(case, min_size=2, max_size=5), st.lists(opening, min_size=1, max_size=4), groups, st.lists(later, max_size=3), setting)
    def check(cases: list[Any], openings: list[Any], given_groups: Any, happens: list[Any], where: Setting) -> None:
        own_loop.run_until_complete(compare(migrated_url, tmp_path, cases, tuple(openings), given_groups, happens, where))

    check()


async def compare(
    url: str, folder: Path, cases: list[Any], openings: tuple[Any, ...], given_groups: Any, happens: list[Any], where: Setting
) -> None:
    consumers = folder / "consumers.toml"
    consumers.write_text((DEMO / "consumers.toml").read_text().replace("Gemeente Voorbeeld", where.organisation))
    plain = open_hub(url, where)
    try:
        await build(plain, cases, happens)
        hub = ruled(plain, openings, given_groups, where)
        await compute(hub)
        seen = await profile(hub, where.organisation)
        ids = sorted(row["id"] for row in await rows(hub, "SELECT id FROM relation"))
        refs = [f"{row['source']}/{row['case_id']}" for row in await rows(hub, "SELECT source, case_id FROM case_record ORDER BY id")]
        before = await pages(hub, folder, consumers, ids, refs)
        await forget_withheld(hub, seen)
        after = await pages(hub, folder, consumers, ids, refs)
        assert {path: after[path] for path in after if after[path] != before[path]} == {
            path: before[path] for path in before if after[path] != before[path]
        }
    finally:
        await plain.database.close()


async def pages(hub: Hub, folder: Path, consumers: Path, ids: list[str], refs: list[str]) -> dict[str, str]:
    """What each page says, but for what is another each time."""
    await rows(hub, "DELETE FROM source_state")
    async with browsing(hub, folder, consumers=consumers) as browser:
        await browser.sign_in("contact-centre", "official-1")
        await browser.work("answering-questions")
        at = f"/console/{browser.work_id}"
        found = {f"{id_}{part}": await said(browser, f"{at}/relations/{id_}{part}") for id_ in ids for part in LISTS}
        return found | {ref: await said(browser, f"{at}/cases/{ref}") for ref in refs}


async def said(browser: Browser, path: str) -> str:
    await browser.open(path)
    return f"{browser.response.status_code} {VARIES.sub('', browser.response.text)}"
