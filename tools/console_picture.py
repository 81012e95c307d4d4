"""Takes docs/console.png, the picture in README, of a demo that is running: `make console-picture`, beside `make run`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PICTURE = Path(__file__).parents[1] / "docs" / "console.png"
WIDE, HIGH = 1280, 1480
QUESTION = {"#subject": "Komt er nog een controle?", "#text": "Mevrouw Van den Berg belde: ze wil weten of er nog iemand langskomt."}


def face(page: Page, console: str) -> str:
    """The address of the one face of the applicant of the first permit, for who handles it."""
    page.goto(console)
    page.get_by_role("button", name="Inloggen bij Vergunningen").click()
    page.fill("input[name=number]", "V-2026-00001")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("button", name="Toon wie in zaak").click()
    return page.url


def ask(page: Page, relation: str) -> None:
    """So that there is something to see."""
    page.goto(f"{relation}/new/task")
    for field, text in QUESTION.items():
        page.fill(field, text)
    page.select_option("#capacity", "supervision")
    page.select_option("#department", "Handhaving")
    page.fill("#due", "2030-01-15")
    page.get_by_role("button", name="Vastleggen").click()


def main(console: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDE, "height": HIGH})
        relation = face(page, console)
        page.goto(relation)
        if QUESTION["#subject"] not in page.content():
            ask(page, relation)
            page.goto(relation)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
