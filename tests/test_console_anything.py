"""Whatever is typed or sent, the console answers with a page that says what to do, and never with a fault of its own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.alert_worlds import DOSSIER, PERMIT, alert_hub, anna, say
from tests.console_browsing import Browser, browsing

from relhub.console.entry_forms import NAMES

TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "none", "case", "task", "question", "coordinator", "permits", "V-1", "2026-11-30", "1" * 300, "\x00", "é"]),
)
FORMS = {
    "find": ("by", "source", "number", "scheme", "value", "name", "birth", "postal_code", "house_number", "email", "phone"),
    "new": (*sorted(set(NAMES.values())), "confidentiality", "spoken_name", "key"),
    "steps": ("step", "text", "seen", "key", "opens", *sorted(set(NAMES.values()))),
    "work": ("activity", "occasion", "source", "number", "reason", "relation", "to"),
}
FIRST = {"by": ["case", "number", "search", "occasion"], "step": ["accepted", "answered", "handed-over", "corrected", "moved", "deleted"]}


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def fields(name: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({}, optional={each: st.sampled_from(FIRST[each]) if each in FIRST else TEXT for each in FORMS[name]})


def test_whatever_a_form_holds_is_answered_with_a_page(migrated_url: str, own_loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    @settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["contact-moment", "task", "commitment", "x"]), *(fields(name) for name in FORMS))
    def check(sort: str, find: dict[str, str], new: dict[str, str], steps: dict[str, str], work: dict[str, str]) -> None:
        own_loop.run_until_complete(send_all(migrated_url, tmp_path, sort, find, new, steps, work))

    check()


async def send_all(
    url: str, folder: Path, sort: str, find: dict[str, str], new: dict[str, str], steps: dict[str, str], work: dict[str, str]
) -> None:
    hub = alert_hub(url)
    try:
        await say(hub, PERMIT)
        await say(hub, DOSSIER)
        async with browsing(hub, folder) as browser:
            await browser.sign_in("contact-centre")
            await browser.work("answering-questions")
            at, relation = f"/console/{browser.work_id}", await anna(hub)
            await is_a_page(browser, f"{at}/find", find)
            await is_a_page(browser, f"{at}/relations/{relation}/new/{sort}", new)
            await is_a_page(browser, f"{at}/entries/tsk_{'0' * 32}/steps", steps)
            await is_a_page(browser, "/console/work", work)
    finally:
        await hub.database.close()


async def is_a_page(browser: Browser, path: str, given_fields: dict[str, str]) -> None:
    [csrf] = {form.fields["csrf"] for form in (await browser.open("/console")).forms}
    answer = await browser.client.post(path, data={**given_fields, "csrf": csrf})
    assert answer.status_code < 500, (path, given_fields)
    assert answer.text.startswith("<!doctype html>"), (path, given_fields)
