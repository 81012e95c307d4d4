"""`rest_json`: paging, mapping and strictness, against small systems of our own and against the demo's."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.adapter_servers import keyed, serving, source

from relhub.adapters import Adapter, Document, Page
from relhub.adapters.registry import open_adapter
from relhub.config.sources import load_source
from relhub.demo import DEMO_SECRETS, RunningTown, appearances, prepare_town, running_town
from relhub.domain.record import Identifier, PartyRecord, RecordSet
from relhub.errors import ConfigurationError, RecordRejected, SourceRefused, SourceUnavailable

SOURCES = Path(__file__).resolve().parents[1] / "src" / "relhub" / "demo" / "sources"
LIMITS = "[limits]\nread = 0.4\nconnect = 0.4\ntotal = 0.8\nretries = 1\nlongest_wait = 0.1\nmax_pages = 20\n"
CASE = """
[one]
path = "/cases/{id}"
[case]
id = "id"
kind = "kind"
capacity = { value = "project" }
phase = { from = "state", values = { o = "open", c = "closed" } }
started = "since"
"""
CASES = [{"id": f"C{number}", "kind": "x", "state": "o", "since": "01-02-2026"} for number in range(7)]


async def everything(adapter: Adapter, cursor: dict[str, Any] | None = None) -> list[Page]:
    return [page async for page in adapter.pull(cursor)]


def ids(pages: list[Page]) -> list[str]:
    return [document.id for page in pages for document in page.documents]


def _paged(request: Request) -> Response:
    """All six ways in one system; `stuck` never gets further."""
    asked = request.query_params
    size = int(asked.get("size", "3"))
    start = int(asked.get("offset") or asked.get("cursor") or (int(asked.get("page", "1")) - 1) * size)
    if request.url.path == "/strict" and start >= len(CASES):
        return JSONResponse({}, 404)
    part = CASES[start : start + size]
    after = start + size if start + size < len(CASES) else None
    if request.url.path == "/stuck":
        after, part = 0, CASES[:size]
    link = f"{request.url.path}?cursor={after}" if after is not None else None
    if request.url.path == "/away":
        link = "http://other.invalid/list"
    if request.url.path == "/bare":
        return JSONResponse(part, headers={"Link": f'<{link}>; rel="next", </first>; rel="first"'} if link else {})
    return JSONResponse({"items": part, "next": link, "cursor": None if after is None else str(after), "total": len(CASES)})


def _one(request: Request) -> Response:
    found = [case for case in CASES if case["id"] == request.path_params["id"]]
    return JSONResponse(found[0]) if found else JSONResponse({}, 404 if request.path_params["id"] != "C-gone" else 410)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    routes = [Route("/cases/{id:path}", _one), *(Route(path, _paged) for path in ("/list", "/bare", "/strict", "/stuck", "/away"))]
    async with serving(Starlette(routes=routes)) as address:
        yield address


def _pages(path: str, paging: str, more: str = "") -> str:
    items = "@" if path == "/bare" else "items"
    return f'{LIMITS}[pages]\npath = "{path}"\npaging = "{paging}"\nitems = "{items}"\nsize = 3\nsize_parameter = "size"\n{more}{CASE}'


WAYS = {
    "next_url": _pages("/list", "next_url", 'next = "next"\n'),
    "link_header": _pages("/bare", "link_header"),
    "cursor": _pages("/list", "cursor", 'next = "cursor"\n'),
    "page_number": _pages("/list", "page_number"),
    "page_number with a total": _pages("/list", "page_number", 'total = "total"\n'),
    "page_number, 404 beyond the end": _pages("/strict", "page_number"),
    "offset": _pages("/list", "offset"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_paging_gives_every_case_once(url: str, tmp_path: Path, way: str) -> None:
    async with open_adapter(source(tmp_path, url, WAYS[way])) as adapter:
        pages = await everything(adapter)
        assert ids(pages) == [case["id"] for case in CASES]
        assert await everything(adapter, pages[-1].cursor) == []


@pytest.mark.parametrize("way", WAYS)
async def test_a_pull_goes_on_from_any_page(url: str, tmp_path: Path, way: str) -> None:
    async with open_adapter(source(tmp_path, url, WAYS[way])) as adapter:
        first = (await everything(adapter))[0]
        assert ids([first, *await everything(adapter, first.cursor)]) == [case["id"] for case in CASES]


@pytest.mark.parametrize(
    "tables",
    [
        _pages("/stuck", "next_url", 'next = "next"\n'),
        _pages("/stuck", "cursor", 'next = "cursor"\n'),
        _pages("/stuck", "page_number"),
        _pages("/stuck", "offset"),
    ],
)
async def test_pages_that_lead_nowhere_are_noticed(url: str, tmp_path: Path, tables: str) -> None:
    async with open_adapter(source(tmp_path, url, tables)) as adapter:
        with pytest.raises(SourceRefused, match=r"circle|same page twice"):
            await everything(adapter)


async def test_a_next_page_on_another_host_is_refused(url: str, tmp_path: Path) -> None:
    async with open_adapter(source(tmp_path, url, _pages("/away", "next_url", 'next = "next"\n'))) as adapter:
        with pytest.raises(SourceRefused, match="another host"):
            await everything(adapter)


async def test_more_pages_than_allowed_are_not_asked(url: str, tmp_path: Path) -> None:
    tables = WAYS["cursor"].replace("max_pages = 20", "max_pages = 2")
    async with open_adapter(source(tmp_path, url, tables)) as adapter:
        with pytest.raises(SourceRefused, match="more than 2 pages"):
            await everything(adapter)


async def test_one_case_is_asked_by_its_id(url: str, tmp_path: Path) -> None:
    async with open_adapter(source(tmp_path, url, WAYS["cursor"])) as adapter:
        assert await adapter.fetch_one("C3") == [Document("C3", "C3", CASES[3])]
        assert await adapter.fetch_one("C-none") is None
        assert await adapter.fetch_one("C-gone") is None
        assert await adapter.fetch_one("../list?x=1#y") is None


async def test_an_item_without_an_id_is_set_aside_and_the_page_goes_on(tmp_path: Path) -> None:
    async def listed(request: Request) -> Response:
        return JSONResponse([{"kind": "x"}, CASES[0], "text"])

    async with serving(Starlette(routes=[Route("/list", listed)])) as address:
        tables = f'[pages]\npath = "/list"\npaging = "none"\n{CASE}'
        async with open_adapter(source(tmp_path, address, tables)) as adapter:
            (page,) = await everything(adapter)
    assert [document.id for document in page.documents] == ["C0"]
    assert [reason for _, reason, _ in page.rejected] == ["id: a case without an id", "an item that is not an object"]


PARTIES = """
[[parties]]
each = "people"
kind = { value = "person" }
role = { from = "role", values = { o = "owner" } }
own_number = "nr"
bsn = "bsn"
name = "name"
birth = "born"
flags = { non_disclosure = { from = "secret", values = { "true" = "yes", "false" = "no" } } }
[[parties]]
each = "firms"
kind = { value = "organisation" }
role = { value = "contractor" }
kvk = "kvk"
acting_for = "for"
organisation_names = ["name", "others"]
[[parties.contacts]]
each = "contacts"
name = "name"
phones = ["phone"]
"""


def reading(tmp_path: Path, tables: str = PARTIES) -> Callable[..., RecordSet]:
    adapter = open_adapter(source(tmp_path, "https://a.example", f'[pages]\npath = "/list"\npaging = "none"\n{CASE}{tables}'))
    return lambda case="C1", **said: adapter.to_records([Document(case, case, {"id": case, "kind": "x", "state": "o", **said})], keyed)


def person(**said: Any) -> dict[str, Any]:
    return {"role": "o", "name": "J. Jansen", "secret": False, **said}


def test_an_unknown_code_names_its_place_and_not_its_value(tmp_path: Path) -> None:
    read = reading(tmp_path)
    with pytest.raises(RecordRejected, match=r"^state: a value that the source file does not know$"):
        read(state="zonderling")
    with pytest.raises(RecordRejected, match=r"^people\[1\]\.role: "):
        read(people=[person(), person(role="q")])
    with pytest.raises(RecordRejected, match=r"^people\[0\]\.secret: "):
        read(people=[person(secret="misschien")])


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"since": "31-02-2026"}, r"^since: is not a date"),
        ({"people": [person(bsn="999993654")]}, r"^people\[0\]\.bsn: .*11-test"),
        ({"people": [person(name="Fam. Zonderling")]}, r"^people\[0\]\.name: is not a name"),
        ({"people": [person(born="19801300")]}, r"^people\[0\]\.born: "),
        ({"people": {"name": "Zonderling"}}, r"^people: is not a list"),
        ({"people": [person(name={"Zonderling": 1})]}, r"^people\[0\]\.name: is not text"),
        ({"people": [person(name="")]}, r"^people\[0\]: a party without a name or a number"),
        ({"firms": [{"name": "A", "for": "P9"}]}, r"^firms\[0\]\.for: acts for a party that is not in the case"),
    ],
)
def test_what_can_not_be_read_is_rejected_with_its_place(tmp_path: Path, said: dict[str, Any], place: str) -> None:
    with pytest.raises(RecordRejected, match=place) as error:
        reading(tmp_path)(**said)
    assert "Zonderling" not in str(error.value)
    assert "999993654" not in str(error.value)


@pytest.mark.parametrize("wrong", [None, 7, "x", [], ["x"], {}, {"x": []}, True, 1.5])
def test_whatever_stands_somewhere_is_read_or_rejected(tmp_path: Path, wrong: Any) -> None:
    read = reading(tmp_path)
    whole = person(nr="P1", bsn="004520543", born="1980")
    firm = {"name": "Bouw", "kvk": "99438093", "others": [], "for": "", "contacts": [{"name": "C. de Wit", "phone": ""}]}
    tries = [{key: wrong} for key in ("kind", "state", "since", "people", "firms")]
    tries += [{"people": [{**whole, key: wrong}]} for key in whole] + [{"firms": [{**firm, key: wrong}]} for key in firm]
    for said in tries:
        with contextlib.suppress(RecordRejected):
            read(**said)


def test_a_stand_in_for_a_number_is_no_number(tmp_path: Path) -> None:
    (party,) = reading(tmp_path)(people=[person(bsn="999999999")]).parties
    assert party.identifiers == ()


def test_an_own_number_makes_the_key_and_is_an_identifier(tmp_path: Path) -> None:
    read = reading(tmp_path)
    one, other = (read(case, people=[person(nr="P1", name=name)]).parties[0] for case, name in (("C1", "J. Jansen"), ("C2", "K. Jansen")))
    assert one.key == other.key
    assert one.identifiers == (Identifier("own:testing", "P1"),)


def test_the_same_person_in_two_cases_is_one_party_when_a_number_says_so(tmp_path: Path) -> None:
    read = reading(tmp_path)
    one, other = (read(case, people=[person(bsn=bsn)]).parties[0] for case, bsn in (("C1", "004520543"), ("C2", "04520543")))
    assert one == other
    assert "004520543" not in one.key


def test_a_full_name_and_birth_date_identify_a_person(tmp_path: Path) -> None:
    read = reading(tmp_path)
    known = person(name="Johanna van den Berg", born="17-02-1980")
    assert read("C1", people=[known]).parties == read("C2", people=[known]).parties


@pytest.mark.parametrize("nobody", [person(), person(name="Johanna van den Berg", born="1980"), person(born="17-02-1980")])
def test_two_who_are_identified_by_nothing_are_never_one(tmp_path: Path, nobody: dict[str, Any]) -> None:
    read = reading(tmp_path)
    found = [*read("C1", people=[nobody, nobody]).parties, *read("C2", people=[nobody]).parties]
    assert len({party.key for party in found}) == 3
    assert read("C2", people=[nobody]).parties[0].key == found[2].key


def test_a_contact_person_is_known_within_the_organisation(tmp_path: Path) -> None:
    read = reading(tmp_path)
    firm = {"name": "Bouw B.V.", "kvk": "99438093", "contacts": [{"name": "C. de Wit", "phone": "030-1"}]}
    case = read("C1", firms=[firm])
    organisation, contact = case.parties
    assert (contact.kind, contact.contact_of) == ("contact_person", organisation.key)
    assert case.cases[0].involvements[1].acting_for == organisation.key
    again = read("C2", firms=[{**firm, "kvk": "99420756"}, firm]).parties
    assert contact in again
    assert len({party.key for party in again if party.kind == "contact_person"}) == 2


def test_names_of_an_organisation_are_kept_once_each_in_order(tmp_path: Path) -> None:
    (party,) = reading(tmp_path)(firms=[{"name": "Bouw B.V.", "others": ["Bouw", "Bouw B.V.", None]}]).parties
    assert party.organisation_names == ("Bouw B.V.", "Bouw")


def test_a_protective_flag_is_read(tmp_path: Path) -> None:
    (party,) = reading(tmp_path)(people=[person(secret=True)]).parties
    assert party.flags == {"non_disclosure"}


@pytest.mark.parametrize("secret", ["", None])
def test_who_a_source_says_nothing_of_where_it_says_who_has_non_disclosure_has_it(tmp_path: Path, secret: str | None) -> None:
    (party,) = reading(tmp_path)(people=[person(secret=secret)]).parties
    assert party.flags == {"non_disclosure"}


def test_an_organisation_has_no_non_disclosure_by_an_empty_field(tmp_path: Path) -> None:
    flags = 'flags = { non_disclosure = { from = "secret", values = { "true" = "yes", "false" = "no" } } }'
    tables = PARTIES.replace('kvk = "kvk"\n', f'kvk = "kvk"\n{flags}\n')
    (party,) = reading(tmp_path, tables)(firms=[{"name": "Bouw B.V."}]).parties
    assert party.flags == frozenset()


def test_a_file_may_not_say_that_an_empty_field_means_no_non_disclosure(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="an empty value counts as yes"):
        reading(tmp_path, PARTIES.replace('"false" = "no" }', '"false" = "no", "" = "no" }'))


def test_one_acts_for_another_by_own_number(tmp_path: Path) -> None:
    case = reading(tmp_path)(people=[person(nr="P1")], firms=[{"name": "Bouw", "for": "P1"}]).cases[0]
    assert case.involvements[1].acting_for == case.involvements[0].party_key


# Against the demo's systems.


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ.update(DEMO_SECRETS)
    return prepare_town(tmp_path_factory.mktemp("town"), relations=80)


@pytest.fixture
async def town(directory: Path) -> AsyncIterator[RunningTown]:
    async with running_town(directory) as running:
        yield running


def demo_adapter(tmp_path: Path, town: RunningTown, name: str) -> Adapter:
    """The demo's own source file, with small pages and little patience."""
    text = (SOURCES / f"{name}.toml").read_text().replace("{base_url}", town.urls[name])
    path = tmp_path / f"{name}.toml"
    head, _, rest = text.partition("[limits]")
    text = head + LIMITS + "[expect]" + rest.partition("[expect]")[2]
    path.write_text(text.replace("size = 500", "size = 20").replace("size = 200", "size = 5"))
    return open_adapter(load_source(path))


