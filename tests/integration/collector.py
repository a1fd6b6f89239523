"""A collector of traces as an operator runs one (OTLP over HTTP), which keeps what it was sent."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PATH, KIND = "/v1/traces", "application/x-protobuf"


@dataclass(frozen=True)
class Batch:
    """What one program sent at once, unpacked. `causes`: each trace in it, and those it links to.

    Work that several messages set going is a trace of its own, with links to theirs.
    """

    service: str
    body: bytes
    causes: tuple[tuple[str, frozenset[str]], ...]

    @classmethod
    def of(cls, body: bytes) -> "Batch":
        """Read what one program has sent; nothing else is understood."""
        request = ExportTraceServiceRequest.FromString(body)
        (sender,) = request.resource_spans
        names = {fact.key: fact.value.string_value for fact in sender.resource.attributes}
        causes = tuple(
            (span.trace_id.hex(), frozenset(link.trace_id.hex() for link in span.links))
            for scope in sender.scope_spans
            for span in scope.spans
        )
        return cls(names["service.name"], body, causes)


@dataclass(frozen=True)
class Collector:
    """Where the stack sends its traces, and everything that has come."""

    url: str
    batches: list[Batch] = field(default_factory=list)

    def senders(self, trace_id: str) -> set[str]:
        """The services that took part in a piece of work, and in what followed from it."""
        spans = [(batch.service, *causes) for batch in self.batches for causes in batch.causes]
        traces, found = set[str](), {trace_id}
        while found:
            traces |= found
            found = {trace for _, trace, links in spans if links & traces} - traces
        return {service for service, trace, _ in spans if trace in traces}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of this machine."""
    batches: list[Batch] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = self._kept(body)
            self.send_response(status)
            self.send_header("content-type", KIND)
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def _kept(self, body: bytes) -> int:
            if self.path != PATH:
                return 404
            if self.headers["content-type"] != KIND:
                return 415
            packed = self.headers["content-encoding"] == "gzip"
            batches.append(Batch.of(gzip.decompress(body) if packed else body))
            return 200

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    with serving(Receiver) as url:
        yield Collector(url, batches)


@contextmanager
def serving(receiver: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A small server of the test's own; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
