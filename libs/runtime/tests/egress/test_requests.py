"""Fetching from strangers: bounds of size, time and redirects, and what goes along where."""

import asyncio
import gzip
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dropship.runtime.egress import (
    Egress,
    Garbled,
    RefusedAddress,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from dropship.runtime.egress.bodies import BoundedBody

Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Stranger(Protocol):
    """The server of conftest.py."""

    port: int
    requests: list[bytes]

    def says(self, path: str, answer: bytes | Answering) -> str: ...


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    egress = Egress(development=True, resolver=everything_is_here)
    yield egress
    await egress.aclose()


async def everything_is_here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def ok(body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


def moved(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_any_status_is_an_answer(stranger: Stranger, egress: Egress) -> None:
    url = stranger.says(
        "/busy", b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    )
    answer = await egress.get(url)
    assert (answer.status, answer.body, answer.url) == (503, b"", url)
    assert answer.headers["Retry-After"] == answer.headers["retry-after"] == "7"


async def test_a_packed_page_is_unpacked(stranger: Stranger, egress: Egress) -> None:
    page = b"<html>" + b"price " * 1_000
    url = stranger.says("/page", ok(gzip.compress(page), "Content-Encoding: gzip"))
    assert (await egress.get(url)).body == page
    two = gzip.compress(b"one") + gzip.compress(b"two")
    url = stranger.says("/two", ok(two, "Content-Encoding: x-gzip"))
    assert (await egress.get(url)).body == b"onetwo"
    assert b"accept-encoding: gzip\r\n" in stranger.requests[0].lower()


async def test_a_page_is_as_large_as_allowed_and_not_one_byte_more(
    stranger: Stranger, egress: Egress
) -> None:
    for path, packed in (("/plain", False), ("/packed", True)):
        body = bytes(range(256)) * 4
        sent = ok(gzip.compress(body), "Content-Encoding: gzip") if packed else ok(body)
        url = stranger.says(path, sent)
        assert len((await egress.get(url, max_bytes=1_024)).body) == 1_024
        with pytest.raises(TooLarge):
            await egress.get(url, max_bytes=1_023)


async def test_an_endless_page_is_cut_off(stranger: Stranger, egress: Egress) -> None:
    async def endless(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()

    with pytest.raises(TooLarge):
        await egress.get(stranger.says("/endless", endless), max_bytes=1 << 20)


async def test_a_gzip_bomb_is_stopped_before_it_is_unpacked(
    stranger: Stranger, egress: Egress
) -> None:
    bomb = gzip.compress(bytes(50 << 20), 9)
    assert len(bomb) < 60_000
    url = stranger.says("/bomb", ok(bomb, "Content-Encoding: gzip"))
    with pytest.raises(TooLarge, match="larger"):
        await egress.get(url)
    with pytest.raises(TooLarge, match="hundred times"):
        await egress.get(url, max_bytes=100 << 20)


async def test_a_bomb_in_one_piece_takes_no_more_memory_than_allowed() -> None:
    bomb = gzip.compress(bytes(50 << 20), 9)

    async def at_once() -> AsyncIterator[bytes]:
        yield bomb

    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            await BoundedBody("http://shop.example", "gzip", 1 << 20).read(at_once())
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        ("/cut", ok(gzip.compress(b"x" * 999, mtime=0)[:-9], "Content-Encoding: gzip"), Garbled),
        ("/not-gzip", ok(b"<html>", "Content-Encoding: gzip"), Garbled),
        ("/twice", ok(b"x", "Content-Encoding: gzip, gzip"), Garbled),
        ("/br", ok(b"x", "Content-Encoding: br"), Garbled),
        ("/nonsense", b"SSH-2.0-OpenSSH_9\r\n\r\n", Unreachable),
        ("/head", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, Unreachable),
    ],
)
async def test_what_cannot_be_read_is_a_typed_refusal(
    path: str, answer: bytes, error: type[Exception], stranger: Stranger, egress: Egress
) -> None:
    with pytest.raises(error):
        await egress.get(stranger.says(path, answer))


async def test_a_page_that_breaks_off_is_no_page(stranger: Stranger, egress: Egress) -> None:
    async def broken(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    with pytest.raises(Unreachable, match="broke off"):
        await egress.get(stranger.says("/broken", broken))


async def test_a_slow_dripping_server_meets_the_deadline_of_the_whole(
    stranger: Stranger, egress: Egress
) -> None:
    async def dripping(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await asyncio.sleep(0.02)  # this is the server's fault, not the test's patience

    async def silent(_head: bytes, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    for path, answer in (("/drip", dripping), ("/silent", silent)):
        url = stranger.says(path, answer) + "?token=canary"
        with pytest.raises(TimedOut, match=r"within 0\.1 s") as error:
            await egress.get(url, timeout_s=0.1)
        assert "canary" not in str(error.value)
        assert path not in str(error.value)


async def test_nobody_listening_is_unreachable(egress: Egress) -> None:
    listening = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    with pytest.raises(Unreachable, match="does not accept"):
        await egress.get(f"http://127.0.0.1:{port}/")


async def test_five_redirects_are_followed_and_a_sixth_is_not(
    stranger: Stranger, egress: Egress
) -> None:
    for step in range(6):
        stranger.says(f"/{step}", moved(f"/{step + 1}"))
    start = f"http://127.0.0.1:{stranger.port}"
    assert (await egress.get(f"{start}/1")).url == f"{start}/6"
    with pytest.raises(TooManyRedirects):
        await egress.get(f"{start}/0")


async def test_a_caller_who_wants_no_redirects_sees_them(
    stranger: Stranger, egress: Egress
) -> None:
    url = stranger.says("/hook", moved("/elsewhere", 307))
    answer = await egress.request("POST", url, body=b"{}", max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (307, "/elsewhere")
    assert len(stranger.requests) == 1


async def test_credentials_stay_with_the_one_they_were_given_to(
    stranger: Stranger, egress: Egress
) -> None:
    secrets = {"Authorization": "Bearer x", "Cookie": "s=1", "X-Api-Key": "k", "Accept": "text/csv"}
    port = stranger.port
    stranger.says("/same", moved("/end"))
    stranger.says("/other", moved(f"http://other.example:{port}/end"))
    await egress.get(f"http://shop.example:{port}/same", headers=secrets)
    await egress.get(f"http://shop.example:{port}/other", headers=secrets)
    same, other = (head.lower() for head in stranger.requests if b"/end" in head)
    for name in (b"authorization:", b"cookie:", b"x-api-key:"):
        assert name in same
        assert name not in other
    assert b"accept: text/csv" in other


async def test_no_cookie_is_kept_between_requests(stranger: Stranger, egress: Egress) -> None:
    url = stranger.says("/in", ok(b"", "Set-Cookie: session=1; Path=/"))
    await egress.get(url)
    await egress.get(url)
    assert b"cookie:" not in stranger.requests[1].lower()


async def test_a_body_is_sent_once_and_never_on_to_somebody_else(
    stranger: Stranger, egress: Egress
) -> None:
    url = stranger.says("/form", moved("/done", 303))
    await egress.request("POST", url, body=b"secret", headers={"Content-Type": "text/plain"})
    posted, got = stranger.requests
    assert posted.endswith(b"\r\n\r\nsecret")
    assert got.startswith(b"GET /done ")
    assert b"content-type" not in got.lower()
    away = stranger.says("/away", moved(f"http://other.example:{stranger.port}/", 307))
    with pytest.raises(RefusedAddress, match="with a body elsewhere"):
        await egress.request("POST", away, body=b"secret")
    same = stranger.says("/same", moved("/done", 307))
    await egress.request("POST", same, body=b"secret")
    assert stranger.requests[-1].startswith(b"POST /done ")
    assert stranger.requests[-1].endswith(b"secret")


async def test_head_has_no_body_whatever_it_announces(stranger: Stranger, egress: Egress) -> None:
    url = stranger.says("/huge", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    answer = await egress.request("HEAD", url)
    assert (answer.status, answer.body) == (200, b"")


async def test_a_caller_cannot_forge_the_frame_of_the_request(
    stranger: Stranger, egress: Egress
) -> None:
    url = f"http://127.0.0.1:{stranger.port}/"
    with pytest.raises(ValueError, match="host"):
        await egress.get(url, headers={"Host": "internal"})
    for headers in ({"X": "a\r\nHost: internal"}, {"X\r\nY": "a"}, {"X": "ü\u2028"}):
        with pytest.raises(RefusedAddress):
            await egress.get(url, headers=headers)
    with pytest.raises(RefusedAddress):
        await egress.request("GET / HTTP/1.1\r\nHost: x\r\n\r\n", url)
    assert not stranger.requests


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "shop.pem"
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def shop_identity(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_tls_is_made_with_the_name_although_the_socket_goes_to_the_address(
    certificate: Path, tls_port: int
) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    egress = Egress(development=True, resolver=everything_is_here, tls=trusted)
    assert (await egress.get(f"https://shop.example:{tls_port}/")).body == b"hi"
    with pytest.raises(Unreachable):
        await egress.get(f"https://other.example:{tls_port}/")
    await egress.aclose()
    stranger_to_us = Egress(development=True, resolver=everything_is_here)
    with pytest.raises(Unreachable):
        await stranger_to_us.get(f"https://shop.example:{tls_port}/")
    await stranger_to_us.aclose()
