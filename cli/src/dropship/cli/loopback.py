"""The smallest HTTP client that can ask our own processes whether they are ready."""

import asyncio
from urllib.parse import urlsplit

LARGEST_ANSWER_BYTES = 1_000_000


async def get(url: str, timeout_s: float = 2.0) -> tuple[int, bytes]:
    """Status and body of a GET. Raises OSError (TimeoutError is one) when nobody answers."""
    parts = urlsplit(url)
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            head = (
                f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            )
            writer.write(f"{head}\r\n".encode())
            await writer.drain()
            answer = await reader.read(LARGEST_ANSWER_BYTES)
            while chunk := await reader.read(LARGEST_ANSWER_BYTES):
                answer += chunk
        finally:
            writer.close()
    first, _, rest = answer.partition(b"\r\n")
    try:
        status = int(first.split()[1])
    except (IndexError, ValueError):
        raise ConnectionError(f"{url} does not answer in HTTP") from None
    return status, rest.partition(b"\r\n\r\n")[2]


async def why_not_ready(url: str) -> str | None:
    """None when it answers 200, otherwise what it says instead."""
    try:
        status, body = await get(url)
    except OSError as error:
        return f"does not answer ({type(error).__name__})"
    return None if status == 200 else body.decode(errors="replace").strip()[:300] or str(status)
