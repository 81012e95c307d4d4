"""What every request meets before a service is asked: with the real application, and a database that is not there."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from tests.towns import by_permits, headers_of

import relhub
from relhub.config.settings import Settings
from relhub.main import create_app

DEMO = Path(relhub.__file__).parent / "demo"
RELATION = "/v1/relations/rel_01K3ZZZZZZZZZZZZZZZZZZZZZZ"
DESK = {
    "Authorization": "Bearer demo-permits-desk",
    "X-Processing-Activity": "permit-handling",
    "X-Official": "j.jansen",
    "X-Occasion": "case:permits/V-2026-00001",
}
BSN = "999990019"


@asynccontextmanager
async def _running(folder: Path, consumers: Path = DEMO / "consumers.toml") -> AsyncIterator[tuple[FastAPI, httpx2.AsyncClient]]:
    (folder / "sources").mkdir(exist_ok=True)
    settings = Settings.load(
        database_url="postgresql://nobody@127.0.0.1:1/relhub",
        sources_dir=folder / "sources",
        access_rules=DEMO / "access-rules.toml",
        consumers=consumers,
        keys_file=DEMO / "keys.toml",
    )
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub") as client,
    ):
        yield app, client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with _running(tmp_path) as (_, opened):
        yield opened


def _errors(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["location"]: error["detail"] for error in answer.json()["errors"]}


async def test_without_a_known_token_the_answer_says_what_to_do_and_nothing_else(client: httpx2.AsyncClient) -> None:
    answers = [
        await client.get(RELATION),
        await client.get(RELATION, headers={"Authorization": "Basic demo-permits-desk"}),
        await client.get(RELATION, headers={"Authorization": "Bearer demo-permits-desk extra"}),
        await client.get(f"{RELATION}?access_token=demo-permits-desk"),
        await client.get("/v1/relations/not-an-id"),
        await client.post("/v1/relations/_lookup", content=b"{"),
    ]
    refused = await client.get(RELATION, headers={"Authorization": "Bearer wrong"})
    assert {answer.status_code for answer in [*answers, refused]} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="relhub"'}
    assert refused.headers["www-authenticate"].startswith('Bearer realm="relhub", error="invalid_token", ')
    assert len({answer.json()["detail"] for answer in [*answers, refused]}) == 1
    assert "Authorization: Bearer" in answers[0].json()["detail"]


async def test_the_scheme_of_the_token_is_read_without_regard_to_capitals(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/sources", headers=DESK | {"Authorization": "bearer demo-permits-desk"})
    assert answer.status_code == 503


async def test_all_that_is_wrong_is_listed_at_once(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{RELATION}/cases?limit=101&phase=later&colour=red", headers={"Authorization": "Bearer demo-permits-desk"})
    assert set(_errors(answer)) == {"header X-Processing-Activity", "header X-Official", "query colour", "query limit", "query phase"}


async def test_every_question_needs_a_processing_activity(client: httpx2.AsyncClient) -> None:
    bearer = {"Authorization": "Bearer demo-permits-desk", "X-Official": "j.jansen"}
    body = {"case": "permits/V-2026-00001"}
    for answer in (
        await client.get("/v1/sources", headers=bearer),
        await client.get(RELATION, headers=bearer),
        await client.get(f"{RELATION}/cases", headers=bearer),
        await client.post("/v1/relations/_lookup", headers=bearer, json=body),
        await client.post("/v1/relations/_search", headers=bearer, json={"name": "Berg", "birthDate": "1980-02-17"}),
    ):
        assert set(_errors(answer)) == {"header X-Processing-Activity"}


async def test_an_application_that_asks_in_its_own_name_may_not_name_an_official(tmp_path: Path) -> None:
    consumers = tmp_path / "consumers.toml"
    consumers.write_text(
        '[[consumer]]\nname = "night-job"\ntoken = "night"\napplication = "nacht"\norganisation = "Gemeente Voorbeeld"\n'
        'department = "Klantcontact"\nactivities = ["answering-questions"]\n'
    )
    async with _running(tmp_path, consumers) as (_, client):
        asked = {"Authorization": "Bearer night", "X-Processing-Activity": "answering-questions"}
        assert set(_errors(await client.get(RELATION, headers=asked | {"X-Official": "j.jansen"}))) == {"header X-Official"}
        assert (await client.get(RELATION, headers=asked)).status_code == 503


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Processing-Activity", "a" * 101),
        ("X-Processing-Activity", "a b"),
        ("X-Official", "j" * 101),
        ("X-Occasion", "case:permits/" + "x" * 300),
        ("X-Occasion", "V-2026-00001"),
        ("X-Official", "jos\xe9"),
    ],
)
async def test_headers_are_bounded_in_length_and_characters(client: httpx2.AsyncClient, name: str, value: str) -> None:
    answer = await client.get(RELATION, headers=[(key.encode(), text.encode("latin-1")) for key, text in {**DESK, name: value}.items()])
    assert set(_errors(answer)) == {f"header {name}"}
    assert value not in answer.text


async def test_a_header_or_parameter_given_twice_is_refused(client: httpx2.AsyncClient) -> None:
    twice = [*DESK.items(), ("X-Occasion", "none")]
    assert set(_errors(await client.get(f"{RELATION}?sections=party&sections=cases", headers=twice))) == {
        "header X-Occasion",
        "query sections",
    }


async def test_a_token_in_the_url_is_refused_even_beside_a_good_one(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{RELATION}?access_token=demo-permits-desk", headers=DESK)
    assert "never belongs in a URL" in _errors(answer)["query"]
    assert "demo-permits-desk" not in answer.text


async def test_what_was_sent_is_never_repeated(client: httpx2.AsyncClient) -> None:
    post = "/v1/relations/_lookup"
    wrong = [
        await client.post(post, headers=DESK, json={"identifier": {"scheme": BSN, "value": {"deep": BSN}}, BSN: BSN, "record": BSN}),
        await client.post(post, headers=DESK, json={"case": BSN}),
        await client.post(post, headers=DESK, json=[BSN]),
        await client.post(post, headers=DESK, json=BSN),
        await client.post(post, headers=DESK | {"Content-Type": "application/json"}, content=f'{{"case": {BSN}'),
        await client.post(
            "/v1/relations/_search", headers=DESK, json={"name": BSN * 40, "birthDate": "1980-02-31", "phone": BSN + "x", "kind": BSN}
        ),
        await client.get(f"{RELATION}?{BSN}={BSN}&sections={BSN}&include={BSN}", headers=DESK),
    ]
    for answer in wrong:
        assert _errors(answer)
        assert BSN not in answer.text
        assert BSN not in str(answer.headers)


async def test_a_lookup_is_by_exactly_one_reference(client: httpx2.AsyncClient) -> None:
    record = {"source": "enforcement", "key": "P-00012"}
    for body in ({}, {"case": "permits/V-2026-00001", "record": record}):
        assert "exactly one" in _errors(await client.post("/v1/relations/_lookup", headers=DESK, json=body))["body"]
    for empty in ({"case": None}, {"record": None}, {"identifier": None}):
        assert _errors(await client.post("/v1/relations/_lookup", headers=DESK, json=empty))


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Berg"},
        {"name": "Berg", "kind": "person"},
        {"houseNumber": "1", "name": "Berg"},
        {"name": "Berg", "birthDate": "1980-02-31"},
    ],
)
async def test_a_search_needs_two_facts_that_can_be(client: httpx2.AsyncClient, body: dict[str, str]) -> None:
    assert _errors(await client.post("/v1/relations/_search", headers=DESK, json=body))


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\ud800b"])
async def test_characters_that_cannot_be_printed_are_refused(client: httpx2.AsyncClient, text: str) -> None:
    body = json.dumps({"record": {"source": "enforcement", "key": text}})  # as escapes: half a pair can't be sent otherwise
    answer = await client.post("/v1/relations/_lookup", headers=DESK | {"Content-Type": "application/json"}, content=body)
    assert set(_errors(answer)) == {"body record.key"}


@pytest.mark.parametrize("content", [b"[" * 60_000, b'{"case": ' + b"9" * 6000 + b"}", b"\xff\xfe", b"", b"NaN"])
async def test_bodies_that_break_a_reader_are_bad_requests(client: httpx2.AsyncClient, content: bytes) -> None:
    answer = await client.post("/v1/relations/_lookup", headers=DESK | {"Content-Type": "application/json"}, content=content)
    assert set(_errors(answer)) == {"body"}


async def test_what_is_wrong_with_the_headers_is_listed_beside_a_body_that_cannot_be_read(client: httpx2.AsyncClient) -> None:
    headers = {"Authorization": "Bearer demo-permits-desk", "X-Official": "j.jansen", "Content-Type": "application/json"}
    answer = await client.post("/v1/relations/_lookup", headers=headers, content=b"\xff\xfe")
    assert set(_errors(answer)) == {"header X-Processing-Activity", "body"}


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(70):
        yield b" " * 1000


async def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(client: httpx2.AsyncClient) -> None:
    headers = DESK | {"Content-Type": "application/json"}
    for content in (b" " * 65_537, _pieces()):
        answer = await client.post("/v1/relations/_lookup", headers=headers, content=content)
        assert (answer.status_code, answer.json()["status"]) == (413, 413)
        assert answer.headers["api-version"] == "1.0.0"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/problem+json", ""]
)
async def test_only_json_is_taken(client: httpx2.AsyncClient, kind: str) -> None:
    assert (await client.post("/v1/relations/_lookup", headers=DESK | {"Content-Type": kind}, content=b"{}")).status_code == 415


async def test_a_compressed_body_is_not_taken(client: httpx2.AsyncClient) -> None:
    headers = DESK | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await client.post("/v1/relations/_lookup", headers=headers, content=b"{}")).status_code == 415


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/*", 503),
        ("text/html, */*;q=0.1", 503),
        ("application/json", 503),
    ],
)
async def test_only_json_is_given(client: httpx2.AsyncClient, accept: str, status: int) -> None:
    assert (await client.get(RELATION, headers=DESK | {"Accept": accept})).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/v1/relations/_lookup/",
        f"{RELATION}/",
        "/v1/sources/",
        "/docs/",
        "/v1",
        "/v1/",
        "/v2/sources",
        "/nothing",
        "/docs/../main.py",
        "/docs/core.py",
    ],
)
async def test_unknown_addresses_and_trailing_slashes_are_not_found(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=DESK)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("relation_id", ["rel_1", "rel_01K3ZZZZZZZZZZZZZZZZZZZZZI", "rel_01K3ZZZZZZZZZZZZZZZZZZZZZZ%0A", BSN])
async def test_an_id_that_cannot_be_is_answered_as_one_that_is_not(client: httpx2.AsyncClient, relation_id: str) -> None:
    for rest in ("", "/cases"):
        answer = await client.get(f"/v1/relations/{relation_id}{rest}", headers=DESK)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "There is no such relation, or nothing of it that this processing activity may see."


async def test_another_method_is_refused_with_the_ones_that_work(client: httpx2.AsyncClient) -> None:
    answer = await client.delete(RELATION, headers=DESK)
    assert (answer.status_code, answer.headers["allow"], answer.json()["status"]) == (405, "GET", 405)
    answer = await client.get("/v1/relations/_lookup", headers=DESK)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_without_a_database_nothing_is_shown_and_the_reason_stays_inside(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/sources", RELATION, "/health/ready"):
        answer = await client.get(path, headers=DESK)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "127.0.0.1" not in answer.text
        assert "Refused" not in answer.text
    assert (await client.get("/health/live")).json() == {"status": "live"}


async def test_a_wrong_method_is_told_all_methods_of_the_address(api: httpx2.AsyncClient) -> None:
    answer = await api.put("/v1/contact-moments", headers=headers_of(by_permits()))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


async def test_an_address_beside_the_ids_of_relations_names_its_own_method(api: httpx2.AsyncClient) -> None:
    """Routes are tried in order: with the view before them these would say GET."""
    for name in ("_lookup", "_search", "_batch"):
        answer = await api.options(f"/v1/relations/{name}", headers=headers_of(by_permits()))
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST"), name
