"""The outermost layer of every request: trace, security headers, metrics, and the last resort.

It is plain ASGI around Litestar, so that it also covers what Litestar answers by itself.
"""

from functools import lru_cache
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from dropship.gateway.http.endpoint import EXTRA_HEADERS
from dropship.gateway.http.problems import MEDIA_TYPE, ProblemFound, problem_at
from dropship.runtime.clock import Clock
from dropship.runtime.telemetry import get_logger, metrics
from dropship.runtime.telemetry.traces import span

_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})
_NO_ROUTE = "none"
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
)

log = get_logger()
# Finding a child by its labels costs ten times what counting does; there are a few hundred.
_count = lru_cache(maxsize=1_024)(metrics.HTTP_REQUESTS.labels)
_seconds = lru_cache(maxsize=1_024)(metrics.HTTP_SECONDS.labels)


class Edge:
    """Wraps the application: a span, a count and a log line for each request."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        began_s = self._clock.monotonic()
        answer = _Answering(send, scope)
        with span(method, "server", parent=_header(scope, b"traceparent")) as work:
            answer.traceparent = work.traceparent
            with metrics.HTTP_IN_FLIGHT.track_inprogress():
                try:
                    await self._app(scope, receive, answer.send)
                except Exception as error:
                    log.error("request_failed", error=type(error).__name__, exc_info=error)
                    await answer.last_resort()
            route = str(scope.get("path_template") or _NO_ROUTE)
            work.put("http.route", route)
            work.put("http.response.status_code", answer.status)
            self._told(method, route, answer.status, self._clock.monotonic() - began_s)

    def _told(self, method: str, route: str, status: int, took_s: float) -> None:
        _count(method, route, status).inc()
        _seconds(method, route).observe(took_s)
        tell = log.debug if method == "GET" and status < 500 else log.info
        tell("request_answered", method=method, route=route, status=status, took_s=round(took_s, 4))


class _Answering:
    """The answer on its way out: it gets the headers that every answer has."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send = send
        self._path = scope["path"]
        self._extra: dict[str, str] = {}
        scope[EXTRA_HEADERS] = self._extra  # type: ignore[literal-required]
        self.status = 0
        self.traceparent = ""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name.lower() for name, _ in message["headers"]}
            added = [(k.encode(), v.encode()) for k, v in self._extra.items()]
            added += [*SECURITY_HEADERS, (b"traceparent", self.traceparent.encode())]
            headers = [*message["headers"], *(pair for pair in added if pair[0] not in present)]
            message = {**message, "headers": headers}
        await self._send(message)

    async def last_resort(self) -> None:
        """What is left to say when even the exception handlers failed, if nothing was said yet."""
        if self.status:
            return
        found = ProblemFound("internal", "the failure is noted under this trace id")
        start: Any = {
            "type": "http.response.start",
            "status": 500,
            "headers": [(b"content-type", MEDIA_TYPE.encode())],
        }
        await self.send(start)
        body: Any = {
            "type": "http.response.body",
            "body": msgspec.json.encode(problem_at(found, self._path)),
            "more_body": False,
        }
        await self.send(body)


def _header(scope: Scope, name: bytes) -> str | None:
    return next((v.decode("latin-1") for k, v in scope["headers"] if k == name), None)
