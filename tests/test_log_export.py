"""Every consultation is also a record of the Logboek Dataverwerkingen: at least once, in its form, and without who asked."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.processes import running, until
from tests.test_storage import execute
from tests.towns import NewDatabase, bare_hub, by_permits, headers_of, rows, settings_for

from relhub.adapters.logboek import Logboek, logboek
from relhub.config.settings import Settings
from relhub.domain.logboek import records_of
from relhub.embedded import Server
from relhub.errors import ConfigurationError
from relhub.services import export_log as exporting
from relhub.services.drop_log import drop_month
from relhub.services.export_log import export_log
from relhub.services.hub import Hub
from relhub.services.own_look import own_look
from relhub.services.seal_log import seal_log
from relhub.storage.log import Look, add_look

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TRACE, SPAN, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "b7ad6b7169203331"
LOOK = Look(
    NOW, TRACE, "permits-desk", "vergunningen", "Gemeente Voorbeeld", "Vergunningen", "j.jansen", "permit-handling", "case:permits/V-1", "1", "view",
    register_uri="https://register.voorbeeld.example/verwerkingen/vergunningverlening", span_id=SPAN, parent_span_id=PARENT,
)  # fmt: skip
Answering = Callable[[int], Response | None]


class Collector:
    """Takes what it is sent, unless `answer` says otherwise for the so manieth request: then it takes nothing."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.asked = 0
        self.answer: Answering = lambda _: None
        self.app = Starlette(routes=[Route("/v1/traces", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.asked += 1
        body = await request.body()
        self.headers.append(dict(request.headers))
        if (refused := self.answer(self.asked)) is not None and refused.status_code != 200:
            return refused
        message = ExportTraceServiceRequest.FromString(body)
        self.spans += [span for about in message.resource_spans for scope in about.scope_spans for span in scope.spans]
        return refused or Response(ExportTraceServiceResponse().SerializeToString(), media_type="application/x-protobuf")

    @property
    def ids(self) -> list[str]:
        return [span.span_id.hex() for span in self.spans]


def said(span: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


@pytest.fixture
async def log_hub(migrated_url: str) -> AsyncIterator[Hub]:
    hub = bare_hub(migrated_url)
    yield hub
    await hub.database.close()


@asynccontextmanager
async def sending(url: str) -> AsyncIterator[Logboek]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield Logboek(client, f"{url}/v1/traces", "urn:nld:relhub:relation")


async def keep(hub: Hub, count: int, relations: Callable[[int], list[str]] = lambda number: [f"rel_{number}"]) -> None:
    async with hub.database.driver() as driver:
        for number in range(count):
            await add_look(driver, replace(LOOK, span_id=f"{number + 1:016x}"), "shown", relations(number), ["permits/V-1"])


async def test_a_look_is_a_record_in_the_form_of_the_standard(log_hub: Hub) -> None:
    collector = Collector()
    async with log_hub.database.driver() as driver:
        await add_look(driver, LOOK, "shown", ["rel_1"], ["permits/V-1"])
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 1
        assert await export_log(log_hub, logboek_, NOW) == 0
    [span] = collector.spans
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name) == (TRACE, SPAN, PARENT, "view")
    assert span.status.code == 1
    assert span.start_time_unix_nano == int(NOW.timestamp()) * 10**9 <= span.end_time_unix_nano
    subject = log_hub.sealer.authenticate("ldv subject", b"rel_1").hex()[:32]
    assert said(span) == {
        "dpl.core.processing_activity_id": "https://register.voorbeeld.example/verwerkingen/vergunningverlening",
        "dpl.core.data_subject_id": subject,
        "dpl.core.data_subject_id_type": "urn:nld:relhub:relation",
        "dpl.core.foreign_operation.processor": "urn:nld:relhub:application:vergunningen",
    }
    assert b"j.jansen" not in span.SerializeToString()
    assert b"rel_1" not in span.SerializeToString()


async def test_of_several_data_subjects_each_has_a_record_that_is_a_child_of_one(log_hub: Hub) -> None:
    collector = Collector()
    await keep(log_hub, 1, lambda _: ["rel_1", "rel_2", "rel_2"])
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 3
    parent, *children = collector.spans
    assert "dpl.core.data_subject_id" not in said(parent)
    assert {child.parent_span_id for child in children} == {parent.span_id}
    assert len({child.span_id for child in children}) == len({said(child)["dpl.core.data_subject_id"] for child in children}) == 2


@pytest.mark.parametrize(
    ("outcome", "relations", "activity", "expected"),
    [
        ("refused", [], "https://register.example/a", ["unset"]),
        ("not-found", [], "https://register.example/a", ["unset"]),
        ("unverified", [], "https://register.example/a", ["error"]),
        ("refused", ["rel_1"], "https://register.example/a", ["unset"]),
        ("refused", [], "", []),  # of an activity that nobody registered nothing is processed
    ],
)
def test_a_refusal_is_a_record_when_something_was_processed_for_it(
    outcome: str, relations: list[str], activity: str, expected: list[str]
) -> None:
    found = records_of(
        id_=1, trace_id=TRACE, span_id=SPAN, parent_span_id="", operation="view", outcome=outcome, at=NOW, written_at=NOW, activity=activity,
        processor="", relations=relations, pseudonym=str.upper,
    )  # fmt: skip
    assert [record.status for record in found] == expected
    assert [record.subject for record in found] == [relation.upper() for relation in relations] or [""] * len(expected)


def test_a_row_of_before_there_were_spans_gets_the_same_ids_each_time() -> None:
    [one], [same], [other] = (
        records_of(
            id_=id_, trace_id="trace", span_id="", parent_span_id="", operation="view", outcome="shown", at=NOW, written_at=NOW, activity="urn:x:y",
            processor="", relations=[], pseudonym=str,
        )
        for id_ in (7, 7, 8)
    )  # fmt: skip
    assert (len(one.trace_id), len(one.span_id)) == (32, 16)
    assert one == same
    assert one.span_id != other.span_id


async def test_what_a_steward_decides_is_a_record_of_the_hubs_own_activity(log_hub: Hub) -> None:
    hub, collector = replace(log_hub, own_activity="https://register.voorbeeld.example/verwerkingen/relaties"), Collector()
    async with hub.database.driver() as driver:
        await add_look(driver, own_look(hub, "decide-match", official="a.smit"), "same", ["rel_1"], [])
    await seal_log(hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        await export_log(hub, logboek_, NOW)
    [span] = collector.spans
    assert said(span)["dpl.core.processing_activity_id"] == "https://register.voorbeeld.example/verwerkingen/relaties"
    assert "dpl.core.foreign_operation.processor" not in said(span)


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_nothing_is_lost_while_the_collector_does_not_take_it(log_hub: Hub, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(exporting, "_ROWS", 2)
    collector = Collector()
    collector.answer = lambda number: Response(status_code=status) if 2 <= number < 4 else None
    await keep(log_hub, 7)
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 2
        [state] = await rows(log_hub, "SELECT failing_since FROM log_export")
        assert state["failing_since"] == NOW
        assert await export_log(log_hub, logboek_, NOW + timedelta(seconds=10)) == 0
        assert await export_log(log_hub, logboek_, NOW + timedelta(seconds=11)) == 0  # it is left alone for half as long as it fails
        assert collector.asked == 3
        assert await export_log(log_hub, logboek_, NOW + timedelta(seconds=20)) == 5
        [state] = await rows(log_hub, "SELECT failing_since FROM log_export")
        assert state["failing_since"] is None
    assert collector.ids == [f"{number + 1:016x}" for number in range(7)]


async def test_nothing_is_lost_while_there_is_no_collector(log_hub: Hub) -> None:
    collector = Collector()
    await keep(log_hub, 3)
    await seal_log(log_hub, NOW)
    async with sending("http://127.0.0.1:1") as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 0
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 3


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"\xff\xff\xff"])
async def test_an_answer_that_is_no_acknowledgement_is_none(log_hub: Hub, body: bytes) -> None:
    collector = Collector()
    collector.answer = lambda number: Response(body, 200) if number == 1 else None
    await keep(log_hub, 1)
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 0
        assert await export_log(log_hub, logboek_, NOW) == 1


async def test_what_comes_twice_has_the_same_ids(log_hub: Hub) -> None:
    """The answer was on its way when this process was killed: the batch is sent again."""
    collector = Collector()
    await keep(log_hub, 3)
    await seal_log(log_hub, NOW)

    class Killed(Logboek):
        async def send(self, records: Any) -> Any:
            await super().send(records)
            raise asyncio.CancelledError

    async with serving(collector.app) as url, sending(url) as logboek_:
        with pytest.raises(asyncio.CancelledError):
            await export_log(log_hub, Killed(logboek_._client, logboek_._endpoint, "urn:x:y"), NOW)
        assert await export_log(log_hub, logboek_, NOW) == 3
    assert collector.ids == [f"{number + 1:016x}" for number in range(3)] * 2


async def test_what_is_rejected_for_good_is_counted_and_not_sent_again(log_hub: Hub) -> None:
    """So says the protocol of a partial success; the row stays in the hub's own log."""
    collector = Collector()
    partly = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=1, error_message="no such activity"))
    collector.answer = lambda _: Response(partly.SerializeToString(), 200)
    await keep(log_hub, 3)
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 2
        assert await export_log(log_hub, logboek_, NOW) == 0
    assert collector.asked == 1


async def test_two_processes_send_each_row_once(log_hub: Hub, migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ROWS", 3)
    other, collector = bare_hub(migrated_url), Collector()
    await keep(log_hub, 20)
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        await asyncio.gather(*(export_log(hub, logboek_, NOW) for hub in (log_hub, other)))
    assert sorted(collector.ids) == [f"{number + 1:016x}" for number in range(20)]
    await other.database.close()


async def test_a_row_with_more_data_subjects_than_a_batch_holds_is_sent_whole(log_hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_RECORDS", 5)
    collector = Collector()
    await keep(log_hub, 3, lambda _: [f"rel_{number}" for number in range(9)])
    await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 30
    assert collector.asked == 3


async def test_a_month_does_not_go_before_it_was_sent(log_hub: Hub, migrated_url: str) -> None:
    collector = Collector()
    collector.answer = lambda number: Response(status_code=503) if number == 1 else None
    await execute(migrated_url, "SELECT make_log_partitions(24, '2024-01-01')")
    async with log_hub.database.driver() as driver:
        for span in ("1", "2"):
            await add_look(driver, replace(LOOK, at=datetime(2024, 2, 3, tzinfo=UTC), span_id=span * 16), "shown", [], [])
    await seal_log(log_hub, NOW)
    owner = replace(log_hub, database=type(log_hub.database)(migrated_url))
    async with serving(collector.app) as url, sending(url) as logboek_:
        await export_log(log_hub, logboek_, NOW)
        with pytest.raises(ConfigurationError, match="not all of 2024-02 went"):
            await drop_month(owner, datetime(2024, 2, 1).date(), NOW)  # noqa: DTZ001  # a month has no time zone
        assert await export_log(log_hub, logboek_, NOW) == 2
    assert await drop_month(owner, datetime(2024, 2, 1).date(), NOW) == 2  # noqa: DTZ001  # likewise
    await owner.database.close()


async def test_a_worker_seals_and_sends_what_the_api_answered(
    hub: Hub, api: httpx2.AsyncClient, sources_dir: Path, tmp_path: Path, server: Server
) -> None:
    collector = Collector()
    (tmp_path / "headers").write_text("Authorization: Bearer for-the-collector\n")
    headers = headers_of(by_permits()) | {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    assert (await api.post("/v1/relations/_lookup", headers=headers, json={"case": "permits/V-2026-00001"})).status_code == 200
    [here] = await rows(hub, "SELECT current_database()")

    async def has_it() -> bool:
        return any(span.trace_id.hex() == TRACE for span in collector.spans)

    async with (
        serving(collector.app) as url,
        running("worker", server.url(here[0]), sources_dir, ldv_endpoint=f"{url}/v1/traces", ldv_headers_file=tmp_path / "headers"),
    ):
        await until(has_it)
    assert {each["authorization"] for each in collector.headers} == {"Bearer for-the-collector"}
    ours = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    assert ours[0].parent_span_id.hex() == PARENT
    assert ours[0].name == "lookup"


@pytest.mark.parametrize("endpoint", ["http://collector.example/v1/traces", "ftp://127.0.0.1/", "collector:4318"])
def test_the_log_goes_over_tls_or_stays_on_the_machine(endpoint: str, sources_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match="RELHUB_LDV_ENDPOINT"):
        Settings.load(**(settings_for("postgresql://x@127.0.0.1/x", sources_dir).model_dump() | {"ldv_endpoint": endpoint}))


async def test_headers_that_can_not_be_read_are_one_line_without_what_is_in_them(sources_dir: Path, tmp_path: Path) -> None:
    given = settings_for("postgresql://x@127.0.0.1/x", sources_dir).model_copy(
        update={"ldv_endpoint": "https://x.example", "ldv_headers_file": tmp_path / "headers"}
    )
    for text in (None, "only-a-secret"):
        if text:
            (tmp_path / "headers").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            async with logboek(given):
                pass
        assert "only-a-secret" not in str(caught.value)
        assert str(tmp_path / "headers") in str(caught.value)


async def test_the_months_of_before_the_setting_are_sent_too(new_database: NewDatabase, log_hub: Hub) -> None:
    collector = Collector()
    for _ in range(3):
        await keep(log_hub, 2)
        await seal_log(log_hub, NOW)
    async with serving(collector.app) as url, sending(url) as logboek_:
        assert await export_log(log_hub, logboek_, NOW) == 6
