"""Sends one answer over a socket in the way it is meant to go, faults of the wire included."""

import asyncio
import socket
import struct
from email.utils import formatdate
from http import HTTPStatus

from dropship.simulators.wire.messages import Delivery, Reply, Request, Sent

_PIECES = 20
_RESET_NOW = struct.pack("ii", 1, 0)


async def deliver(
    reply: Reply, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Sent:
    """Write the answer as its `Delivery` says. A client that leaves early is no error."""
    way = reply.delivery
    try:
        if way.silent_s > 0 and await _client_leaves(reader, way.silent_s):
            return Sent(0, reached=False, reusable=False)
        if way.then_nothing:
            return Sent(0, reached=True, reusable=False)
        keep = request.keep_alive and _can_keep(way)
        writer.write(_head(reply, keep=keep))
        sent = 0 if request.method == "HEAD" else await _send_body(reply, writer)
        await writer.drain()
    except ConnectionError:
        return Sent(0, reached=False, reusable=False)
    if way.reset:
        _reset(writer)
    return Sent(sent, reached=True, reusable=keep)


def _can_keep(way: Delivery) -> bool:
    return way.declares_length and way.cut_at is None and not way.reset


def _head(reply: Reply, *, keep: bool) -> bytes:
    reason = HTTPStatus(reply.status).phrase
    lines = [
        f"HTTP/1.1 {reply.status} {reason}",
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {reply.content_type}",
        f"Connection: {'keep-alive' if keep else 'close'}",
    ]
    if reply.delivery.declares_length and reply.status != HTTPStatus.NOT_MODIFIED:
        lines.append(f"Content-Length: {len(reply.body) * reply.delivery.repeats}")
    lines.extend(f"{name}: {value}" for name, value in reply.headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send_body(reply: Reply, writer: asyncio.StreamWriter) -> int:
    way, body = reply.delivery, reply.body
    if way.cut_at is not None:
        body = body[: int(len(body) * way.cut_at)]
    if way.spread_s > 0:
        await _drip(body, way.spread_s, writer)
        return len(body)
    for _ in range(way.repeats):
        writer.write(body)
        await writer.drain()
    return len(body) * way.repeats


async def _drip(body: bytes, spread_s: float, writer: asyncio.StreamWriter) -> None:
    step = max(1, -(-len(body) // _PIECES))
    for start in range(0, len(body), step):
        await asyncio.sleep(spread_s / _PIECES)
        writer.write(body[start : start + step])
        await writer.drain()


async def _client_leaves(reader: asyncio.StreamReader, within_s: float) -> bool:
    """Wait, but no longer than the client does: its leaving must end the request in the ledger."""
    try:
        async with asyncio.timeout(within_s):
            await reader.read(1)
    except TimeoutError:
        return False
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: lingering zero seconds, then abort."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_NOW)
    writer.transport.abort()
