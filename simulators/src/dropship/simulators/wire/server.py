"""A small HTTP/1.1 server: enough for honest clients, and free to be dishonest to them."""

import asyncio
from collections.abc import Awaitable, Callable

from dropship.simulators.wire.delivery import deliver
from dropship.simulators.wire.messages import Reply, Request, Sent, refusal

MAX_HEAD_BYTES = 65_536
MAX_BODY_BYTES = 1_048_576
IDLE_S = 75.0

Send = Callable[[Reply], Awaitable[Sent]]
Answerer = Callable[[Request, Send], Awaitable[None]]


class _Malformed(Exception):
    """The request cannot be read; the connection ends after saying so."""


class HttpServer:
    """Listens, reads requests, and lets `answer` send one reply to each."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen and return the real port; 0 asks for a free one."""
        self._server = await asyncio.start_server(
            self._connected, host, port, limit=MAX_HEAD_BYTES, backlog=512
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close at once: requests in flight are dropped, hanging ones too."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            while await self._one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()

    async def _one_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection can take another request."""
        try:
            request = await _read_request(reader)
        except _Malformed as malformed:
            nonsense = Request("GET", "/", {}, keep_alive=False)
            await deliver(refusal(400, str(malformed)), nonsense, reader, writer)
            return False
        if request is None:
            return False
        reusable = False

        async def send(reply: Reply) -> Sent:
            nonlocal reusable
            sent = await deliver(reply, request, reader, writer)
            reusable = sent.reusable
            return sent

        await self._answer(request, send)
        return reusable


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        async with asyncio.timeout(IDLE_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, TimeoutError):
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[1].startswith("/"):
        raise _Malformed("the request line cannot be read")
    headers = dict(_header(line) for line in lines)
    wants_close = headers.get("connection", "").lower() == "close" or parts[2] != "HTTP/1.1"
    body = await _read_body(reader, headers)
    return Request(parts[0].upper(), parts[1], headers, body, keep_alive=not wants_close)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise _Malformed("a header line has no colon")
    return name.strip().lower(), value.strip()


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "transfer-encoding" in headers:
        raise _Malformed("send a Content-Length; chunked bodies are not read here")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise _Malformed(f"Content-Length must be a number up to {MAX_BODY_BYTES}")
    return await reader.readexactly(int(length))
