"""The console as people use it: by keyboard, at 400%, on paper, without scripts, and by the rules of WCAG 2.2 AA (axe)."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.test_entries import applicant
from tests.towns import rows

from relhub.services.hub import Hub

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUESTION = {"#subject": "Komt er nog een controle?", "#text": "Belt over de dakkapel."}


async def sign_in(page: Page, console: str, department: str = "Vergunningen") -> None:
    await page.goto(console)
    await page.get_by_role("button", name=f"Inloggen bij {department}").click()


async def begin(page: Page, console: str) -> str:
    """At permits, at work on a case: the address of this work."""
    await sign_in(page, console)
    await page.fill("input[name=number]", "V-2026-00001")
    await page.get_by_role("button", name="Verder").click()
    work: str = page.url
    return work


async def ask(page: Page, work: str, relation: str, due: str = "2030-01-15") -> None:
    await page.goto(f"{work}/relations/{relation}/new/task")
    for field, text in QUESTION.items():
        await page.fill(field, text)
    await page.fill("#due", due)
    await page.get_by_role("button", name="Vastleggen").click()


async def every_page(page: Page, console: str, hub: Hub) -> AsyncIterator[str]:
    """Each of its pages, one after the other, with what it is."""
    relation = await applicant(hub)
    await page.goto(console)
    yield "sign in"
    work = await begin(page, console)
    yield "find"
    await page.goto(console)
    yield "home"
    await page.get_by_role("button", name="Verder").click()
    yield "home, with a number missing"
    await page.goto(f"{work}/relations/{relation}")
    yield "the one face"
    await page.goto(f"{work}/cases/permits/V-2026-00001")
    yield "a case"
    for sort in ("task", "contact-moment", "commitment"):
        await page.goto(f"{work}/relations/{relation}/new/{sort}")
        yield f"a new {sort}"
    await ask(page, work, relation, due="2020-01-01")
    yield "a new task, with a day that is past"
    await ask(page, work, relation)
    yield "a task"
    for details in await page.locator("details").all():
        await details.evaluate("one => one.open = true")
    yield "a task, with all that can be done"
    await page.goto(f"{work}/tasks")
    yield "my tasks"
    await page.goto(f"{work}/relations/{relation}/timeline")
    yield "the timeline"
    await page.goto(f"{console}/nowhere")
    yield "a page that is not there"


async def violations(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    found: dict[str, Any] = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


@pytest.mark.parametrize("width", [1280, 320])
async def test_axe_finds_nothing_wrong_with_any_page(page: Page, console: str, hub: Hub, axe: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    async for name in every_page(page, console, hub):
        assert await violations(page, axe) == [], name


async def test_in_english_all_of_a_page_is_english_and_axe_finds_nothing_wrong_either(page: Page, console: str, hub: Hub, axe: str) -> None:
    work, relation = await begin(page, console), await applicant(hub)
    await page.get_by_role("link", name="English").click()
    for path in (f"{work}", f"{work}/relations/{relation}", f"{work}/relations/{relation}/new/task", f"{work}/tasks"):
        await page.goto(path)
        assert await page.locator("html").get_attribute("lang") == "en"
        assert await violations(page, axe) == [], path
        await page.get_by_role("button", name="Sign out").wait_for()


async def test_at_400_percent_nothing_is_cut_off_and_nobody_scrolls_sideways(page: Page, console: str, hub: Hub) -> None:
    await page.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at 400%
    async for name in every_page(page, console, hub):
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, name


async def test_the_whole_way_goes_by_keyboard(page: Page, console: str) -> None:
    await page.goto(console)
    await page.keyboard.press("Tab")
    assert await focused(page) == "Naar de inhoud"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await enter(page, "Inloggen bij Vergunningen")
    await tab_to(page, "number")
    await page.keyboard.type("V-2026-00001")
    await enter(page, "Verder")
    await enter(page, "Toon wie in zaak permits/V-2026-00001 zit")
    assert await page.locator("h1").inner_text() == "J.M. van den Berg"
    await enter(page, "Stel een vraag")
    await tab_to(page, "subject")
    await page.keyboard.type("Komt er nog een controle?")
    await tab_to(page, "text")
    await page.keyboard.type("Belt over de dakkapel.")
    await enter(page, "Vastleggen")
    await tab_to(page, "Beantwoorden")
    await page.keyboard.press("Enter")
    await tab_to(page, "text")
    await page.keyboard.type("Ja, op 12 december.")
    await enter(page, "Beantwoorden")
    assert await page.get_by_text("Gewijzigd.").is_visible()
    assert await page.get_by_text("Ja, op 12 december.").is_visible()


async def focused(page: Page) -> str:
    """What has the focus: its text, or the name of the field."""
    return str(await page.evaluate("document.activeElement.name || document.activeElement.innerText.trim()"))


async def enter(page: Page, name: str) -> None:
    """Goes to this by Tab, and by Enter to the page that it leads to."""
    await tab_to(page, name)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def tab_to(page: Page, name: str) -> None:
    """Presses Tab until this has the focus, which must be seen on it."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await focused(page) == name:
            assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", name
            return
    raise AssertionError(f"Tab does not get to {name}")


async def test_it_works_without_scripts_and_asks_nobody_else_for_anything(chromium: Browser, console: str, hub: Hub) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page, asked, said = await context.new_page(), set[str](), list[str]()
    page.on("request", lambda request: asked.add(httpx2.URL(request.url).netloc.decode()))
    page.on("console", lambda message: said.append(message.text))
    work = await begin(page, console)
    await page.goto(f"{work}/relations/{await applicant(hub)}")
    await ask(page, work, await applicant(hub))
    assert "/entries/tsk_" in page.url
    assert asked == {httpx2.URL(console).netloc.decode()}
    assert [text for text in said if "favicon" not in text] == []
    await context.close()


async def test_no_script_of_a_page_can_read_who_is_signed_in(page: Page, console: str) -> None:
    await sign_in(page, console)
    assert "relhub-console=" not in await page.evaluate("document.cookie")


async def test_after_a_mistake_the_focus_is_where_it_is_told(page: Page, console: str, hub: Hub) -> None:
    work = await begin(page, console)
    await ask(page, work, await applicant(hub), due="2020-01-01")
    assert await page.evaluate("document.activeElement.id") == "wrong"
    assert (await page.title()).startswith("Fout:")
    await page.get_by_role("link", name="Uiterlijk").click()
    assert await page.evaluate("document.activeElement.id") == "due"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_form_on_another_page_reaches_nothing(page: Page, console: str, hub: Hub, host: str) -> None:
    """Of the same site (another port), with which the browser sends the cookie, and of another."""
    await sign_in(page, console)
    form = HTMLResponse(f'<form method="post" action="{console}/sign-out"><button>x</button></form>')
    async with serving(Starlette(routes=[Route("/", lambda _: form)])) as url:
        await page.goto(url.replace("127.0.0.1", host))
        async with page.expect_response("**/sign-out") as answer:
            await page.get_by_role("button").click()
    assert (await answer.value).status == 403
    assert len(await rows(hub, "SELECT FROM console_session")) == 1


async def test_on_paper_there_is_what_it_says_and_nothing_to_press(page: Page, console: str, hub: Hub) -> None:
    work = await begin(page, console)
    await page.goto(f"{work}/relations/{await applicant(hub)}")
    await page.emulate_media(media="print")
    assert await page.get_by_role("heading", name="J.M. van den Berg").is_visible()
    for gone in ("nav", "form", ".actions"):
        assert not await page.locator(gone).first.is_visible(), gone
