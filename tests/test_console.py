"""The console: what an official without an application of their own sees, as the API shows it and in no other way."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.console_browsing import ORIGIN, Browser, Page, browsing
from tests.test_entries import applicant
from tests.towns import asked, by_contact_centre, by_enforcement, by_permits, by_projects, headers_of, rows, settings_for

from relhub.config.settings import Settings
from relhub.console.words import LANGUAGES, catalogue
from relhub.domain.officials import Listed
from relhub.errors import ConfigurationError
from relhub.main import openapi_document
from relhub.services.asked import Asked
from relhub.services.hub import Hub
from relhub.services.purge import purge
from relhub.services.set_manager import ManagerForm, set_manager
from relhub.storage.officials import save_officials

CONSOLE = Path(__file__).parents[1] / "src" / "relhub" / "console"
PERMITS = ("permit-handling", "case", "V-2026-00001")
LOOKERS = {
    "permits-desk": (by_permits(), ("permit-handling", "case", "V-2026-00001", "permits")),
    "enforcement-desk": (by_enforcement(), ("enforcement-handling", "case", "HH-2026-00001", "enforcement")),
    "project-office": (by_projects(), ("project-stakeholders", "case", "PRJ-0001", "projects")),
    "contact-centre": (by_contact_centre(), ("answering-questions", "none", "", "permits")),
}


@pytest.fixture
async def browser(hub: Hub, sources_dir: Path) -> AsyncIterator[Browser]:
    async with browsing(hub, sources_dir) as opened:
        yield opened


@pytest.fixture
async def desk(browser: Browser) -> Browser:
    """Signed in at permits, and at work on a case."""
    await browser.sign_in("permits-desk")
    await browser.work(*PERMITS)
    return browser


async def test_from_signing_in_to_the_one_face(desk: Browser, hub: Hub) -> None:
    page = await desk.see_applicant()
    assert desk.path.endswith(f"/relations/{await applicant(hub)}")
    for part in ("J.M. van den Berg", "vergunningverlening", "handhaving", "Tijdlijn", "permits/V-2026-00001", "Lopende zaken"):
        assert part in page.text


async def test_the_relation_manager_is_told_by_name_or_else_by_account_and_who_takes_over(desk: Browser, hub: Hub) -> None:
    relation = await applicant(hub)
    await set_manager(hub, by_permits(), relation, ManagerForm("m.bos", "Relatiebeheer"), "")
    page = await desk.see_applicant()
    assert "m.bos, Relatiebeheer" in page.text
    assert "relatiebeheerder" in page.text
    bos, vos = (
        Listed("Gemeente Voorbeeld", account, name, "Relatiebeheer") for account, name in (("m.bos", "M. Bos"), ("k.vos", "K. Vos"))
    )
    async with hub.database.begin() as store:
        await save_officials(store, [replace(bos, away_from=date(2020, 1, 1), replaced_by="k.vos"), vos])
    await desk.open(desk.path)
    assert "M. Bos, Relatiebeheer" in desk.page.text
    assert "K. Vos, Relatiebeheer" in desk.page.text


@pytest.mark.parametrize("person", LOOKERS)
async def test_it_shows_what_the_api_shows_this_consumer_and_nothing_else(
    browser: Browser, api: httpx2.AsyncClient, hub: Hub, person: str
) -> None:
    question, choice = LOOKERS[person]
    relation = await applicant(hub)
    told = await _told(api, question, relation)
    everything = await _told(api, asked("resident-portal", "informing-residents"), relation)
    await browser.sign_in(person)
    await browser.work(*choice)
    page = await browser.open(f"/console/{browser.work_id}/relations/{relation}")
    assert browser.response.status_code == 200
    ours = set(catalogue("nl").values())
    assert {text for text in everything - told - ours if text in page.text} == set()
    assert {text for text in told & everything if text not in page.text and not _machine(text)} == set()


async def _told(api: httpx2.AsyncClient, question: Asked, relation: str) -> set[str]:
    """Every text that the API gives of a relation that is long enough to be known again."""
    headers = headers_of(question)
    if question.activity == "informing-residents":
        del headers["X-Official"]
    given = [await api.get(f"/v1/relations/{relation}{part}", headers=headers) for part in ("", "/timeline")]
    assert [answer.status_code for answer in given] == [200, 200]
    return {text for answer in given for text in _texts(answer.json()) if len(text) > 4}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _machine(text: str) -> bool:
    """What the page says in other words (dates, codes), and what it leaves to who opens the case."""
    return bool(
        re.fullmatch(
            r"\d{4}-\d{2}.*|[a-z-]+|https?://.*|rel_.*|\d{9}|\d{16}|Point|case handler|enforcement lawyer|project leader|stakeholder manager",
            text,
        )
    )


async def test_a_look_is_logged_as_one_through_the_api_with_the_official_who_signed_in(desk: Browser, hub: Hub) -> None:
    await desk.see_applicant()
    [row] = await rows(
        hub,
        "SELECT consumer, official, activity, occasion, operation FROM consultation_log WHERE operation = 'view' ORDER BY at DESC LIMIT 1",
    )
    assert tuple(row) == ("permits-desk", "j.jansen", "permit-handling", "case:permits/V-2026-00001", "view")


async def test_an_official_number_that_is_typed_stands_in_no_address_and_no_page(browser: Browser, a_short_bsn: str) -> None:
    await browser.sign_in("contact-centre")
    await browser.work("answering-questions")
    page = await browser.send(browser.page.form("/find", "'by': 'number'"), scheme="bsn", value=a_short_bsn)
    assert re.fullmatch(r"/console/[0-9a-f]{16}/relations/rel_\w{26}", browser.path)
    assert a_short_bsn.lstrip("0") not in f"{browser.response.url} {page.text}"


async def test_a_search_takes_two_facts_and_leads_to_the_view(browser: Browser) -> None:
    await browser.sign_in("contact-centre")
    await browser.work("answering-questions")
    form = browser.page.form("/find", "'by': 'search'")
    page = await browser.send(form, name="van den Berg")
    assert (browser.response.status_code, "Geef ten minste twee gegevens op." in page.text) == (400, True)
    page = await browser.send(page.form("/find", "'by': 'search'"), name="van den Berg", birth="1980-02-17")
    assert browser.response.request.url.query == b""
    assert "J.M. van den Berg" in (await browser.open(next(link for link in page.links() if "/relations/" in link))).text


async def test_who_may_not_search_is_offered_none_and_is_refused_all_the_same(desk: Browser) -> None:
    form = desk.page.form("/find", "'by': 'number'")
    assert "'by': 'search'" not in str([each.fields for each in desk.page.forms])
    page = await desk.send(form, by="search", name="van den Berg", birth="1980-02-17")
    assert (desk.response.status_code, "Dit mag niet" in page.text) == (403, True)


@pytest.mark.parametrize(
    ("choice", "status", "said"),
    [
        (("permit-handling", "case", "V-1999-99999"), 403, "Dit mag niet"),
        (("permit-handling", "case", "HH-2026-00001", "enforcement"), 403, "Dit mag niet"),
    ],
)
async def test_an_occasion_that_does_not_hold_is_said_in_words_that_help(
    browser: Browser, hub: Hub, choice: tuple[str, ...], status: int, said: str
) -> None:
    await browser.sign_in("permits-desk")
    await browser.work(*choice)
    page = await browser.open(f"/console/{browser.work_id}/relations/{await applicant(hub)}")
    assert (browser.response.status_code, said in page.text) == (status, True)
    assert 'lang="en">The occasion does not hold' in browser.response.text


async def test_what_is_not_there_is_a_page_that_leads_back(desk: Browser) -> None:
    for path in ("/console/nowhere", "/console/0123456789abcdef/relations/rel_" + "0" * 26, "/console/x/y/z"):
        page = await desk.open(path)
        assert (desk.response.status_code, "/console" in set(page.links())) == (404, True)


async def test_a_number_of_a_case_that_is_missing_is_asked_for_where_it_belongs(browser: Browser) -> None:
    await browser.sign_in("permits-desk")
    page = await browser.work("permit-handling", "case", "")
    assert browser.response.status_code == 400
    [field] = [given for _, given in page.elements if given.get("name") == "number"]
    assert (field["aria-invalid"], field["aria-describedby"].split()[-1]) == ("true", f"{field['id']}-error")


async def test_a_privacy_officer_is_told_that_there_is_nothing_here_for_them(browser: Browser) -> None:
    page = await browser.sign_in("privacy-officer")
    assert "Voor uw account is geen verwerking afgesproken" in page.text


async def test_two_tabs_work_on_two_things(desk: Browser, hub: Hub) -> None:
    first, relation = desk.work_id, await applicant(hub)
    await desk.work("permit-handling", "case", "V-2026-00002")
    await desk.open(f"/console/{first}/relations/{relation}")
    assert desk.response.status_code == 200
    assert "permits/V-2026-00001" in desk.page.text


# Who is signed in.


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(hub: Hub, sources_dir: Path) -> None:
    for url, name, ends in ((ORIGIN, "relhub-console", ""), ("https://relhub", "__Host-relhub-console", "; Secure")):
        async with browsing(hub, sources_dir, console_url=url) as browser:
            browser.client.follow_redirects = False
            await browser.open("/console/sign-in")
            form = browser.page.form("/sign-in/demo", "permits-desk")
            answer = await browser.client.post(form.action, data=form.fields)
            [cookie] = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
            assert re.fullmatch(rf"{name}=[\w-]{{43}}; HttpOnly; Max-Age=28800; Path=/; SameSite=lax{ends}", cookie)


async def test_the_token_is_on_no_page_and_stands_sealed_in_the_database(desk: Browser, hub: Hub) -> None:
    await desk.see_applicant()
    for path in (desk.path, "/console", f"/console/{desk.work_id}"):
        await desk.open(path)
        assert "demo-permits-desk" not in desk.response.text
    [row] = await rows(hub, "SELECT id, sealed FROM console_session")
    assert b"demo-permits" not in row["id"] + row["sealed"]


async def test_who_signs_out_is_out_also_with_a_copy_of_the_cookie(desk: Browser, hub: Hub) -> None:
    copy = dict(desk.client.cookies)
    await desk.send(desk.page.form("/sign-out"))
    assert desk.path == "/console/sign-in"
    desk.client.cookies.update(copy)
    await desk.open("/console")
    assert "Inloggen bij Vergunningen" in desk.page.text
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_a_session_ends_by_itself_and_is_then_gone_with_the_next_that_begins(desk: Browser, hub: Hub) -> None:
    await rows(hub, "UPDATE console_session SET expires_at = now() - interval '1 second'")
    page = await desk.open("/console")
    assert "Inloggen bij Vergunningen" in page.text
    await desk.sign_in("contact-centre")
    assert len(await rows(hub, "SELECT FROM console_session")) == 1


async def test_a_session_that_ended_is_purged(desk: Browser, hub: Hub) -> None:
    await rows(hub, "UPDATE console_session SET expires_at = now() - interval '1 second'")
    assert (await purge(hub)).counts["sessions that ended"] == 1
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_a_session_that_is_used_goes_on_and_one_that_is_not_lasts_half_an_hour(desk: Browser, hub: Hub) -> None:
    await rows(hub, "UPDATE console_session SET expires_at = now() + interval '2 minutes'")
    await desk.open("/console")
    [row] = await rows(
        hub,
        "SELECT expires_at - now() < interval '30 minutes' AND expires_at - now() > interval '29 minutes' AS right FROM console_session",
    )
    assert row["right"]


async def test_a_session_of_which_the_token_is_no_longer_accepted_is_ended(desk: Browser, hub: Hub) -> None:
    authentication = desk.app.state.authentication
    authentication._remembered.clear()  # as when the consumer goes from the file
    page = await desk.open(f"/console/{desk.work_id}/relations/{await applicant(hub)}")
    assert (desk.response.status_code, "toegang verlopen" in page.text) == (401, True)
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_a_form_from_elsewhere_does_nothing(desk: Browser, hub: Hub) -> None:
    form, before = desk.page.form("/sign-out"), await rows(hub, "SELECT FROM console_session")
    for fields, headers in (
        ({}, {}),
        ({"csrf": "x" * 32}, {}),
        (form.fields, {"Origin": "https://elsewhere.example"}),
        (form.fields, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = await desk.client.post(form.action, data=fields, headers=headers)
        assert (answer.status_code, "Dit formulier is niet aangenomen" in answer.text) == (403, True)
    answer = await desk.client.post(form.action, json=form.fields)
    assert answer.status_code == 403
    assert await rows(hub, "SELECT FROM console_session") == before


async def test_nobody_is_signed_in_by_a_form_that_another_page_sends(browser: Browser, hub: Hub) -> None:
    answer = await browser.client.post("/console/sign-in/demo", data={"person": "permits-desk", "csrf": ""})
    assert answer.status_code == 401
    assert await rows(hub, "SELECT FROM console_session") == []


async def test_without_signing_in_every_page_asks_for_that(browser: Browser, hub: Hub) -> None:
    for path in ("/console", "/console/0123456789abcdef", f"/console/0123456789abcdef/relations/{await applicant(hub)}"):
        page = await browser.open(path)
        assert "Inloggen bij Vergunningen" in page.text
        assert "van den Berg" not in page.text


async def test_the_people_of_the_demo_are_offered_in_the_demo_only(hub: Hub, sources_dir: Path) -> None:
    async with browsing(hub, sources_dir, console_demo=False) as browser:
        page = await browser.open("/console/sign-in")
        assert [form.action for form in page.forms if "demo" in form.action] == []
        csrf = {"csrf": browser.client.cookies["relhub-console-form"]}
        answer = await browser.client.post("/console/sign-in/demo", data={"person": "permits-desk", "official": "j.jansen", **csrf})
        assert answer.status_code == 400
        assert await rows(hub, "SELECT FROM console_session") == []


# What a page is.


async def test_no_page_holds_anything_that_runs_and_all_carry_headers_that_keep_it_so(desk: Browser) -> None:
    await desk.see_applicant()
    for path in (desk.path, f"/console/{desk.work_id}", "/console", "/console/nowhere", "/console/sign-in"):
        page = await desk.open(path)
        _nothing_runs(page)
        headers = desk.response.headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["cache-control"] == "no-store"
        assert {headers[name] for name in ("x-content-type-options", "x-frame-options")} == {"nosniff", "DENY"}


def _nothing_runs(page: Page) -> None:
    for tag, given in page.elements:
        assert tag not in ("script", "style", "iframe", "object", "embed", "img")
        assert not [name for name in given if name == "style" or name.startswith("on")]
        assert not re.match(
            r"(?i)\s*(javascript|data|https?://(?!voorbeeld|[\w.-]*\.voorbeeld\.example|127\.0\.0\.1))", given.get("href", "")
        )


async def test_what_a_source_wrote_is_text_and_never_markup(desk: Browser, hub: Hub) -> None:
    hostile = "<script>alert(1)</script><a href='javascript:alert(1)'>x</a>"
    await rows(
        hub, """UPDATE case_record SET "full" = convert_to(replace(convert_from("full", 'UTF8'), 'Dakkapel', $1), 'UTF8')""", hostile
    )
    page = await desk.see_applicant()
    _nothing_runs(page)
    assert hostile in page.text


async def test_the_styles_are_kept_by_a_name_that_follows_from_what_is_in_them(desk: Browser) -> None:
    [link] = [given["href"] for tag, given in desk.page.elements if tag == "link"]
    answer = await desk.client.get(link)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]
    assert "url(" not in answer.text
    assert "@license EUPL-1.2" in answer.text


async def test_it_speaks_dutch_and_for_who_asks_english(desk: Browser) -> None:
    assert ("html", {"lang": "nl"}) in desk.page.elements
    page = await desk.open(f"/console/{desk.work_id}?language=en")
    assert ("html", {"lang": "en"}) in page.elements
    assert "Find a relation" in (await desk.open(f"/console/{desk.work_id}")).text


def test_the_catalogues_have_the_same_keys_and_values() -> None:
    dutch, english = (catalogue(language) for language in LANGUAGES)
    assert set(dutch) == set(english)
    holes = re.compile(r"\{\w+\}")
    assert {key for key in dutch if sorted(holes.findall(dutch[key])) != sorted(holes.findall(english[key]))} == set()


def test_every_key_that_a_page_names_is_in_the_catalogue() -> None:
    known = catalogue(LANGUAGES[0])
    for file in [*CONSOLE.glob("templates/*.html"), *CONSOLE.glob("*.py")]:
        named = re.findall(r"""\b(?:t|words)\((?:"|')([\w.-]+)(?:"|')[,)]""", file.read_text())
        assert {key for key in named if key not in known} == set(), file.name


# Whether it is there.


async def test_it_is_off_unless_it_has_an_address(api: httpx2.AsyncClient) -> None:
    for path in ("/console", "/console/sign-in"):
        assert (await api.get(path)).status_code == 404


def test_it_is_no_part_of_the_api() -> None:
    assert "/console" not in str(openapi_document()["paths"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"console_url": "http://relhub.voorbeeld.example", "console_consumer": "x"}, "https://"),
        ({"console_url": "https://relhub.voorbeeld.example/", "console_consumer": "x"}, "no slash"),
        ({"console_url": "https://relhub.voorbeeld.example"}, "RELHUB_CONSOLE_CONSUMER"),
        ({"console_url": "https://relhub.voorbeeld.example", "console_demo": True}, "anybody could sign in"),
    ],
)
def test_settings_that_would_let_anybody_or_nobody_in_are_refused_at_start(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    plain = settings_for("postgresql://x@127.0.0.1:1/x", tmp_path).model_dump(exclude={"index_key", "seals", "seal_with"})
    with pytest.raises(ConfigurationError, match=said):
        Settings.load(**{**plain, **given})
