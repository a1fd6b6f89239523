"""Three questions a supervisor asks a process: does it live, is it ready, what are its numbers.

A few lines of HTTP on the process's own loop: an answer on ``/health/live`` shows that the loop
turns. It never asks NATS or Postgres, because a restart mends neither.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dropship.runtime.telemetry import get_logger

JSON = "application/json"

_HEAD_LIMIT_BYTES = 8_192
_TIMEOUT_S = 5.0
_CONNECTION_LIMIT = 64
_TARGET_LIMIT = 256
_log = get_logger()

_Answer = tuple[HTTPStatus, str, bytes]


class Health:
    """The health endpoints of one process.

    `reasons` is asked at each ``/health/ready`` and says what is wrong, by part; empty means ready.
    It must answer from memory, at once.
    """

    def __init__(
        self, host: str, port: int, reasons: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        self._host = host
        self._port = port
        self.reasons = reasons
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen, and tell the port: the one asked for, or the free one that was found."""
        self._server = await asyncio.start_server(
            self._welcome, self._host, self._port, limit=_HEAD_LIMIT_BYTES
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening and drop whoever is still connected."""
        if self._server is not None:
            self._server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= _CONNECTION_LIMIT:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._answer_to(head))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except asyncio.LimitOverrunError:
            writer.write(_written(_plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), True))
            writer.close()
        except (TimeoutError, OSError, EOFError):
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise

    def _answer_to(self, head: bytes) -> bytes:
        line = head.split(b"\r\n", 1)[0].split(b" ")
        if len(line) != 3 or not line[2].startswith(b"HTTP/1.") or len(line[1]) > _TARGET_LIMIT:
            return _written(_plain(HTTPStatus.BAD_REQUEST), True)
        if line[0] not in {b"GET", b"HEAD"}:
            return _written(_plain(HTTPStatus.METHOD_NOT_ALLOWED), True)
        return _written(self._answer(line[1].partition(b"?")[0]), line[0] == b"GET")

    def _answer(self, path: bytes) -> _Answer:
        match path:
            case b"/health/live":
                return HTTPStatus.OK, JSON, b'{"live":true}'
            case b"/health/ready":
                return self._readiness()
            case b"/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
            case _:
                return _plain(HTTPStatus.NOT_FOUND)

    def _readiness(self) -> _Answer:
        try:
            reasons = dict(self.reasons())
        except Exception:
            _log.exception("readiness_unknown")
            reasons = {"health": "readiness could not be told"}
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        body = {"ready": not reasons} | ({"reasons": reasons} if reasons else {})
        return status, JSON, msgspec.json.encode(body)


def _plain(status: HTTPStatus) -> _Answer:
    return status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode()


def _written(answer: _Answer, with_body: bool) -> bytes:
    status, content_type, body = answer
    allow = "Allow: GET, HEAD\r\n" if status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        f"Content-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"{allow}Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
