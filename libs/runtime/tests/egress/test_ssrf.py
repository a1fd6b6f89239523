"""The corpus of ways to make a server fetch from itself: none may reach a canary on loopback."""

# ruff: noqa: RUF001, S104 - the odd spellings are the corpus

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

import pytest

from dropship.runtime.egress import (
    Egress,
    EgressError,
    RefusedAddress,
    TimedOut,
    Unreachable,
    resolving,
)
from dropship.runtime.telemetry.metrics import EGRESS_REQUESTS

LITERALS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "0",
    "0.0.0.0", "①②⑦.0.0.1", "１２７.0.0.1", "127。0。0。1", "localhost", "localhost.", "LOCALHOST",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[::1%25lo]", "[::1%lo]",
    "shop.example@127.0.0.1", "127.0.0.1\\@shop.example", "shop.example#@127.0.0.1",
    "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16",
]  # fmt: skip
ANSWERS = [
    ["127.0.0.1"], ["::1"], ["10.0.0.8"], ["169.254.169.254"], ["fd00:ec2::254"], ["100.64.0.1"],
    ["64:ff9b::7f00:1"], ["::ffff:127.0.0.1"], ["0.0.0.0"], ["::"], ["8.8.8.8", "127.0.0.1"],
    ["127.0.0.1", "8.8.8.8"], ["2606:4700::1111", "::1"], ["2002:7f00:1::"], ["not an address"],
    ["fe80::1%lo"],
]  # fmt: skip

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class Stranger(Protocol):
    """The server of conftest.py."""

    port: int
    connections: int
    requests: list[bytes]

    def says(self, path: str, answer: bytes) -> str: ...


class NameServer:
    """Answers each question with the next of its answers, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Egress]]:
    made: list[Egress] = []

    def open_(resolver: Resolver | None = None, **kwargs: object) -> Egress:
        given = {"resolver": resolver} if resolver else {}
        made.append(Egress(**given, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    yield open_
    for egress in made:
        await egress.aclose()


async def refused(egress: Egress, url: str) -> EgressError:
    with pytest.raises((RefusedAddress, Unreachable)) as by_check:
        await egress.check(url)
    with pytest.raises((RefusedAddress, Unreachable)):
        await egress.get(url, timeout_s=2)
    return by_check.value


@pytest.mark.parametrize("host", LITERALS)
async def test_no_spelling_of_an_address_reaches_the_canary(
    host: str, stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    egress = opened(ports={80, stranger.port}, resolver=NameServer(["127.0.0.1"]))
    await refused(egress, f"http://{host}:{stranger.port}/")
    assert stranger.connections == 0


@pytest.mark.parametrize("answer", ANSWERS)
async def test_no_name_that_points_at_us_reaches_the_canary(
    answer: Sequence[str], stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    egress = opened(NameServer(answer), ports={stranger.port})
    error = await refused(egress, f"http://shop.example:{stranger.port}/?token=canary")
    assert isinstance(error, RefusedAddress)
    assert "canary" not in str(error)
    assert stranger.connections == 0


async def test_localhost_by_the_machines_own_resolver_is_refused(
    stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    await refused(opened(ports={stranger.port}), f"http://localhost:{stranger.port}/")
    assert stranger.connections == 0


async def test_a_name_that_turns_to_us_after_the_check_is_refused_at_the_socket(
    stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    names = NameServer(["8.8.8.8"], ["127.0.0.1"])
    egress = opened(names, ports={stranger.port})
    url = f"http://rebind.example:{stranger.port}/"
    assert (await egress.check(url)).addresses == ["8.8.8.8"]
    with pytest.raises(RefusedAddress, match="loopback"):
        await egress.get(url)
    assert stranger.connections == 0


async def test_a_request_asks_for_the_address_once_and_goes_to_that_one(
    stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    names = NameServer(["127.0.0.1"], ["127.0.0.2"])
    egress = opened(names, development=True)
    answer = await egress.get(f"http://Shop.Example:{stranger.port}/a?b=c")
    assert answer.body == b"hi"
    assert names.asked == ["shop.example"]
    host = f"\r\nhost: shop.example:{stranger.port}\r\n".encode()
    assert host in stranger.requests[0].lower()
    assert stranger.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "location",
    [
        "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL", "http://0x7f.1/", "http://user:pw@127.0.0.1/",
        "//[64:ff9b::7f00:1]/", "http://8.8.8.8:6379/", "http://[::1", "http://inside.example/",
    ],
)  # fmt: skip
async def test_no_redirect_leads_inside(
    location: str, stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    url = stranger.says("/go", head.encode())
    egress = opened(NameServer(["10.9.9.9"]), development=True)
    with pytest.raises(EgressError) as stopped:
        await egress.get(url)
    assert stopped.value.outcome in {"refused_address", "garbled"}
    assert stranger.connections == 1


async def test_loopback_needs_development_even_for_the_simulators(
    stranger: Stranger, opened: Callable[..., Egress]
) -> None:
    url = f"http://127.0.0.1:{stranger.port}/"
    assert (await opened(development=True).get(url)).status == 200
    with pytest.raises(RefusedAddress):
        await opened().get(url)
    assert stranger.connections == 1


async def test_no_proxy_of_the_environment_is_used(
    stranger: Stranger, opened: Callable[..., Egress], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{stranger.port}")
    with pytest.raises(RefusedAddress):
        await opened(NameServer(["10.0.0.1"])).get("http://shop.example/")
    assert stranger.connections == 0


async def test_other_ports_of_the_internet_are_closed(opened: Callable[..., Egress]) -> None:
    names = NameServer(["8.8.8.8"])
    for egress in (opened(names), opened(names, development=True)):
        for port in (22, 25, 4222, 5432, 6379, 8222):
            with pytest.raises(RefusedAddress, match=f"port {port}"):
                await egress.check(f"http://shop.example:{port}/")
    checked = await opened(names).check("https://shop.example/x")
    assert (checked.host, checked.port, checked.scheme) == ("shop.example", 443, "https")


async def test_a_mapped_address_is_used_as_the_ipv4_address_it_means(
    opened: Callable[..., Egress],
) -> None:
    checked = await opened(NameServer(["::ffff:8.8.8.8"])).check("http://shop.example/")
    assert checked.addresses == ["8.8.8.8"]


async def test_a_name_that_does_not_resolve_is_unreachable(opened: Callable[..., Egress]) -> None:
    async def failing(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    for resolver in (failing, NameServer([])):
        with pytest.raises(Unreachable):
            await opened(resolver).check("http://gone.example/")


async def test_a_silent_name_server_does_not_hold_us_up(
    opened: Callable[..., Egress], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(resolving, "DNS_TIMEOUT_S", 0.02)
    with pytest.raises(TimedOut):
        await opened(silent).check("http://slow.example/")


async def test_refusals_are_counted(opened: Callable[..., Egress]) -> None:
    def count() -> float:
        return float(EGRESS_REQUESTS["refused_address"]._value.get())

    before = count()
    with pytest.raises(RefusedAddress):
        await opened().get("file:///etc/passwd")
    assert count() == before + 1
