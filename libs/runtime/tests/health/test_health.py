"""What a supervisor hears from a process, and that nonsense on the port does no harm."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest

from dropship.runtime import health as health_module
from dropship.runtime.health import Health


class Probe:
    """A process's health port, and a way to speak to it byte by byte."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.health = Health("127.0.0.1", 0, self.reasons)
        self.port = 0

    def reasons(self) -> Mapping[str, str]:
        if "broken" in self.wrong:
            raise RuntimeError("the check itself fails")
        return self.wrong

    async def raw(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(), timeout=5)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def get(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        answer = await self.raw(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split(b" ")[1]), body


@pytest.fixture
async def probe() -> AsyncIterator[Probe]:
    probe = Probe()
    probe.port = await probe.health.start()
    yield probe
    await probe.health.stop()


async def test_a_process_lives_and_is_ready_when_nothing_is_wrong(probe: Probe) -> None:
    assert (await probe.get("/health/live"))[0] == 200
    status, body = await probe.get("/health/ready")
    assert (status, msgspec.json.decode(body)) == (200, {"ready": True})


async def test_a_process_that_lost_its_database_lives_but_says_why_it_is_not_ready(
    probe: Probe,
) -> None:
    probe.wrong["database"] = "no connection"
    assert (await probe.get("/health/live"))[0] == 200
    status, body = await probe.get("/health/ready?verbose=1")
    assert status == 503
    answer = msgspec.json.decode(body)
    assert answer == {"ready": False, "reasons": {"database": "no connection"}}


async def test_a_broken_check_means_not_ready_rather_than_no_answer(probe: Probe) -> None:
    probe.wrong["broken"] = ""
    status, body = await probe.get("/health/ready")
    assert status == 503
    assert b"could not be told" in body


async def test_the_numbers_are_given_as_prometheus_reads_them(probe: Probe) -> None:
    status, body = await probe.get("/metrics")
    assert status == 200
    assert b"# TYPE dropship_relay_backlog gauge" in body


async def test_head_answers_without_a_body_and_nothing_else_is_allowed(probe: Probe) -> None:
    assert await probe.get("/health/live", "HEAD") == (200, b"")
    assert (await probe.get("/health/live", "POST"))[0] == 405
    assert (await probe.get("/etc/passwd"))[0] == 404


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /health/live\r\n\r\n",
        b"GET  /health/live HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 1_000 + b" HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
    ],
)
async def test_nonsense_is_told_so(nonsense: bytes, probe: Probe) -> None:
    assert (await probe.raw(nonsense)).startswith(b"HTTP/1.1 400 ")


async def test_an_endless_head_is_cut_off(probe: Probe) -> None:
    answer = await probe.raw(b"GET /health/live HTTP/1.1\r\nX: " + b"a" * 100_000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert (await probe.get("/health/live"))[0] == 200


async def test_a_silent_caller_is_dropped_and_does_not_hold_up_the_others(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "_TIMEOUT_S", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", probe.port)
    writer.write(b"GET /health")
    assert (await probe.get("/health/live"))[0] == 200
    with pytest.raises((ConnectionError, EOFError)):
        await asyncio.wait_for(reader.readexactly(1), timeout=5)
    writer.close()


async def test_stopping_drops_whoever_is_still_connected() -> None:
    health = Health("127.0.0.1", 0)
    port = await health.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health")
    await writer.drain()
    await asyncio.wait_for(health.stop(), timeout=5)
    with pytest.raises((ConnectionError, EOFError)):
        await asyncio.wait_for(reader.readexactly(1), timeout=5)
    writer.close()
