"""The examples in the OpenAPI document are true: every one is sent to the demo, and answered as the document says.

With RECORD=1 (`make examples`) the answers of the demo are written into the document instead.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import orjson
import pytest
from tests.demo_fixtures import AN_EXPORT

from relhub.api.examples import ANSWERS_FILE, EXAMPLES, OLDEST
from relhub.main import openapi_document

DOCUMENT = openapi_document()
CONSUMERS = tomllib.loads((Path(__file__).parents[1] / "src/relhub/demo/consumers.toml").read_text())["consumer"]
RECORD = "RECORD" in os.environ
_EXPORT_ID = re.compile(r"exp_[0-9a-f]{32}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@dataclass(frozen=True, slots=True)
class Operation:
    path: str
    method: str
    said: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.said["operationId"])

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolved(parameter) for parameter in self.said.get("parameters", [])]

    @property
    def bodies(self) -> dict[str, Any]:
        """The examples of its body, by name."""
        return dict(self.said["requestBody"]["content"]["application/json"].get("examples", {})) if "requestBody" in self.said else {}

    @property
    def status(self) -> str:
        return str(min(self.said["responses"]))

    @property
    def answers(self) -> dict[str, Any]:
        """The examples of its answer, by name."""
        [content] = self.said["responses"][self.status]["content"].values()
        return dict(content.get("examples", {}))


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    found: Any = part
    if "$ref" in part:
        found = DOCUMENT
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
    return dict(found)


OPERATIONS = [Operation(path, method, said) for path, item in DOCUMENT["paths"].items() for method, said in item.items()]
SENT = [(operation, example) for operation in OPERATIONS for example in operation.answers]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_has_examples_with_the_same_names_at_body_and_answer(operation: Operation) -> None:
    assert operation.answers, "give it an example in api/examples.py"
    assert "requestBody" not in operation.said or set(operation.bodies) == set(operation.answers)
    for parameter in operation.parameters:
        if parameter.get("required"):
            assert "example" in parameter or set(parameter["examples"]) == set(operation.answers), parameter["name"]


ONE_AT_MOST = {"setRelationManager"}
"""Of which there is no second: asked for again as the same request, which gives the first."""


async def made_before(client: httpx2.AsyncClient, operation: Operation, example: str) -> dict[str, str]:
    """The id of what this one is about, made just before."""
    if not (name := EXAMPLES[operation.name][example].after):
        return {}
    maker = next(other for other in OPERATIONS if other.name == name)
    request = request_of(maker, next(iter(maker.answers)))
    if name not in ONE_AT_MOST:
        request["headers"].pop("Idempotency-Key", None)  # a new one, of which nothing has become yet
    response = await client.request(**request)
    assert response.status_code == int(maker.status), response.text
    made = response.json()["id"] if "{" in operation.path else ""
    return {"managerId": made} if "{managerId}" in operation.path else {"id": made} if not operation.path.startswith("/relations") else {}


def request_of(operation: Operation, example: str, instead: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """As someone would send it who fills in what the document gives as example: by its name, or the only one there is."""
    given: dict[str, dict[str, str]] = {"header": {}, "path": {}, "query": {}}
    for parameter in operation.parameters:
        if example in parameter.get("examples", {}):
            given[parameter["in"]][parameter["name"]] = parameter["examples"][example]["value"]
        elif "example" in parameter:
            given[parameter["in"]][parameter["name"]] = parameter["example"]
    body = operation.bodies[example]["value"] if operation.bodies else None
    return {
        "method": operation.method.upper(),
        "url": operation.path.format_map(given["path"] | dict(instead)),
        "params": given["query"],
        "headers": given["header"] | {"Authorization": f"Bearer {_token(given['header']['X-Processing-Activity'])}"},
        **({"json": body} if body is not None else {}),
    }


def _token(activity: str) -> str:
    """Of the first consumer of the demo that may ask for this."""
    return str(next(consumer["token"] for consumer in CONSUMERS if activity in consumer["activities"]))


def _as_documented(answer: Any) -> Any:
    """Without what examples leave out (api/examples.py), and with one time for all."""
    if isinstance(answer, dict):
        shown = {key: _as_documented(value) for key, value in answer.items() if not key.startswith("post")}
        return {key: value[:1] if key == "properties" and isinstance(value, list) else value for key, value in shown.items()}
    if isinstance(answer, list):
        return [_as_documented(item) for item in answer]
    if not isinstance(answer, str):
        return answer
    return "2026-11-24T02:00:00Z" if _TIME.fullmatch(answer) else _EXPORT_ID.sub(AN_EXPORT, answer)


@pytest.fixture(scope="module")
def recorded() -> Iterator[dict[str, dict[str, Any]]]:
    """What the demo answered, written when asked to."""
    answers: dict[str, dict[str, Any]] = {}
    yield answers
    if RECORD:
        ANSWERS_FILE.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize(("operation", "example"), SENT, ids=lambda part: part if isinstance(part, str) else part.name)
async def test_the_demo_answers_as_the_example_says(
    demo: str, operation: Operation, example: str, recorded: dict[str, dict[str, Any]]
) -> None:
    async with httpx2.AsyncClient(base_url=demo, trust_env=False) as client:
        response = await client.request(**request_of(operation, example, await made_before(client, operation, example)))
    assert response.status_code == int(operation.status), response.text
    if response.headers["content-type"].startswith("text/html"):
        beginning = response.text[: response.text.index("</h1>") + 5]
        recorded.setdefault(operation.name, {})[example] = beginning
        assert RECORD or beginning == operation.answers[example]["value"]
        return
    if response.headers["content-type"].startswith("text/event-stream"):
        first = _first_message(response.text)
        recorded.setdefault(operation.name, {})[example] = first
        assert RECORD or first == operation.answers[example]["value"]
        return
    answer = _as_documented(orjson.loads(response.content))
    recorded.setdefault(operation.name, {})[example] = answer
    if not RECORD:
        varies = EXAMPLES[operation.name][example].varies
        assert _without(answer, varies) == _without(operation.answers[example]["value"], varies)


def _first_message(stream: str) -> str:
    """Of an event stream, with one time and one place to go on from for all."""
    message = next(part for part in stream.split("\n\n") if "data: " in part)
    place, event, data = message.split("\n")
    said = json.dumps(_as_documented(json.loads(data.removeprefix("data: "))), separators=(",", ":"))
    return f"{place[:4]}{OLDEST}\n{event}\ndata: {said}\n\n"


def _without(answer: Any, varies: frozenset[str]) -> Any:
    """The members that differ from one day to the next are there, whatever they say."""
    return {key: "…" if key in varies else value for key, value in answer.items()}
