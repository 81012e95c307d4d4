"""W3C Trace Context goes in, and on to the sources."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from tests.adapter_servers import serving, source

from relhub import tracing
from relhub.adapters.client import SourceClient
from relhub.api.middleware import Observe

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
AUTH = '[auth]\nkind = "none"\n'


async def answer_to(traceparent: str | None, tmp_path: Path) -> tuple[str, str]:
    """(what a source is sent while this is answered, the span of the answer)."""
    met: list[str] = []

    async def system(request: Request) -> Response:
        met.append(request.headers.get("traceparent", ""))
        return JSONResponse({})

    spans = []
    async with serving(Starlette(routes=[Route("/x", system)])) as url, SourceClient(source(tmp_path, url, AUTH)) as client:

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            spans.append(scope["state"]["span_id"])
            await client.get("/x", place="x")
            await Response()(scope, receive, send)

        headers = [(b"traceparent", traceparent.encode())] if traceparent else []
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await Observe(answering)(scope, _nothing, _nowhere)
        await client.get("/x", place="x")
    assert met[1] == ""  # after the request
    return met[0], spans[0]


async def _nothing() -> dict[str, object]:
    return {}


async def _nowhere(_: object) -> None:
    pass


@pytest.mark.parametrize("flags", ["00", "01"])
async def test_a_source_is_asked_within_the_trace_of_the_question_with_the_question_as_parent(tmp_path: Path, flags: str) -> None:
    sent, span = await answer_to(f"00-{TRACE}-{SPAN}-{flags}", tmp_path)
    assert sent == f"00-{TRACE}-{span}-{flags}"
    assert span != SPAN


async def test_a_question_without_a_trace_begins_one(tmp_path: Path) -> None:
    sent, span = await answer_to(None, tmp_path)
    version, trace, parent, flags = sent.split("-")
    assert (version, len(trace), parent, flags) == ("00", 32, span, "01")


async def test_outside_of_any_question_a_source_is_sent_no_trace() -> None:
    assert tracing.passed_on.get() == ""
