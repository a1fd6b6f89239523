"""granian inside our own process: it accepts in Rust, and our loop answers.

At the end it stops accepting at once, finishes the requests in hand, then closes idle connections.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar.types import ASGIApp

from dropship.runtime.telemetry import get_logger

HEAD_WAIT_MS = 10_000
HEAD_BYTES_MAX = 65_536
BACKLOG = 1_024
_LISTENING_WAIT_S = 5.0

log = get_logger()


@asynccontextmanager
async def serving(
    app: ASGIApp, host: str, port: int, *, drain_s: float = 4.0
) -> AsyncIterator[int]:
    """Serve until the end of the block; yields the port once it answers.

    Requests in hand get `drain_s` seconds to finish, then they are cut.

    Raises OSError when the port is taken: granian itself would silently share it, because it binds
    with SO_REUSEPORT.
    """
    port = _free(host, port)
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEAD_WAIT_MS, max_buffer_size=HEAD_BYTES_MAX
        ),
        websockets=False,
        backlog=BACKLOG,
        log_enabled=False,
    )
    served = asyncio.create_task(server.serve(), name="http")
    try:
        await _listening(served, host, port)
        log.info("http_listening", url=f"http://{host}:{port}")
        yield port
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await _stopped(served, drain_s)


def _free(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


async def _listening(served: asyncio.Task[None], host: str, port: int) -> None:
    """Wait until a connection is taken; a server that ended says why."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    async with asyncio.timeout(_LISTENING_WAIT_S):
        while not served.done():
            try:
                _, writer = await asyncio.open_connection(reachable, port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return
    served.result()
    raise OSError("the HTTP server ended at once")


async def _stopped(served: asyncio.Task[None], drain_s: float) -> None:
    try:
        await asyncio.wait_for(served, drain_s)
    except TimeoutError:
        log.warning("http_drain_cut", after_s=drain_s)
