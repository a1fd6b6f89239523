"""Spans by the OpenTelemetry SDK, sent as OTLP over HTTP. Imported only when an endpoint is set."""

from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from dropship.runtime.telemetry.traces import Attribute, Kind

_EXPORT_TIMEOUT_S = 5
_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class OtlpRecorder:
    """Keeps spans in a bounded queue and sends them from a thread; a full queue drops spans."""

    def __init__(self, service: str, replica: str, endpoint: str, ratio: float) -> None:
        names = {"service.name": service, "service.instance.id": replica}
        self._provider = TracerProvider(
            resource=Resource(names),
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            shutdown_on_exit=False,
        )
        url = f"{endpoint.rstrip('/').removesuffix('/v1/traces')}/v1/traces"
        exporter = OTLPSpanExporter(url, timeout=_EXPORT_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dropship")

    def start(self, name: str, kind: Kind, parent: str | None, links: Sequence[str]) -> "OtlpSpan":
        around = set_span_in_context(NonRecordingSpan(_context(parent))) if parent else None
        return OtlpSpan(
            self._tracer.start_span(
                name,
                context=around,
                kind=_KINDS[kind],
                links=[Link(_context(link)) for link in links],
            )
        )

    def shutdown(self) -> None:
        self._provider.shutdown()


class OtlpSpan:
    """A span on its way to the collector."""

    def __init__(self, span: Span) -> None:
        self._span = span
        at = span.get_span_context()
        self.traceparent = f"00-{at.trace_id:032x}-{at.span_id:016x}-{int(at.trace_flags):02x}"

    def put(self, key: str, value: Attribute) -> None:
        self._span.set_attribute(key, value)

    def end(self, failure: str | None) -> None:
        if failure is not None:
            self._span.set_attribute("error.type", failure)
            self._span.set_status(Status(StatusCode.ERROR, failure))
        self._span.end()


def _context(traceparent: str) -> SpanContext:
    return SpanContext(
        trace_id=int(traceparent[3:35], 16),
        span_id=int(traceparent[36:52], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(traceparent[53:55], 16)),
    )
