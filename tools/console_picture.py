"""Takes docs/console.png, the picture in README, of a demo that is running: `make console-picture`, beside `make run`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "console.png"
WIDE, HIGH = 1280, 1480
CASE = "V-2026-00002"  # of the bakery, around which the demo has a story


def main(console: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDE, "height": HIGH})
        page.goto(console)
        page.get_by_role("button", name="Inloggen bij Vergunningen").click()
        page.fill("input[name=number]", CASE)
        page.get_by_role("button", name="Verder").click()
        page.get_by_role("button", name="Toon wie in zaak").click()
        if "/cases/" in page.url:
            page.locator("main li", has_text="aanvrager").get_by_role("link").first.click()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
