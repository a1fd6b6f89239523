"""A marketplace made of a script: real HTTP on loopback that answers in a given order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec import Struct

HEAD_MAX = 16 * 1024


class Answer(Struct, frozen=True):
    """One answer. `cut_at` ends the connection there though more was announced; `hangs_up` says
    nothing at all once the request was read, and `is_silent` neither that nor anything else.
    """

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    cut_at: int | None = None
    hangs_up: bool = False
    is_silent: bool = False


class Asked(Struct, frozen=True):
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Gives the answers one after the other, and the last one for ever."""

    script: Sequence[Answer]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    open_: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_.add(writer)
        try:
            while True:
                self.asked.append(await _request(reader))
                answer = self.script[min(len(self.asked), len(self.script)) - 1]
                if answer.hangs_up:
                    break
                if answer.is_silent:
                    await reader.read()
                writer.write(_bytes_of(answer))
                await writer.drain()
                if answer.cut_at is not None:
                    break
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self.open_.discard(writer)
            writer.close()

    async def leave(self) -> None:
        """Hang up on everybody, and wait until they have noticed."""
        while self.open_:
            for writer in self.open_:
                writer.close()
            await asyncio.sleep(0)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.split(":", 1) for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, path, headers, body)


def _bytes_of(answer: Answer) -> bytes:
    headers = {"content-type": "application/json", **answer.headers}
    headers["content-length"] = str(len(answer.body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"HTTP/1.1 {answer.status} Scripted\r\n{lines}\r\n".encode() + answer.body[: answer.cut_at]
    )


@asynccontextmanager
async def serving(script: Sequence[Answer]) -> AsyncIterator[ScriptedServer]:
    """Serve on a free loopback port until left."""
    scripted = ScriptedServer(script)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, limit=HEAD_MAX)
    scripted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield scripted
    finally:
        server.close()
        await scripted.leave()
