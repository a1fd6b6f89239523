"""Log lines: one JSON object each on stderr, named by an event, with the ids of the trace.

A line reads ``log.info("import_requested", job_id=…)``: the first word is a stable snake_case name
that people search and alert on, all that varies is a key. Lines of other libraries, which go
through the standard `logging`, come out in the same form.
"""

import logging
import sys
from typing import Any, BinaryIO, Literal, cast

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from dropship.runtime.telemetry.redaction import redact
from dropship.runtime.telemetry.traces import current_traceparent

Format = Literal["json", "console"]

_QUIET = ("httpx", "httpcore", "asyncio", "nats", "granian", "alembic", "urllib3")
_json = msgspec.json.Encoder(enc_hook=str)


def get_logger() -> FilteringBoundLogger:
    """A logger for a module's top level. It takes its form when `configure` has run."""
    return cast("FilteringBoundLogger", structlog.get_logger())


def configure(
    service: str,
    replica: str,
    level: str = "info",
    format: Format = "json",
    stream: BinaryIO | None = None,
) -> None:
    """Set up the logging of the whole process, once, before anything logs.

    `stream` is stderr unless a test wants to read along.
    """
    out = stream or sys.stderr.buffer
    threshold = logging.getLevelNamesMapping()[level.upper()]
    identity = _Identity(service, replica)
    before: list[Processor] = [*_gathering(), identity, redact]
    structlog.configure(
        processors=[*before, _renderer(format)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(file=out),
        cache_logger_on_first_use=True,
    )
    handler = _StandardLogging(out, before, format)
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


def _gathering() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _trace_ids,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _renderer(format: Format) -> Processor:
    if format == "json":
        return _to_json
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return lambda logger, method, line: str(console(logger, method, line)).encode()


def _to_json(_logger: WrappedLogger, _method: str, line: EventDict) -> bytes:
    return _json.encode(line)


def _trace_ids(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    if (traceparent := current_traceparent()) is not None:
        line["trace_id"], line["span_id"] = traceparent[3:35], traceparent[36:52]
    return line


class _Identity:
    """Who speaks, and the keys a person reads first in front."""

    def __init__(self, service: str, replica: str) -> None:
        self._service, self._replica = service, replica

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        head = {"timestamp": line["timestamp"], "level": line["level"]}
        return {
            **head,
            "service": self._service,
            "event": line["event"],
            **line,
            "replica": self._replica,
        }


class _StandardLogging(logging.Handler):
    """Carries the lines of `logging` through the same processors to the same place."""

    def __init__(self, out: BinaryIO, before: list[Processor], format: Format) -> None:
        super().__init__()
        self._out = out
        self._processors: list[Processor] = [*before, _renderer(format)]

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line: Any = {"event": record.getMessage(), "logger": record.name}
            if record.exc_info:
                line["exc_info"] = record.exc_info
            for processor in self._processors:
                line = processor(None, record.levelname.lower(), line)
            self._out.write(line + b"\n")
            self._out.flush()
        except Exception:  # logging must never break what it reports on
            self.handleError(record)
