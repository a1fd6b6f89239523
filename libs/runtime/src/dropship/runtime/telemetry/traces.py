"""Where a piece of work came from: the W3C trace context, and spans when somebody collects them.

The context is always carried, through HTTP (``traceparent`` header), messages (the envelope's
``traceparent``) and into the database (`database_trace`), because log lines of six services are
joined by it. That costs two microseconds and needs no SDK. Spans are recorded and exported only
when an OTLP endpoint is set; the SDK is not even imported otherwise (18 MB and 0.2 s per process).
"""

import random
import re
from collections.abc import Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Literal, Protocol, Self

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attribute = str | bool | int | float

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 0x01
_NAME_LIMIT = 30


class Recorded(Protocol):
    """One span as the exporter sees it."""

    traceparent: str

    def put(self, key: str, value: Attribute) -> None: ...

    def end(self, failure: str | None) -> None: ...


class Recorder(Protocol):
    """What keeps spans; `dropship.runtime.telemetry.otlp` is the only real one."""

    def start(
        self, name: str, kind: Kind, parent: str | None, links: Sequence[str]
    ) -> Recorded: ...

    def shutdown(self) -> None: ...


# Trace ids are no secrets: asking the kernel for each was a twentieth of the gateway's time.
_dice = random.Random()  # noqa: S311
_current: ContextVar[str | None] = ContextVar("dropship_traceparent", default=None)
_recorder: Recorder | None = None


def configure(service: str, replica: str, endpoint: str | None, ratio: float = 1.0) -> None:
    """Record spans and send them to the collector at `endpoint`; without one, do nothing.

    `ratio` is the share of new traces that is kept; a trace begun elsewhere keeps its own choice.
    """
    global _recorder  # noqa: PLW0603 - one exporter per process, as OpenTelemetry has it
    if endpoint is not None:
        # Imported here because it is heavy, and nearly every process runs without it.
        from dropship.runtime.telemetry.otlp import OtlpRecorder  # noqa: PLC0415

        _recorder = OtlpRecorder(service, replica, endpoint, ratio)


def shutdown() -> None:
    """Send what is still waiting (at most a few seconds) and stop recording."""
    global _recorder  # noqa: PLW0603
    if _recorder is not None:
        _recorder.shutdown()
        _recorder = None


def current_traceparent() -> str | None:
    """The trace context to send along with a message or a request, if any work is being traced."""
    return _current.get()


def parse_traceparent(text: str | None) -> str | None:
    """A stranger's ``traceparent`` header in our form, or None when it is absent or nonsense."""
    match = _TRACEPARENT.fullmatch(text) if text else None
    if match is None or not int(match[1], 16) or not int(match[2], 16):
        return None
    if match[4] and text and text.startswith("00"):
        return None
    return f"00-{match[1]}-{match[2]}-{match[3]}"


class Span:
    """A piece of work while it runs; see `span`."""

    __slots__ = ("_kind", "_links", "_name", "_parent", "_recorded", "_token", "traceparent")

    def __init__(self, name: str, kind: Kind, parent: str | None, links: Sequence[str]) -> None:
        self._name, self._kind, self._parent, self._links = name, kind, parent, links
        self._recorded: Recorded | None = None
        self._token: Token[str | None] | None = None
        self.traceparent = ""

    def __enter__(self) -> Self:
        parent = parse_traceparent(self._parent) or _current.get()
        if _recorder is not None:
            self._recorded = _recorder.start(self._name, self._kind, parent, self._links)
            self.traceparent = self._recorded.traceparent
        else:
            self.traceparent = _child_of(parent)
        self._token = _current.set(self.traceparent)
        return self

    def put(self, key: str, value: Attribute) -> None:
        """Add a fact to the span. Never a secret, never a whole payload."""
        if self._recorded is not None:
            self._recorded.put(key, value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
        if self._recorded is not None:
            failed = kind is not None and issubclass(kind, Exception)
            self._recorded.end(kind.__name__ if kind is not None and failed else None)


def span(
    name: str,
    kind: Kind = "internal",
    *,
    parent: str | None = None,
    links: Sequence[str] = (),
) -> Span:
    """``with span("hear ProductImported", "consumer", parent=envelope.traceparent):``

    Without a parent it continues the work around it, or begins a trace. A batch gets one span with
    links to the traces of its events, because a span has only one parent. Failures are recorded by
    the name of the exception alone: its text may hold a secret.
    """
    return Span(name, kind, parent, links)


def database_trace(service: str) -> tuple[str, tuple[str]] | None:
    """A statement that carries the trace into this transaction, or None when it is not sampled.

    It sets ``application_name`` to ``<service> <trace id>`` until the transaction ends, so that
    ``pg_stat_activity`` and a server log with ``%a`` name the trace of a slow or locked statement.
    Run it as the transaction's first statement, pipelined with the next. A comment in each
    statement, the usual other way, would defeat psycopg's prepared statements.
    """
    traceparent = _current.get()
    if traceparent is None or not int(traceparent[53:], 16) & _SAMPLED:
        return None
    name = f"{service[:_NAME_LIMIT]} {traceparent[3:35]}"
    return "SELECT set_config('application_name', %s, true)", (name,)


def _child_of(parent: str | None) -> str:
    if parent is None:
        return f"00-{_dice.getrandbits(128):032x}-{_dice.getrandbits(64):016x}-00"
    return f"{parent[:36]}{_dice.getrandbits(64):016x}{parent[52:]}"
