"""A bare HTTP/1.1 client on asyncio: so quick that it hardly measures itself."""

import asyncio
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec


class Connection:
    """One kept-alive connection; one request at a time. Answers must declare their length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.host = ""
        self.token = ""

    @classmethod
    async def to(cls, url: str, token: str = "") -> Self:
        """Connect; `token` is sent as bearer with every request."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        connection = cls(reader, writer)
        connection.host, connection.token = parts.netloc, token
        return connection

    def close(self) -> None:
        self._writer.close()

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Status and decoded JSON."""
        status, content = await self.ask_raw(method, path, body)
        return status, msgspec.json.decode(content) if content else None

    async def ask_raw(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Status and the body's bytes."""
        payload = b"" if body is None else msgspec.json.encode(body)
        self._writer.write(request(self.host, method, path, self.token, payload))
        head = await self._reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), await self._reader.readexactly(length_of(head))


def request(host: str, method: str, path: str, token: str, payload: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if payload:
        lines += ["content-type: application/json", f"content-length: {len(payload)}"]
    elif method == "POST":
        lines.append("content-length: 0")
    return "\r\n".join([*lines, "", ""]).encode() + payload


def length_of(head: bytes) -> int:
    """The declared length of an answer's body."""
    lowered = head.lower()
    start = lowered.find(b"content-length:")
    if start < 0:
        return 0
    return int(lowered[start + 15 : lowered.index(b"\r\n", start)])
