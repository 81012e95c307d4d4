"""The console: what an official without an application of their own sees, as the API shows it and in no other way."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.console_browsing import ORIGIN, Browser, browsing
from tests.towns import by_permits, rows, settings_for
from tests.test_entries import applicant

from relhub.main import create_app
from relhub.services.hub import Hub

PERMITS = ("permit-handling", "case", "V-2026-00001")


@pytest.fixture
async def browser(hub: Hub, sources_dir: Path) -> AsyncIterator[Browser]:
    async with browsing(hub, sources_dir) as opened:
        yield opened


async def test_from_signing_in_to_the_one_face(browser: Browser, hub: Hub) -> None:
    await browser.sign_in("permits-desk")
    await browser.work(*PERMITS)
    page = await browser.see_applicant()
    assert browser.path.endswith(f"/relations/{await applicant(hub)}")
    for part in ("J.M. van den Berg", "vergunningverlening", "handhaving", "Tijdlijn", "permits/V-2026-00001", "Lopende zaken"):
        assert part in page.text
