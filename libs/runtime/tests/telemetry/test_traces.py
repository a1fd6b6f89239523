"""The trace context is always carried, and spans arrive where there is a collector."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

from dropship.runtime.telemetry import traces
from dropship.runtime.telemetry.traces import (
    current_traceparent,
    database_trace,
    parse_traceparent,
    span,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE}-b7ad6b7169203331-00"


def test_without_work_there_is_no_trace() -> None:
    assert current_traceparent() is None


def test_work_inside_work_belongs_to_the_same_trace() -> None:
    with span("outer") as outer:
        assert current_traceparent() == outer.traceparent
        with span("inner") as inner:
            assert inner.traceparent[:36] == outer.traceparent[:36]
            assert inner.traceparent != outer.traceparent
        assert current_traceparent() == outer.traceparent
    assert current_traceparent() is None


def test_a_message_continues_the_trace_it_came_with_and_its_sampling() -> None:
    with span("hear", "consumer", parent=SAMPLED) as heard:
        assert heard.traceparent.startswith(f"00-{TRACE}-")
        assert heard.traceparent.endswith("-01")
        assert heard.traceparent != SAMPLED


async def test_two_tasks_do_not_see_each_others_trace() -> None:
    async def work() -> tuple[str, str | None]:
        with span("work") as mine:
            await asyncio.sleep(0)
            return mine.traceparent, current_traceparent()

    (mine, seen), (other, _) = await asyncio.gather(work(), work())
    assert mine == seen
    assert mine[3:35] != other[3:35]


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (SAMPLED, SAMPLED),
        (f"01-{TRACE}-b7ad6b7169203331-01-later", SAMPLED),
        (f"00-{TRACE}-b7ad6b7169203331-01-more", None),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (SAMPLED.upper(), None),
        ("nonsense\r\nX-Evil: 1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_strangers_header_is_read_by_the_letter_or_ignored(
    header: str | None, read: str | None
) -> None:
    assert parse_traceparent(header) == read


def test_the_database_is_told_of_a_sampled_trace_only() -> None:
    assert database_trace("tracker") is None
    with span("quiet", parent=UNSAMPLED):
        assert database_trace("tracker") is None
    with span("loud", parent=SAMPLED):
        told = database_trace("tracker")
    assert told is not None
    statement, parameters = told
    assert "application_name" in statement
    assert parameters == (f"tracker {TRACE}",)
    assert len(parameters[0]) < 64


@pytest.fixture
def collector() -> Iterator[tuple[str, list[SentSpan]]]:
    received: list[SentSpan] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    received.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    traces.shutdown()
    server.shutdown()
    server.server_close()


def test_spans_reach_a_collector_with_parents_links_and_failures_but_no_secret(
    collector: tuple[str, list[SentSpan]],
) -> None:
    endpoint, received = collector
    traces.configure("tracker", "tracker-1", endpoint)
    with span("POST /v1/products/import", "server", parent=SAMPLED) as outer:
        outer.put("http.status", 202)
        with pytest.raises(ValueError, match="canary"), span("batch", links=[UNSAMPLED]):
            raise ValueError("hunter2-canary")
    with span("dropped", parent=UNSAMPLED) as dropped:
        assert dropped.traceparent.endswith("-00")
    traces.shutdown()
    by_name = {sent.name: sent for sent in received}
    assert by_name.keys() == {"POST /v1/products/import", "batch"}
    outer_sent, inner_sent = by_name["POST /v1/products/import"], by_name["batch"]
    assert outer_sent.trace_id.hex() == TRACE
    assert outer_sent.parent_span_id.hex() == SAMPLED[36:52]
    assert outer_sent.span_id.hex() == outer.traceparent[36:52]
    assert inner_sent.parent_span_id == outer_sent.span_id
    assert inner_sent.links[0].trace_id.hex() == TRACE
    assert inner_sent.status.message == "ValueError"
    assert "canary" not in str(received)
