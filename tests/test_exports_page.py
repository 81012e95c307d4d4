"""The page of an export: plain Dutch to read, print and keep, and nothing in it that a browser runs or fetches."""

import hashlib
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from tests.exporting import PORTAL, api_of, applicant, exported, page, person, relation_of, say
from tests.exporting import case_of as case
from tests.test_exports import serve
from tests.towns import bare_hub, bare_source, seeing

from relhub.api import export_words
from relhub.domain.access import FIELD_GROUPS
from relhub.domain.compartments import Level
from relhub.domain.record import CAPACITIES
from relhub.services.hub import Hub

HOSTILE = "<script>alert(document.cookie)</script>"
VOID = {"meta", "br", "link", "img"}


@pytest.fixture
async def bare(migrated_url: str) -> AsyncIterator[Hub]:
    opened = bare_hub(migrated_url, bare_source("copy-a"), bare_source("copy-b"))
    yield opened
    await opened.database.close()


@pytest.fixture
async def bare_api(bare: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with api_of(bare) as opened:
        yield opened


class Read(HTMLParser):
    """What a page has: its elements with their attributes, its text; that every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


async def page_of(hub: Hub, api: httpx2.AsyncClient, key: str = "1") -> str:
    serve(api, hub)
    return await page(api, await exported(hub, api, await relation_of(hub, "copy-a", key)))


async def test_it_reads_in_plain_dutch_and_says_all_that_the_content_says(hub: Hub, api: httpx2.AsyncClient) -> None:
    read = Read(await page(api, await exported(hub, api, await applicant(hub))))
    for words in (
        "Uw gegevens bij Gemeente Voorbeeld",
        "Geboren 17 februari 1980",
        "hetzelfde burgerservicenummer als in enforcement",
        "Dakkapel aan de voorzijde",
        "Uw rol aanvrager",
        "Last onder dwangsom",
        "Wij bewaren dit zolang als het systeem waar het vandaan komt.",
        "Over handhaving alleen dat er een zaak is",
        "dit soort overzicht aangevraagd",
        "heeft gegevens over u",
        "Wij zeggen ook nooit of ze er zijn.",
    ):
        assert words in re.sub(r"\s+", " ", read.text), words


async def test_its_form_is_one_that_a_screen_reader_reads(hub: Hub, api: httpx2.AsyncClient) -> None:
    read = Read(await page(api, await exported(hub, api, await applicant(hub))))
    assert ("html", {"lang": "nl"}) in read.elements
    assert [tag for tag in read.tags if tag in ("h1", "main", "title")] == ["title", "main", "h1"]
    levels = [int(tag[1]) for tag in read.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert read.tags.count("table") == read.tags.count("caption") > 5
    assert {attributes.get("scope") for tag, attributes in read.elements if tag == "th"} == {"row", "col"}
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {(attributes["href"] or "")[1:] for tag, attributes in read.elements if tag == "a"} <= set(ids)


async def test_nothing_in_it_runs_or_is_fetched_from_elsewhere(hub: Hub, api: httpx2.AsyncClient) -> None:
    done = await exported(hub, api, await applicant(hub))
    answer = await api.get(done["links"]["page"], headers=PORTAL | {"Accept": "text/html"})
    read = Read(answer.text)
    assert not {"script", "img", "link", "iframe", "form", "object", "svg"} & set(read.tags)
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on") or name in ("style", "src")]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="uw-gegevens.html"'
    policy = answer.headers["content-security-policy"]
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "@media print" in style
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
    kept = next(a["content"] for tag, a in read.elements if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    assert kept
    assert policy.startswith(kept)


async def test_what_a_source_wrote_is_text_and_never_markup(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    hostile: dict[str, Any] = {
        "title": HOSTILE,
        "description": '"><img src=x onerror=alert(1)>',
        "status": "{{ 7 * 7 }}",
        "properties": (("<b>naam</b>", "</table></main>"),),
        "department": "<i>Afdeling</i>",
    }
    await say(bare, case(1, person("copy-a", "1", "<u>Anna</u>", "Groot"), **hostile))
    text = await page_of(bare, bare_api)
    read = Read(text)
    assert not {"script", "img", "b", "i", "u"} & set(read.tags)
    for words in (HOSTILE, "{{ 7 * 7 }}", "</table></main>", "<i>Afdeling</i>", "<u>Anna</u>", "onerror=alert(1)"):
        assert words in read.text


async def test_it_is_asked_for_as_html_and_the_rest_as_json(hub: Hub, api: httpx2.AsyncClient) -> None:
    links = (await exported(hub, api, await applicant(hub)))["links"]
    for link, accept, status in (
        ("page", "text/html,application/xhtml+xml", 200),
        ("page", "text/*;q=0.5", 200),
        ("page", "*/*", 200),
        ("page", "application/json", 406),
        ("page", "text/html;q=0", 406),
        ("content", "application/json", 200),
        ("content", "text/html", 406),
    ):
        answer = await api.get(links[link], headers=PORTAL | {"Accept": accept})
        assert answer.status_code == status, (link, accept)
        if status == 406:
            assert answer.headers["content-type"] == "application/problem+json"


async def test_of_cases_that_are_seen_in_part_and_of_a_referral_it_says_no_more(bare: Hub, bare_api: httpx2.AsyncClient) -> None:
    anna = person("copy-a", "1", "Anna", "Groot")
    await say(bare, case(1, anna, title="Titel een", capacity="enforcement"), case(2, anna, title="Titel twee", capacity="policy"))
    hub = seeing(bare, Level.none, "informing-residents", enforcement=Level.existence, policy=Level.referral)
    read = Read(await page_of(hub, bare_api))
    assert "Een zaak: handhaving" in read.text
    assert f"Vraag ernaar bij: {bare.access.rules.coordinator}" in read.text
    assert "Wij hebben geen persoonlijke gegevens van u" in read.text
    assert not [word for word in ("Titel een", "Titel twee") if word in read.text]


def test_there_is_a_word_for_everything_that_the_hub_itself_says() -> None:
    words = export_words.WORDS
    assert set(words["capacity"]) == set(CAPACITIES)
    assert set(words["level"]) == {level.name for level in Level if level > Level.none}
    assert set(words["fields"]) == set(FIELD_GROUPS)
    assert set(words["link"]) >= set(words["scheme"])


@pytest.mark.parametrize(
    ("given", "said"), [("1980", "1980"), ("1980-02", "februari 1980"), ("1980-02-07", "7 februari 1980"), ("", ""), (None, "")]
)
def test_a_date_is_said_no_more_precisely_than_it_is_known(given: str | None, said: str) -> None:
    assert export_words.day(given) == said


def test_a_moment_is_said_in_the_time_of_the_netherlands() -> None:
    assert export_words.moment("2026-07-01T22:30:00Z") == "2 juli 2026, 00:30 uur"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"until": "2036-05-01", "because": "rule", "years": 10, "days": 0}, "tot en met 1 mei 2036. Dat is 10 jaar na het einde."),
        ({"until": "2036-05-01", "because": "source"}, "Die dag staat in het systeem"),
        ({"until": None, "because": "open", "years": 1, "days": 1}, "Na het einde bewaren wij dit nog 1 jaar en 1 dag."),
        ({"until": None, "because": "open"}, "Deze zaak loopt nog. Wij bewaren dit zolang als"),
        ({"until": None, "because": "no-end", "years": 0, "days": 2}, "Wij weten niet wanneer deze zaak is geëindigd."),
    ],
)
def test_retention_is_said_in_a_sentence(kept: dict[str, Any], said: str) -> None:
    assert said in export_words.retention(kept)
