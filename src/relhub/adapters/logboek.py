"""A Logboek Dataverwerkingen, or a collector before it: spoken to over OTLP (HTTP, protobuf), one acknowledgement per batch."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from relhub import __version__
from relhub.config.settings import Settings
from relhub.domain.logboek import LogRecord
from relhub.errors import ConfigurationError, LogboekUnavailable

_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Taken:
    """How a batch was answered: all was taken, but for what was rejected for good."""

    rejected: int = 0
    reason: str = ""


class Logboek:
    """Sends records, and says whether they were taken."""

    def __init__(self, client: httpx2.AsyncClient, endpoint: str, subject_type: str) -> None:
        self._client, self._endpoint, self._subject_type = client, endpoint, subject_type

    async def send(self, records: Sequence[LogRecord]) -> Taken:
        """All of them in one request. Raises LogboekUnavailable unless it was acknowledged: then they are to be sent again."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

        try:
            response = await self._client.post(
                self._endpoint, content=self._encode(records), headers={"Content-Type": "application/x-protobuf"}
            )
        except httpx2.HTTPError as error:
            raise LogboekUnavailable(f"does not answer ({type(error).__name__})") from None
        if response.status_code != 200:
            raise LogboekUnavailable(f"answers {response.status_code}")
        try:
            answer = ExportTraceServiceResponse.FromString(response.content)
        except Exception:  # protobuf's own DecodeError, which has no place to import it from without the extra
            raise LogboekUnavailable("gives an answer that is not of OTLP") from None
        return Taken(answer.partial_success.rejected_spans, answer.partial_success.error_message)

    def _encode(self, records: Sequence[LogRecord]) -> bytes:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
        from opentelemetry.proto.resource.v1.resource_pb2 import Resource
        from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

        about = Resource(attributes=[_attribute("service.name", "relhub"), _attribute("service.version", __version__)])
        spans = ScopeSpans(scope=InstrumentationScope(name="relhub.ldv", version=__version__), spans=map(self._span, records))
        body: bytes = ExportTraceServiceRequest(resource_spans=[ResourceSpans(resource=about, scope_spans=[spans])]).SerializeToString()
        return body

    def _span(self, record: LogRecord) -> Any:
        from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

        attributes = [_attribute("dpl.core.processing_activity_id", record.activity)]
        if record.subject:
            attributes.append(_attribute("dpl.core.data_subject_id", record.subject))
            attributes.append(_attribute("dpl.core.data_subject_id_type", self._subject_type))
        if record.processor:
            attributes.append(_attribute("dpl.core.foreign_operation.processor", record.processor))
        return Span(
            trace_id=bytes.fromhex(record.trace_id),
            span_id=bytes.fromhex(record.span_id),
            parent_span_id=bytes.fromhex(record.parent_span_id),
            name=record.name,
            kind=Span.SpanKind.SPAN_KIND_SERVER,
            start_time_unix_nano=_nanoseconds(record.start),
            end_time_unix_nano=_nanoseconds(record.end),
            attributes=attributes,
            status=Status(code=Status.StatusCode.Value(f"STATUS_CODE_{record.status.upper()}")),
        )


def _attribute(key: str, value: str) -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    return KeyValue(key=key, value=AnyValue(string_value=value))


def _nanoseconds(moment: datetime) -> int:
    """To the millisecond, as the standard has it."""
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond // 1000 * 1_000_000


@asynccontextmanager
async def logboek(settings: Settings) -> AsyncIterator[Logboek | None]:
    """The one that the settings name, if they do. Raises ConfigurationError when it can't be used."""
    if not settings.ldv_endpoint:
        yield None
        return
    try:
        import opentelemetry.proto.collector.trace.v1.trace_service_pb2  # noqa: F401  # to say now that it is missing
    except ModuleNotFoundError:
        raise ConfigurationError("RELHUB_LDV_ENDPOINT is set, and relhub is without its extra: pip install 'relhub[otel]'") from None
    headers = {"User-Agent": "relhub", **(_headers(settings.ldv_headers_file) if settings.ldv_headers_file else {})}
    async with httpx2.AsyncClient(timeout=_SECONDS, headers=headers, trust_env=False, follow_redirects=False) as client:
        yield Logboek(client, settings.ldv_endpoint, f"{settings.event_source}:relation")


def _headers(path: Path) -> dict[str, str]:
    """One `Name: value` on each line. Raises ConfigurationError, which never holds a value."""
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"{path}: can't be read; RELHUB_LDV_HEADERS_FILE names the headers for the Logboek Dataverwerkingen"
        ) from None
    parts = [line.partition(":") for line in lines]
    if any(not name.strip() or not value.strip() for name, _, value in parts):
        raise ConfigurationError(f"{path}: each line must be a header: Authorization: Bearer …")
    return {name.strip(): value.strip() for name, _, value in parts}
