"""Somebody else's server with prepared answers: real HTTP on loopback, for conformance tests."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from msgspec import Struct

HEAD_MAX = 16 * 1024


class Answer(Struct, frozen=True):
    """One answer, or none.

    `cut_at` ends the connection there; whoever reads it can tell by its length, unless that is not
    `announced`. `hangs_up` says nothing at all once the request was read, and `is_silent` neither
    that nor anything else.
    """

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""
    cut_at: int | None = None
    announced: bool = True
    hangs_up: bool = False
    is_silent: bool = False


class Request(Struct, frozen=True):
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answering = Callable[[Request], Answer]


def by_path(answers: Mapping[str, Answer]) -> Answering:
    """Always the same for a path, 304 to whoever has it already, and 404 for the rest."""

    def answer(request: Request) -> Answer:
        found = answers.get(request.path, Answer(404, {}, b"<html>not here</html>"))
        known = request.headers.get("if-none-match")
        return Answer(304) if known and known == found.headers.get("etag") else found

    return answer


def one_by_one(script: Sequence[Answer]) -> Answering:
    """One after the other, whatever is asked, and the last one for ever."""
    given = iter(script)
    last = script[-1]
    return lambda _request: next(given, last)


@dataclass
class PreparedServer:
    """Gives the answers that were prepared; `asked` is in the order of asking."""

    answering: Answering
    url: str = ""
    asked: list[Request] = field(default_factory=list)
    open_: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [request.path for request in self.asked]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until somebody hangs up."""
        self.open_.add(writer)
        try:
            while True:
                request = await _request(reader)
                self.asked.append(request)
                answer = self.answering(request)
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


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.split(":", 1) for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def _bytes_of(answer: Answer) -> bytes:
    length = {"content-length": str(len(answer.body))}
    headers = answer.headers | (length if answer.announced else {"connection": "close"})
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {answer.status} Prepared\r\n{lines}\r\n"
    return head.encode() + answer.body[: answer.cut_at]


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[PreparedServer]:
    """Serve on a free loopback port until left."""
    prepared = PreparedServer(answering)
    server = await asyncio.start_server(prepared.serve, "127.0.0.1", 0, limit=HEAD_MAX)
    prepared.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield prepared
    finally:
        server.close()
        await prepared.leave()
