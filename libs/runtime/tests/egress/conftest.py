"""A small server on loopback that answers as told, and counts who reached it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Somebody else's server. It speaks raw bytes, so that it can also misbehave."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []
        self._answers: dict[bytes, bytes | Answering] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    def says(self, path: str, answer: bytes | Answering) -> str:
        """What to answer there; returns the URL."""
        self._answers[path.encode()] = answer
        return f"http://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (EOFError, OSError):
            writer.transport.abort()

    def drop_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                head += await reader.readexactly(int(line.split(b":")[1]))
        self.requests.append(head)
        path = head.split(b" ")[1].split(b"?")[0]
        answer = self._answers.get(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(head, writer)
            writer.close()


@pytest.fixture
async def stranger() -> AsyncIterator[Server]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    server.drop_all()
    await listening.wait_closed()


@pytest.fixture
async def tls_port(shop_identity: ssl.SSLContext) -> AsyncIterator[int]:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=shop_identity)
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    server.drop_all()
    await listening.wait_closed()
