"""Every question leaves a row in the consultation log, whatever comes of it: shown, refused, not found."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.adapter_servers import serving
from tests.test_contract_examples import OPERATIONS, SENT, Operation, made_before, request_of
from tests.towns import NewDatabase, by_contact_centre, by_permits, headers_of, rows, settings_for

from relhub.demo import RunningTown
from relhub.main import create_app
from relhub.services.decide_match import decide_match
from relhub.services.hub import Hub
from relhub.services.list_quarantine import set_aside_of
from relhub.services.pull_source import pull_source
from relhub.services.rebuild import rebuild
from relhub.services.verify_log import verify_log

ONE_FOR_EACH = {
    "lookupRelations": "each relation that was looked at is logged by itself, so that each has its own outcome",
    "streamEvents": "each time that something is told is a look",
}
OUTCOMES = {
    "shown",
    "not-found",
    "asked",
    "made",
    "granted",
    "recorded",
    "corrected",
    "answered",
    "kept",
    "set",
    "handed-over",
    "dismissed",
}
OUTCOMES |= {"changed", "deleted"}  # of a subscription
SPAN = "00f067aa0ba902b7"


@dataclass(frozen=True, slots=True)
class Demo:
    url: str
    hub: Hub

    async def ask(self, request: dict[str, Any]) -> tuple[int, list[Any]]:
        """The status of the answer, and the rows that it left."""
        trace = os.urandom(16).hex()
        headers = {**request["headers"], "traceparent": f"00-{trace}-{SPAN}-01"}
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
            response = await client.request(**{**request, "headers": headers})
        return response.status_code, await rows(self.hub, "SELECT * FROM consultation_log WHERE trace_id = $1 ORDER BY id", trace)

    async def made_before(self, operation: Operation, example: str) -> dict[str, str]:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False) as client:
            return await made_before(client, operation, example)


@pytest.fixture(scope="module")
async def demo_with_log(new_database: NewDatabase, demo_template: str, demo_sources: Path) -> AsyncIterator[Demo]:
    app = create_app(settings_for(await new_database(demo_template), demo_sources))
    async with app.router.lifespan_context(app), serving(app) as url:
        yield Demo(f"{url}/v1", app.state.hub)


@pytest.mark.parametrize(("operation", "example"), SENT, ids=lambda part: part if isinstance(part, str) else part.name)
async def test_what_is_answered_is_one_row_with_who_asked_what_for(demo_with_log: Demo, operation: Operation, example: str) -> None:
    request = request_of(operation, example, await demo_with_log.made_before(operation, example))
    status, found = await demo_with_log.ask(request)
    assert status == int(operation.status)
    if operation.name not in ONE_FOR_EACH:
        assert len(found) == 1
    for row in found:
        assert (row["activity"], row["occasion"]) == (
            request["headers"]["X-Processing-Activity"],
            request["headers"].get("X-Occasion", "none"),
        )
        assert row["official"] == request["headers"].get("X-Official", "")
        assert row["rules_version"] == demo_with_log.hub.access.rules.version
        assert row["register_uri"] == demo_with_log.hub.access.rules.activities[row["activity"]].register_uri
        assert row["outcome"] in OUTCOMES
        assert row["at"] <= row["written_at"]
        assert len(row["span_id"]) == 16


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_what_is_refused_is_one_row_too(demo_with_log: Demo, operation: Operation) -> None:
    request = request_of(operation, next(iter(operation.answers)))
    request["headers"] |= {"X-Processing-Activity": "something-else"}
    status, found = await demo_with_log.ask(request)
    assert (status, [row["outcome"] for row in found]) == (403, ["refused"])
    assert found[0]["register_uri"] == ""


async def test_who_is_not_known_leaves_no_row(demo_with_log: Demo) -> None:
    """There is nobody to write down: it is a line in the access log, and `relhub_request_seconds{status="401"}`."""
    request = request_of(OPERATIONS[0], next(iter(OPERATIONS[0].answers)))
    request["headers"] |= {"Authorization": "Bearer unknown"}
    assert await demo_with_log.ask(request) == (401, [])


async def test_a_view_says_which_sections_and_what_it_was_asked_for(hub: Hub, api: httpx2.AsyncClient) -> None:
    [known] = await rows(
        hub, "SELECT relation_id FROM involvement i JOIN case_record c ON c.id = i.case_id WHERE c.case_id = 'V-2026-00001' LIMIT 1"
    )
    trace = os.urandom(16).hex()
    await api.get(
        f"/v1/relations/{known['relation_id']}?sections=cases,party&include=origins",
        headers=headers_of(by_permits()) | {"traceparent": f"00-{trace}-{SPAN}-01"},
    )
    [row] = await rows(hub, "SELECT sections, levels, parent_span_id, span_id FROM consultation_log WHERE trace_id = $1", trace)
    assert row["sections"] == ["cases", "party", "origins"]
    assert row["levels"]["licensing"] == "full"
    assert row["parent_span_id"] == SPAN != row["span_id"]


async def test_each_relation_of_a_batch_is_an_action_of_its_own_within_the_question(hub: Hub, api: httpx2.AsyncClient) -> None:
    trace = os.urandom(16).hex()
    body = {"references": [{"relation": f"rel_{number:026}"} for number in range(3)]}
    headers = headers_of(by_contact_centre()) | {"traceparent": f"00-{trace}-{SPAN}-01"}
    assert (await api.post("/v1/relations/_batch", headers=headers, json=body)).status_code == 200
    found = await rows(hub, "SELECT span_id, parent_span_id FROM consultation_log WHERE trace_id = $1", trace)
    assert len({row["span_id"] for row in found}) == 3
    assert len({row["parent_span_id"] for row in found} | {SPAN}) == 2


async def test_a_request_that_is_sent_again_is_a_row_again_also_when_its_key_is_refused(hub: Hub, api: httpx2.AsyncClient) -> None:
    headers = {
        "Authorization": "Bearer demo-operator",
        "X-Processing-Activity": "source-operation",
        "X-Official": "beheer-1",
        "Idempotency-Key": "one",
    }
    bodies: list[dict[str, Any]] = [{}, {}, {"acceptLoss": True}]
    answers = [await api.post("/v1/sources/permits/pulls", headers=headers, json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [202, 202, 409]
    found = await rows(hub, "SELECT outcome FROM consultation_log WHERE operation = 'ask-pull' ORDER BY id")
    assert [row["outcome"] for row in found] == ["asked", "asked", "refused"]


async def test_what_a_steward_decides_is_a_row_with_the_relations_before_and_after(hub: Hub) -> None:
    one, other = await rows(
        hub, "SELECT min(source) source, min(key) AS key, relation_id FROM party_record WHERE kind = 'person' GROUP BY relation_id LIMIT 2"
    )
    a, b = (one["source"], one["key"]), (other["source"], other["key"])
    await decide_match(hub, a, b, "different", "seen at the desk", "a.smit")
    [row] = await rows(hub, "SELECT * FROM consultation_log WHERE operation = 'decide-match'")
    assert (row["official"], row["outcome"]) == ("a.smit", "different")
    assert set(row["relation_ids"]) == {one["relation_id"], other["relation_id"]}
    assert set(row["records"]) == {":".join(a), ":".join(b)}


async def test_a_decision_that_is_not_kept_is_not_logged_either(hub: Hub) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever the database says of a pair that is no pair
        await decide_match(hub, ("permits", "x"), ("permits", "x"), "same", "", "a.smit")
    assert await rows(hub, "SELECT FROM consultation_log WHERE operation = 'decide-match'") == []


async def test_what_is_done_on_the_command_line_is_a_row_of_its_user(hub: Hub, town: RunningTown) -> None:
    await set_aside_of(hub, "permits")
    await rebuild(hub)
    await pull_source(hub, "projects")
    await verify_log(hub)
    found = await rows(hub, "SELECT * FROM consultation_log WHERE consumer = 'command line' ORDER BY id DESC LIMIT 4")
    assert [row["operation"] for row in found] == ["log-verify", "run-pull", "rebuild", "quarantine"]
    assert all(row["official"] for row in found)
