"""Alerts on the console: told as the API tells them, and done with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.alert_worlds import DOSSIER, PERMIT, alert_hub, alerts, anna, say
from tests.console_browsing import Browser, browsing
from tests.towns import seeing

from relhub.domain.compartments import Level
from relhub.services.hub import Hub


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    """Anna asked for a permit, and is in a case of enforcement."""
    opened = alert_hub(migrated_url)
    await say(opened, PERMIT)
    await say(opened, DOSSIER)
    await alerts(opened)
    yield opened
    await opened.database.close()


async def at_anna(browser: Browser, hub: Hub) -> None:
    await browser.sign_in("contact-centre")
    await browser.work("answering-questions")
    await browser.open(f"/console/{browser.work_id}/relations/{await anna(hub)}")


async def test_an_alert_is_told_with_why_and_by_what_and_done_with_for_the_department(hub: Hub, tmp_path: Path) -> None:
    async with browsing(hub, tmp_path) as browser:
        await at_anna(browser, hub)
        assert {"Er loopt een zaak bij een andere afdeling", "handhaving, Handhaving, enforcement/HH-1"} <= {
            text.strip() for text in browser.page.said
        }
        form = browser.page.form(r"/alerts/alr_\w+")
        page = await browser.send(form, reason="handled", text="Collega gebeld.")
        assert "Afgehandeld" in page.text
        assert "Er loopt een zaak" not in page.text


async def test_one_behind_a_referral_names_nothing_but_the_coordinator(hub: Hub, tmp_path: Path) -> None:
    async with browsing(seeing(hub, Level.full, enforcement=Level.referral), tmp_path) as browser:
        await at_anna(browser, hub)
        assert "Er is nog iets bij een collega" in browser.page.text
        assert "Handhaving" not in browser.page.text
        assert "HH-1" not in browser.response.text


async def test_why_it_is_done_with_has_to_be_said(hub: Hub, tmp_path: Path) -> None:
    async with browsing(hub, tmp_path) as browser:
        await at_anna(browser, hub)
        page = await browser.send(browser.page.form(r"/alerts/alr_\w+"), reason="handled", text="")
        assert (browser.response.status_code, "Vul dit in" in page.text) == (400, True)
