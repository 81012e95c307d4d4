"""Around every request: the trace, the headers that are on every answer, the access log, and a bound on the body.

Pure ASGI: the function-style middleware of Starlette doubles the cost of a request.
"""

import os
import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relhub import metrics, tracing
from relhub.api import API_VERSION
from relhub.api.errors import TOO_LARGE, problem, unexpected
from relhub.logs import answered

MAX_BODY: Final = 65_536
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_ALWAYS: Final = [
    (b"api-version", API_VERSION.encode()),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]


class Observe:
    """Outermost: names the request (W3C Trace Context), completes the headers, logs one line, and catches what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        traceparent = Headers(scope=scope).get("traceparent", "")
        trace_id = trace_id_of(traceparent)
        span_id = os.urandom(8).hex()
        scope.setdefault("state", {}).update(trace_id=trace_id, span_id=span_id, parent_span_id=_parent_of(traceparent, trace_id))
        before = tracing.passed_on.set(f"00-{trace_id}-{span_id}-{_flags_of(traceparent, trace_id)}")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(trace_id=trace_id)
        started, status, answered_in = time.perf_counter(), 0, None

        async def complete(message: Message) -> None:
            nonlocal status, answered_in
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message["headers"]}
                if any(value.startswith(b"text/event-stream") for _, value in message["headers"]):  # goes on for as long as it likes
                    answered_in = time.perf_counter() - started
                always = (header for header in _ALWAYS if header[0] not in given)
                message["headers"] = [*message["headers"], *always, (b"x-trace-id", trace_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, complete)
        except Exception as error:  # the last resort: nothing may reach the server, which would log its text
            response = unexpected(scope, error)
            if status == 0:  # nothing was sent yet; otherwise the connection just ends
                await response(scope, receive, complete)
            else:
                raise ConnectionAbortedError("the answer broke off") from None
        finally:
            tracing.passed_on.reset(before)
            _log(scope, traceparent, status, time.perf_counter() - started if answered_in is None else answered_in)


def trace_id_of(traceparent: str) -> str:
    """The trace id of a W3C traceparent; a new one when there is none that can be used."""
    match = _TRACEPARENT.fullmatch(traceparent)
    if match and not traceparent.startswith("ff") and match[1].strip("0") and match[2].strip("0"):
        return match[1]
    return os.urandom(16).hex()


def _parent_of(traceparent: str, trace_id: str) -> str:
    """The span that asked; empty when the trace begins here."""
    return traceparent[36:52] if traceparent[3:35] == trace_id else ""


def _flags_of(traceparent: str, trace_id: str) -> str:
    return traceparent[53:55] if traceparent[3:35] == trace_id else "01"


def _log(scope: Scope, traceparent: str, status: int, seconds: float) -> None:
    """Logged, measured and traced: the template of the route, never the path or the query: those hold ids, or whatever someone put there."""
    route = scope.get("state", {}).get("route", "unknown")
    asking = scope.get("state", {}).get("asking")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.answered(method, route, status, seconds)
    tracing.answered(scope["state"]["trace_id"], scope["state"]["span_id"], traceparent, method, route, status, seconds)
    consumer = asking.consumer.name if asking else None
    answered(method=method, route=route, status=status, ms=round(seconds * 1000, 1), consumer=consumer, trace_id=scope["state"]["trace_id"])


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class BodyLimit:
    """Reads the body before anything else does, and refuses one that is too large, whether or not it says its length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        body = None if length.isdigit() and int(length[:20]) > MAX_BODY else await _read(receive)
        if body is None:
            await problem(scope, TOO_LARGE)(scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


async def _read(receive: Receive) -> bytes | None:
    """The body, or None when it is too large. A client that leaves halfway leaves half a body, which is not valid JSON."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)
