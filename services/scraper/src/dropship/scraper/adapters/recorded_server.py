"""A supplier made of recorded answers: real HTTP on loopback, for conformance tests."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec import Struct

HEAD_MAX = 16 * 1024


class Answer(Struct, frozen=True):
    """One recorded answer. With `cut_at` the connection ends there, without a declared length."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    cut_at: int | None = None
    hangs: bool = False


@dataclass
class RecordedServer:
    """Answers by path; 404 for the rest. `asked` and `heads` are in the order of asking."""

    answers: Mapping[str, Answer]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    open_: set[asyncio.StreamWriter] = field(default_factory=set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode("ascii", errors="replace").lower()
                path = head.split(b" ", 2)[1].decode("ascii", errors="replace")
                self.asked.append(path)
                self.heads.append(text)
                answer = self.answers.get(path, Answer(404, {}, b"<html>not here</html>"))
                if f"if-none-match: {answer.headers.get('etag', '-')}".lower() in text:
                    answer = Answer(304)
                if answer.hangs:
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


def _bytes_of(answer: Answer) -> bytes:
    headers = dict(answer.headers)
    body = answer.body
    if answer.cut_at is None:
        headers["content-length"] = str(len(body))
    else:
        headers["connection"] = "close"
        body = body[: answer.cut_at]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Recorded\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def serving(answers: Mapping[str, Answer]) -> AsyncIterator[RecordedServer]:
    """Serve on a free loopback port until left."""
    recorded = RecordedServer(answers)
    server = await asyncio.start_server(recorded._serve, "127.0.0.1", 0, limit=HEAD_MAX)
    recorded.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield recorded
    finally:
        server.close()
        await recorded.leave()
