"""What is on every answer, how errors become problems, and the documents."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

import relhub
from relhub import errors
from relhub.api.errors import ANSWERS, answer_for
from relhub.config.settings import Settings
from relhub.errors import AmbiguousIdentifier, NotAllowed, RelhubError, SourceRefused, SourceUnavailable
from relhub.main import create_app, openapi_document

DEMO = Path(relhub.__file__).parent / "demo"
COMMITTED = Path(__file__).parents[1] / "openapi" / "relhub.json"
SECRET = "999990019"


def _app(folder: Path) -> FastAPI:
    (folder / "sources").mkdir()
    settings = Settings.load(
        database_url="postgresql://nobody@127.0.0.1:1/relhub",
        sources_dir=folder / "sources",
        access_rules=DEMO / "access-rules.toml",
        consumers=DEMO / "consumers.toml",
        keys_file=DEMO / "keys.toml",
    )
    return create_app(settings)


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return _app(tmp_path)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub") as opened:
        yield opened


def _kinds(kind: type[RelhubError]) -> Iterator[type[RelhubError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def test_every_error_has_an_answer_of_its_own() -> None:
    ours = {kind for kind in _kinds(RelhubError) if kind.__module__ == errors.__name__}
    assert ours <= set(ANSWERS)
    assert all(answer.status in {400, 401, 403, 404, 409, 410, 412, 429, 500, 502, 503} for answer in ANSWERS.values())


def test_an_error_made_later_is_answered_as_the_one_above_it() -> None:
    class TooManyAtOnce(SourceUnavailable):
        pass

    assert answer_for(TooManyAtOnce("permits", "busy")).status == 503


async def _raising(app: FastAPI, client: httpx2.AsyncClient, error: Exception) -> httpx2.Response:
    async def fail() -> None:
        raise error

    app.add_api_route("/fails", fail)
    return await client.get("/fails")


async def test_a_refusal_is_answered_in_its_own_words(app: FastAPI, client: httpx2.AsyncClient) -> None:
    answer = await _raising(app, client, NotAllowed("Ask for the role."))
    assert (answer.status_code, answer.json()["detail"]) == (403, "Ask for the role.")
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}


async def test_an_ambiguous_number_is_answered_with_the_relations(app: FastAPI, client: httpx2.AsyncClient) -> None:
    answer = await _raising(app, client, AmbiguousIdentifier(("rel_A", "rel_B")))
    assert (answer.status_code, answer.json()["relations"]) == (409, ["rel_A", "rel_B"])


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (SourceUnavailable("permits", SECRET), 503, "30"),
        (SourceRefused("permits", SECRET), 502, None),
        (asyncpg.ConnectionDoesNotExistError(SECRET), 503, "5"),
        (asyncpg.InterfaceError(SECRET), 503, "5"),
        (ConnectionResetError(SECRET), 503, "5"),
        (TimeoutError(SECRET), 503, "5"),
        (DBAPIError(f"SELECT '{SECRET}'", {"number": SECRET}, Exception(SECRET), connection_invalidated=True), 503, "5"),
        (DBAPIError(f"SELECT '{SECRET}'", {"number": SECRET}, Exception(SECRET)), 500, None),
        (ValueError(SECRET), 500, None),
        (KeyError(SECRET), 500, None),
    ],
)
async def test_what_goes_wrong_inside_is_answered_without_particulars(
    app: FastAPI, client: httpx2.AsyncClient, error: Exception, status: int, retry_after: str | None
) -> None:
    answer = await _raising(app, client, error)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert "permits" not in answer.text


async def test_the_log_of_an_unexpected_error_names_places_and_no_values(app: FastAPI, client: httpx2.AsyncClient) -> None:
    with capture_logs() as lines:
        await _raising(app, client, ValueError(SECRET))
    logged = next(line for line in lines if line["event"] == "unexpected error")
    assert logged["error"] == "ValueError"
    assert any("fail" in place for place in logged["places"])
    assert SECRET not in str(lines)


async def test_every_answer_carries_version_and_security_headers(client: httpx2.AsyncClient) -> None:
    for path in ("/health/live", "/v1/sources", "/nothing", "/v1/openapi.json"):
        headers = (await client.get(path)).headers
        assert headers["api-version"] == "1.0.0"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert (headers["x-content-type-options"], headers["x-frame-options"], headers["referrer-policy"]) == (
            "nosniff",
            "DENY",
            "no-referrer",
        )
        assert headers["strict-transport-security"].startswith("max-age=31536000")


async def test_the_trace_of_the_asker_is_kept_and_named_in_problems(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/sources", headers={"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.json()["instance"] == "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


@pytest.mark.parametrize(
    "given", ["", "nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"ff-{'a' * 32}-00f067aa0ba902b7-01", f"00-{SECRET}-1-01"]
)
async def test_a_trace_that_cannot_be_read_is_replaced(client: httpx2.AsyncClient, given: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", (await client.get("/health/live", headers={"traceparent": given})).headers["x-trace-id"])


async def test_the_access_log_has_one_line_with_the_template_and_never_the_path_or_query(client: httpx2.AsyncClient) -> None:
    paths = [f"/v1/relations/{SECRET}?name={SECRET}", f"/{SECRET}", f"/docs/{SECRET}", f"/v1/relations/{SECRET}/cases"]
    with capture_logs() as lines:
        for path in paths:
            await client.get(path)
    assert [line["route"] for line in lines if line["event"] == "answered"] == [
        "/v1/relations/{id}",
        "unknown",
        "/docs/{name}",
        "/v1/relations/{id}/cases",
    ]
    assert SECRET not in str(lines)


async def test_the_docs_need_nothing_from_another_server(client: httpx2.AsyncClient) -> None:
    page = await client.get("/", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/docs")
    assert "//" not in page.text.replace("<!doctype", "")
    assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("style-src")[0]
    for name in re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text):
        asset = await client.get(f"/{name}")
        assert asset.status_code == 200, name
        assert asset.content


async def test_the_document_is_open_to_all_and_differs_from_the_committed_one_in_servers_only(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/openapi.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    served, committed = answer.json(), json.loads(COMMITTED.read_text())
    assert served.pop("servers")[0]["url"] == "/v1"
    committed.pop("servers")
    assert served == committed


def test_the_committed_document_is_the_one_that_the_code_makes() -> None:
    assert json.loads(COMMITTED.read_text()) == openapi_document(), "run `relhub openapi`"


def _operations() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{method} {path}", operation) for path, item in openapi_document()["paths"].items() for method, operation in item.items()]


def test_every_operation_is_documented_with_its_problems_and_no_422() -> None:
    for name, operation in _operations():
        assert {"400", "401", "403", "406", "500", "503"} <= set(operation["responses"]), name
        assert {"200", "201", "202"} & set(operation["responses"]), name
        assert "422" not in operation["responses"], name
        assert operation["description"], name
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation["operationId"]), name


_DUTCH_AS_WELL = {"Cursor", "Project", "Status", "Via", "Zaak"}


def _described(name: str, title: str, description: str) -> None:
    """It says what it means, and has a Dutch title: not the one that is made of its name when nobody gives one."""
    assert description.endswith((".", ")")), name
    made = re.sub("[^a-z]", "", name.rpartition(" ")[2].lower())
    assert title in _DUTCH_AS_WELL or re.sub("[^a-z]", "", title.lower()) not in ("", made), name


def test_every_field_says_what_it_means_and_has_a_dutch_title() -> None:
    for name, schema in openapi_document()["components"]["schemas"].items():
        assert schema["description"], name
        for field, described in schema["properties"].items():
            _described(f"{name} {field}", described.get("title", ""), described.get("description", ""))


def test_every_parameter_says_what_it_means_and_has_a_dutch_title() -> None:
    shared = openapi_document()["components"]["parameters"].values()
    own = [parameter for _, operation in _operations() for parameter in operation["parameters"] if "$ref" not in parameter]
    for parameter in (*shared, *own):
        _described(parameter["name"], parameter["schema"].get("title", ""), parameter.get("description", ""))


def test_every_header_of_an_answer_says_what_it_means() -> None:
    for name, header in openapi_document()["components"]["headers"].items():
        assert header["description"], name


def test_no_pattern_has_a_class_that_engines_read_differently() -> None:
    """What is white space or a digit beyond ASCII depends on the engine: a client would let through what the hub refuses."""
    patterns = re.findall(r'"pattern": "((?:[^"\\\\]|\\\\.)*)"', json.dumps(openapi_document()))
    assert len(set(patterns)) > 10
    assert [pattern for pattern in patterns if re.search(r"\\[sSwWdDbB]", pattern)] == []


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = openapi_document()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
