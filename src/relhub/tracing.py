"""Traces over OTLP, for whoever wants them: with the extra `otel` and RELHUB_OTLP_ENDPOINT. Without these nothing is done.

A span holds the template of a route or the name of a source, and how it ended: never a path, a query, a header or an id of anything.
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig

from relhub import __version__
from relhub.errors import ConfigurationError

_SECONDS_FOR_THE_COLLECTOR = 2  # also at the end, when it does not answer
_tracer: Any = None
_trace_id: ContextVar[int] = ContextVar("trace_id", default=0)  # of the request that is told of; 0: any
_span_id: ContextVar[int] = ContextVar("span_id", default=0)  # likewise
passed_on: ContextVar[str] = ContextVar("passed_on", default="")
"""The traceparent (W3C Trace Context) of the request that is being answered, for what is asked on its account; empty outside of any."""

NOT_THE_FRAMEWORKS: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For FastAPI, whose own spans hold the path and the query of each request as soon as anything in the process sets a provider."""


def start(endpoint: str) -> Callable[[], None]:
    """Sends spans to this collector (OTLP over HTTP) until what is returned is called, which waits for the last ones.

    Raises ConfigurationError when the extra is not installed. Nothing is started for an empty endpoint.
    """
    global _tracer  # noqa: PLW0603  # one per process, as the standard's own API has it
    if not endpoint:
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    except ModuleNotFoundError:
        raise ConfigurationError("RELHUB_OTLP_ENDPOINT is set, and relhub is without its extra: pip install 'relhub[otel]'") from None

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return _trace_id.get() or super().generate_trace_id()

        def generate_span_id(self) -> int:
            return _span_id.get() or super().generate_span_id()

    about = Resource.create({"service.name": "relhub", "service.version": __version__})
    provider = TracerProvider(resource=about, id_generator=Ids(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_SECONDS_FOR_THE_COLLECTOR)))
    _tracer = provider.get_tracer("relhub", __version__)

    def stop() -> None:
        global _tracer  # noqa: PLW0603  # as above
        _tracer = None
        provider.shutdown()

    return stop


def answered(trace_id: str, span_id: str, traceparent: str, method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered just now; it belongs to the trace of whoever asked."""
    if _tracer is None:
        return
    from opentelemetry import trace

    parent = None
    if traceparent[3:35] == trace_id:
        remote = trace.SpanContext(int(trace_id, 16), int(traceparent[36:52], 16), True, trace.TraceFlags(trace.TraceFlags.SAMPLED))
        parent = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    said = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    before = _trace_id.set(int(trace_id, 16)), _span_id.set(int(span_id, 16))
    _span(f"{method} {route}", trace.SpanKind.SERVER, parent, said, seconds, failed=status >= 500)
    _trace_id.reset(before[0])
    _span_id.reset(before[1])


def pulled(source: str, outcome: str, seconds: float) -> None:
    """A pull ended, here."""
    if _tracer is None:
        return
    from opentelemetry import trace

    said = {"relhub.source": source, "relhub.outcome": outcome}
    _span(f"pull {source}", trace.SpanKind.INTERNAL, None, said, seconds, failed=outcome == "failed")


def _span(name: str, kind: Any, parent: Any, said: dict[str, Any], seconds: float, *, failed: bool) -> None:
    from opentelemetry.trace import StatusCode

    now = time.time_ns()
    span = _tracer.start_span(name, parent, kind, said, start_time=now - round(seconds * 1e9))
    if failed:
        span.set_status(StatusCode.ERROR)
    span.end(now)