def _numbers(party: PartyRecord) -> dict[str, str]:
    return {number.scheme: number.value for number in party.identifiers if not number.scheme.startswith("own:")}


@pytest.mark.parametrize("name", ["enforcement", "projects"])
async def test_every_party_of_the_demo_is_read_with_its_true_numbers(tmp_path: Path, town: RunningTown, directory: Path, name: str) -> None:
    async with demo_adapter(tmp_path, town, name) as adapter:
        pages = await everything(adapter)
        documents = [document for page in pages for document in page.documents]
        records = {document.id: adapter.to_records([document], keyed) for document in documents}
    assert len(pages) > 1
    assert all(page.expected == len(documents) for page in pages)
    shown = [one for one in appearances(directory) if one["system"] == name]
    for case_id, record in records.items():
        by_key = {party.key: party for party in record.parties}
        there = [by_key[one.party_key] for one in record.cases[0].involvements if by_key[one.party_key].kind != "contact_person"]
        wanted = sorted(sorted(one["numbers"].items()) for one in shown if one["case"] == case_id)
        assert sorted(sorted(_numbers(party).items()) for party in there) == wanted
    assert {case.capacity for record in records.values() for case in record.cases} <= adapter.capacities


@pytest.mark.parametrize("name", ["enforcement", "projects"])
async def test_one_case_of_the_demo_is_the_same_alone(tmp_path: Path, town: RunningTown, name: str) -> None:
    async with demo_adapter(tmp_path, town, name) as adapter:
        document = (await everything(adapter))[-1].documents[-1]
        assert await adapter.fetch_one(document.id) == [document]
        town.remove(name, document.id)
        assert await adapter.fetch_one(document.id) is None


