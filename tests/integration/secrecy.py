"""Secrets planted on purpose, and every place in which one might turn up in clear."""

import base64
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from nats.aio.client import Client

from integration import log
from integration.collector import Collector
from integration.running import Stack
from integration.shop import Shop

PRIVATE_FILES = frozenset({"secrets.json", "superuser", "nats.conf", "stack.json"})
"""Where the stack keeps its own passwords, for its owner's eyes only."""

HANDS_OUT_TOKENS = ("/v1/auth/signup", "/v1/auth/login", "/v1/auth/refresh")


def forms(secret: str) -> Iterator[bytes]:
    """The spellings in which a secret would still be one."""
    plain = secret.encode()
    yield from (plain, plain.hex().encode(), base64.b64encode(plain), quote(secret).encode())
    yield base64.urlsafe_b64encode(plain).rstrip(b"=")


class Planted:
    """Secrets by what they are, looked for in bytes from anywhere."""

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def plant(self, kind: str, secret: str = "") -> str:
        secret = secret or f"canary{secrets.token_hex(12)}"
        self._known |= dict.fromkeys(forms(secret), kind)
        return secret

    def found_in(self, content: bytes) -> set[str]:
        return {kind for form, kind in self._known.items() if form in content}


async def everywhere(stack: Stack, collector: Collector, planted: Planted) -> list[str]:
    """Where anything planted is. Every service is restarted before, so none has traces left."""
    await stack.services_restarted()
    leaks = [leak async for leak in in_tables(stack, planted)]
    client = await stack.nats()
    try:
        leaks += [leak async for leak in in_streams(client, planted)]
    finally:
        await client.close()
    ((cluster,),) = await stack.sql("SHOW data_directory")
    leaks += in_files(stack.home, planted) + in_files(Path(cluster), planted)
    return leaks + in_traces(collector, planted)


async def in_tables(stack: Stack, planted: Planted) -> AsyncIterator[str]:
    """Every row of every table, bytes as hexadecimal, and what the sessions are doing."""
    tables = await stack.sql(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 50
    for (table,) in tables:
        rows = await stack.sql(f"SELECT t::text FROM {table} t")  # noqa: S608 - quoted by format
        for kind in planted.found_in("\n".join(row[0] for row in rows).encode()):
            yield f"{kind} in the table {table}"
    sessions = await stack.sql("SELECT coalesce(query, '') FROM pg_stat_activity")
    for kind in planted.found_in("\n".join(row[0] for row in sessions).encode()):
        yield f"{kind} in a statement"


async def in_streams(nats: Client, planted: Planted) -> AsyncIterator[str]:
    for stream in log.STREAMS:
        for message in await log.read(nats, stream):
            whole = f"{message.subject} {message.headers}".encode() + message.payload
            for kind in planted.found_in(whole):
                yield f"{kind} in {stream}, {message.subject}"


def in_files(folder: Path, planted: Planted) -> list[str]:
    """Every file, the database's own and the message store's included."""
    files = [p for p in folder.rglob("*") if p.is_file() and p.name not in PRIVATE_FILES]
    assert files
    return [f"{kind} in {path}" for path in files for kind in planted.found_in(_content(path))]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # it was rotated away meanwhile
        return b""


def in_traces(collector: Collector, planted: Planted) -> list[str]:
    """Everything that was ever sent to the collector: names, attributes, events, statuses."""
    assert collector.batches
    return [
        f"{kind} in a trace of {batch.service}"
        for batch in collector.batches
        for kind in planted.found_in(batch.body)
    ]


def assert_traced(
    collector: Collector, shops: Iterable[Shop], path: str, services: set[str]
) -> None:
    """Each of these services has sent traces of what was begun by every POST to a path."""
    begun = [
        answer
        for shop in shops
        for answer in shop.heard
        if (answer.request.method, answer.request.url.path) == ("POST", path)
    ]
    assert begun
    for answer in begun:
        senders = collector.senders(answer.headers["traceparent"][3:35])
        wanted = services if answer.is_success else {"gateway"}
        assert wanted <= senders, f"{path} ({answer.status_code}): only {senders}"


def in_answers(shop: Shop, planted: Planted) -> list[str]:
    """Everything that was answered, but where tokens are what was asked for."""
    return [
        f"{kind} in the answer {answer.status_code} to {answer.request.url.path}"
        for answer in shop.heard
        if not (answer.is_success and answer.request.url.path in HANDS_OUT_TOKENS)
        for kind in planted.found_in(str(answer.headers.raw).encode() + answer.content)
    ]
