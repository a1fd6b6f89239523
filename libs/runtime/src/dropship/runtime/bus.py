"""The one connection of a process to NATS, with the few calls that we trust.

A thin layer over nats-py: its `fetch`, `publish_async`, reconnect limit and dataclass round trips
are traps (nats.md 3.8). A publish either is stored, is refused by the server with a code, or its
outcome is `Uncertain`; there is no fourth case and no hidden retry.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout

from dropship.runtime.settings import ServiceSettings
from dropship.runtime.telemetry.logs import get_logger

MSG_ID = "Nats-Msg-Id"
EXPECTED = "Nats-Expected-Last-Subject-Sequence"
EXPECTED_ON = "Nats-Expected-Last-Subject-Sequence-Subject"
BATCH_LIMIT = 1000
PUBLISH_TIMEOUT_S = 5.0

_log = get_logger()


class ApiError(Exception):
    """JetStream refused: `code` is the server's own error code, 404 and the like are `status`."""

    def __init__(self, status: int, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.status = status
        self.code = code


class Uncertain(Exception):
    """No answer came. It may have been stored, it may be stored later, or never."""


class Ack(msgspec.Struct, frozen=True):
    """What JetStream answers to a publish: the sequence it stored, or had stored before."""

    seq: int = 0
    duplicate: bool = False
    error: dict[str, Any] | None = None


class Entry(msgspec.Struct, frozen=True):
    """One message on its way to a stream."""

    subject: str
    payload: bytes
    id: UUID


_acks = msgspec.json.Decoder(Ack)


class _QuickHeaders(Client):
    """Reads headers in a tenth of the time: nats-py looks at each character of each name.

    A name that holds blanks is kept instead of dropped; nobody here sends any.
    """

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        lines = raw.decode("utf-8", "replace").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return {name: value.strip() for name, colon, value in pairs if colon}


class Bus:
    """NATS for one process. Reconnects for ever; `on_reconnect` callbacks run after each time.

    `breaks` counts how often the connection was lost: what was on its way then never arrives.
    """

    def __init__(self, settings: ServiceSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self.client: Client = _QuickHeaders()
        self.on_reconnect: list[Callable[[], Awaitable[None]]] = []
        self.closed = asyncio.Event()
        self.breaks = 0
        self._closing = False

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    async def connect(self) -> None:
        """Connect, however long it takes: the process is alive, but not ready, until then."""
        user = self._settings.nats_user
        password = self._settings.nats_password.get_secret_value()
        credentials: dict[str, Any] = {"user": user, "password": password} if user else {}
        await self.client.connect(
            servers=self._settings.nats_url.split(","),
            name=self._name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type]
            ping_interval=10,
            connect_timeout=2,
            drain_timeout=3,
            pending_size=8 * 1024 * 1024,
            inbox_prefix=f"_INBOX_{user}" if user else "_INBOX",
            error_cb=self._failed,
            disconnected_cb=self._lost,
            reconnected_cb=self._back,
            closed_cb=self._ended,
            **credentials,
        )

    async def _failed(self, error: Exception) -> None:
        _log.warning("nats_error", error=type(error).__name__, detail=str(error)[:200])

    async def _lost(self) -> None:
        """Whoever waits for an answer waits in vain: the server has forgotten where to send it."""
        self.breaks += 1
        if not self._closing:
            _log.warning("nats_disconnected")
        waiting: dict[str, asyncio.Future[Msg]] = getattr(self.client, "_resp_map", {})
        for answer in list(waiting.values()):
            if not answer.done():
                answer.set_exception(ConnectionClosedError())

    async def _back(self) -> None:
        _log.info("nats_reconnected")
        for callback in self.on_reconnect:
            await callback()

    async def _ended(self) -> None:
        if not self._closing:
            self.closed.set()

    async def close(self) -> None:
        """Flush what is buffered, for at most a few seconds, and hang up."""
        self._closing = True
        if self.client.is_connected:
            try:
                await asyncio.wait_for(self.client.drain(), 3)
            except (NatsError, TimeoutError):
                _log.warning("nats_drain_unfinished")
        if not self.client.is_closed:
            await self.client.close()

    async def tell(self, subject: str, payload: bytes = b"", reply: str = "") -> None:
        """Send without waiting for anything. Lost when nobody listens, or not connected."""
        if self.connected:
            try:
                await self.client.publish(subject, payload, reply=reply)
            except (NatsError, ConnectionError) as error:
                _log.warning("untold", subject=subject, error=type(error).__name__)

    async def listen(
        self, subject: str, callback: Callable[[Msg], Awaitable[None]], queue: str = ""
    ) -> Subscription:
        """Receive messages on a subject; flow must be bounded by the sender."""
        return await self.client.subscribe(
            subject, queue=queue, cb=callback, pending_msgs_limit=-1, pending_bytes_limit=-1
        )

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PUBLISH_TIMEOUT_S,
    ) -> Msg:
        """One request, one answer.

        Raises Uncertain on silence, NoRespondersError at once when nobody listens.
        """
        if not self.connected:
            raise Uncertain("not connected")
        try:
            return await self.client.request(
                subject, payload, timeout=timeout_s, headers=dict(headers) if headers else None
            )
        except NatsTimeout as error:
            raise Uncertain(f"{subject}: no answer in {timeout_s} s") from error
        except NoRespondersError:
            raise
        except (NatsError, ConnectionError) as error:
            raise Uncertain(f"{subject}: {type(error).__name__}") from error

    async def api(self, name: str, body: Any = None, timeout_s: float = 5.0) -> dict[str, Any]:
        """Call ``$JS.API.<name>`` with full JSON. Raises ApiError, or Uncertain on silence."""
        payload = b"" if body is None else msgspec.json.encode(body)
        try:
            message = await self.request(f"$JS.API.{name}", payload, timeout_s=timeout_s)
        except NoRespondersError as error:
            raise Uncertain("JetStream is not there") from error
        answer: dict[str, Any] = msgspec.json.decode(message.data)
        if error_ := answer.get("error"):
            raise ApiError(
                error_.get("code", 0), error_.get("err_code", 0), error_.get("description", "")
            )
        return answer

    async def stored_message(self, stream: str, seq: int) -> Msg | None:
        """The message at a sequence of a stream, or None where there is none."""
        try:
            message = await self.request(
                f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode({"seq": seq})
            )
        except NoRespondersError:
            return None
        if message.headers and message.headers.get("Status"):
            return None
        return message

    async def publish(
        self,
        subject: str,
        payload: bytes,
        headers: Mapping[str, str],
        timeout_s: float | None = None,
    ) -> Ack:
        """Store one message. Raises ApiError when refused, Uncertain when nobody knows."""
        try:
            message = await self.request(subject, payload, headers, timeout_s or PUBLISH_TIMEOUT_S)
        except NoRespondersError as error:
            raise Uncertain("no stream takes this subject, or JetStream is not there") from error
        return _read_ack(message.data)

    async def publish_batch(
        self, entries: Sequence[Entry], first_headers: Mapping[str, str]
    ) -> int:
        """Store 2 to 1000 messages of one stream, all or none; the sequence of the last one.

        Raises ApiError when refused as a whole, Uncertain when nobody knows.
        """
        batch = uuid4().hex
        first, last = entries[0], entries[-1]
        opened = await self._batch_request(first, batch, 1, first_headers)
        if opened.data:
            _read_ack(opened.data)
            raise ApiError(0, 0, "the server does not know atomic batches")
        await self._send_together(entries[1:-1], batch)
        committed = await self._batch_request(last, batch, len(entries), {"Nats-Batch-Commit": "1"})
        return _read_ack(committed.data).seq

    async def _send_together(self, entries: Sequence[Entry], batch: str) -> None:
        """The middle of a batch, written by hand as one piece: a sixth of nats-py's CPU."""
        pieces: list[bytes] = []
        for number, entry in enumerate(entries, 2):
            head = (
                f"NATS/1.0\r\n{MSG_ID}: {entry.id}\r\nNats-Batch-Id: {batch}\r\n"
                f"Nats-Batch-Sequence: {number}\r\n\r\n"
            ).encode()
            sizes = f"{len(head)} {len(head) + len(entry.payload)}"
            pieces += (f"HPUB {entry.subject} {sizes}\r\n".encode(), head, entry.payload, b"\r\n")
        if pieces:
            await self.client._send_command(b"".join(pieces))

    async def _batch_request(
        self, entry: Entry, batch: str, number: int, extra: Mapping[str, str]
    ) -> Msg:
        headers = {**_batch_headers(entry, batch, number), **extra}
        try:
            return await self.request(entry.subject, entry.payload, headers)
        except NoRespondersError as error:
            raise Uncertain("no stream takes this subject, or JetStream is not there") from error


def _batch_headers(entry: Entry, batch: str, number: int) -> dict[str, str]:
    return {
        MSG_ID: str(entry.id),
        "Nats-Batch-Id": batch,
        "Nats-Batch-Sequence": str(number),
    }


def _read_ack(payload: bytes) -> Ack:
    ack = _acks.decode(payload)
    if ack.error is not None:
        raise ApiError(
            ack.error.get("code", 0), ack.error.get("err_code", 0), ack.error.get("description", "")
        )
    return ack


async def connected_client(url: str, user: str, password: str, name: str) -> Client:
    """A plain client for tools: no endless reconnecting, a clear failure at once."""
    return await nats.connect(
        url,
        user=user,
        password=password,
        name=name,
        inbox_prefix=f"_INBOX_{user}",
        max_reconnect_attempts=3,
    )