FAULTS = [
    ("down", SourceUnavailable), ("slow:5", SourceUnavailable), ("500", SourceUnavailable), ("429:9", SourceUnavailable),
    ("garbage", SourceRefused), ("truncated", SourceUnavailable), ("loop", SourceRefused),
]  # fmt: skip


@pytest.mark.parametrize("name", ["enforcement", "projects"])
@pytest.mark.parametrize(("fault", "expected"), FAULTS)
async def test_each_fault_is_named_and_the_next_pull_is_whole(
    tmp_path: Path, town: RunningTown, name: str, fault: str, expected: type[Exception]
) -> None:
    async with demo_adapter(tmp_path, town, name) as adapter:
        town.set_fault(name, fault)
        with pytest.raises(expected, match=f"^{name}: "):
            await everything(adapter)
        if fault != "loop":
            with pytest.raises(expected, match=f"^{name}: "):
                await adapter.fetch_one("HH-2026-00001" if name == "enforcement" else "PRJ-0001")
        town.set_fault(name, None)
        assert len(ids(await everything(adapter))) == len(list(town.items(name)))


async def test_a_token_that_the_system_forgot_is_asked_again(tmp_path: Path, town: RunningTown) -> None:
    async with demo_adapter(tmp_path, town, "projects") as adapter:
        await everything(adapter)
        town.forget_tokens()
        assert await adapter.fetch_one("PRJ-0001")
    assert town.requests("projects")["POST /oauth/token"] == 2
