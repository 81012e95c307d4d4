"""Traces: off unless asked for, and then without anything that leads to anyone."""

import asyncio
import sys
from pathlib import Path

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.adapter_servers import serving
from tests.towns import settings_for

from relhub import tracing
from relhub.api.internal import internal_app
from relhub.errors import ConfigurationError
from relhub.main import create_app
from relhub.services.hub import Hub
from relhub.services.pull_source import pull_source

BSN, RELATION = "999990019", "rel_4G04NJKW8P033NPZ6FXCS4EHJT"
DESK = {"Authorization": "Bearer demo-contact-centre", "X-Processing-Activity": "answering-questions", "X-Official": "j.jansen"}
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.app = Starlette(routes=[Route("/v1/traces", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        return Response(status_code=200, media_type="application/x-protobuf")

    def spans(self) -> dict[str, tuple[str, str, dict[str, str]]]:
        """(trace, parent, attributes) by name."""
        messages = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        spans = [span for message in messages for about in message.resource_spans for scope in about.scope_spans for span in scope.spans]
        return {
            span.name: (
                span.trace_id.hex(),
                span.parent_span_id.hex(),
                {each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes},
            )
            for span in spans
        }


async def test_requests_and_pulls_are_traced_by_their_templates_and_nothing_else(hub: Hub, sources_dir: Path) -> None:
    collector = Collector()
    async with serving(collector.app) as url:
        settings = settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir).model_copy(
            update={"otlp_endpoint": f"{url}/v1/traces"}
        )
        app = create_app(settings)
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub") as client,
        ):
            app.state.hub = hub
            asked = {**DESK, "traceparent": f"00-{TRACE}-{SPAN}-01"}
            await client.post("/v1/relations/_lookup", headers=asked, json={"identifier": {"scheme": "bsn", "value": BSN}})
            alone = await client.get(f"/v1/relations/{RELATION}?sections=party", headers=DESK)
            await client.get(f"/{BSN}?q={BSN}", headers=DESK)
            await pull_source(hub, "projects")
    found = collector.spans()
    assert set(found) == {"POST /v1/relations/_lookup", "GET /v1/relations/{id}", "GET unknown", "pull projects"}
    said = {"http.request.method": "POST", "http.route": "/v1/relations/_lookup", "http.response.status_code": "404"}
    assert found["POST /v1/relations/_lookup"] == (TRACE, SPAN, said)
    assert found["GET /v1/relations/{id}"][:2] == (alone.headers["x-trace-id"], "")
    assert found["pull projects"][2] == {"relhub.source": "projects", "relhub.outcome": "done"}
    sent = b"".join(collector.bodies)
    assert not [text for text in (BSN, RELATION, "sections", "j.jansen", "contact-centre") if text.encode() in sent]


async def test_a_collector_that_does_not_answer_keeps_nobody_waiting(hub: Hub, sources_dir: Path) -> None:
    stop = tracing.start("http://127.0.0.1:1/v1/traces")
    tracing.pulled("projects", "done", 1.0)
    async with asyncio.timeout(10):
        await asyncio.to_thread(stop)


async def test_what_an_operator_has_traced_of_the_process_holds_no_path_and_no_query(
    hub: Hub, sources_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework makes spans of its own as soon as anything sets a provider, with the address that was asked for."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    for app in (create_app(settings_for("postgresql://postgres@127.0.0.1:1/never-used", sources_dir)), internal_app(hub)):
        app.state.hub = hub
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://hub") as client:
            await client.get(f"/v1/relations/{RELATION}?sections=party", headers=DESK)
    assert kept.get_finished_spans() == ()


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'relhub\[otel\]'"):
        tracing.start("http://127.0.0.1:4318/v1/traces")
