"""A gateway on real servers: PostgreSQL and NATS from the wheels, HTTP over the loopback."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from asyncio import to_thread
from dropship.contracts.envelope import JSON, SPEC, Envelope
from dropship.contracts.ids import uuid7
from dropship.contracts.messages import Event
from dropship.contracts.suppliers import SupplierRegistered
from dropship.gateway.adapters.passwords import Passwords
from dropship.gateway.app import desk_of
from dropship.gateway.handlers.follow_job import follow_job
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.server import serving
from dropship.gateway.http.site import site
from dropship.gateway.projections.suppliers import remember_supplier
from dropship.gateway.settings import GatewaySettings
from dropship.runtime.embedded import NatsServer, PostgresServer, User
from dropship.runtime.hearing import Heard
from dropship.runtime.migrating import migrate_database
from dropship.runtime.service import Service
from pydantic import SecretStr

SEAL_KEY = base64.b64encode(b"s" * 32).decode()

AMAZON = SupplierRegistered(
    plugin="amazon",
    sources=("amazon-com", "amazon-de"),
    default_source="amazon-com",
    per_tenant=False,
    id_pattern="[A-Z0-9]{10}",
    id_example="B0DGHRT7PQ",
    looks_per_minute=60,
)
FEED = SupplierRegistered(
    plugin="feed",
    sources=(),
    default_source=None,
    per_tenant=True,
    id_pattern="[A-Za-z0-9_-]{1,64}",
    id_example="SKU-1",
    looks_per_minute=600,
)


def settings_with(postgres: PostgresServer, nats: NatsServer, **more: Any) -> GatewaySettings:
    return GatewaySettings(
        database_url=SecretStr(postgres.dsn("postgres", "gateway_app", "gateway-test")),
        nats_url=nats.url,
        nats_user="test",
        nats_password=SecretStr("test-password"),
        seal_key=SecretStr(SEAL_KEY),
        development=True,
        port=0,
        address_sign_ins_per_minute=100_000,
        tenant_requests_per_minute=1_000_000,
        tenant_burst=100_000,
        **more,
    )


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    home: Path = tmp_path_factory.mktemp("gateway") / "pg"
    async with PostgresServer(home, durable=False) as server:
        passwords = {"gateway": "gateway-test"}
        await to_thread(migrate_database, server.dsn(), passwords, lambda _: None)
        yield server


@pytest.fixture(scope="session")
async def nats(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    home = tmp_path_factory.mktemp("gateway") / "nats"
    async with NatsServer(home, [User("test", "test-password")]) as server:
        yield server


@dataclass
class Gateway:
    """A running gateway and the other end of its doors."""

    desk: Desk
    service: Service
    http: httpx.AsyncClient
    url: str
    seq: int = field(default=0)

    async def hear(self, event: Event, *, source: str = "tracker", event_id: str = "") -> None:
        """What the hearing loop would do with this event."""
        envelope = Envelope(
            specversion=SPEC,
            id=event_id or str(uuid7()),
            source=source,
            type=event.wire_type(),
            subject="test:1",
            time=self.desk.clock.now(),
            dataschema="",
            datacontenttype=JSON,
            partitionkey="test:1",
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=str(uuid7()),
        )
        self.seq += 1
        heard: Heard[Any] = Heard(event, envelope, self.seq, envelope.time)
        async with self.desk.database.transaction(envelope) as tx:
            if isinstance(event, SupplierRegistered):
                await remember_supplier(heard, tx)
            else:
                await follow_job(heard, tx)

    async def said(self, about: str) -> list[Envelope]:
        """What was said about an aggregate, in order."""
        rows = await self.desk.database.fetch_all(
            "SELECT payload FROM journal WHERE aggregate = %s ORDER BY version", (about,)
        )
        return [msgspec.json.decode(bytes(payload), type=Envelope) for (payload,) in rows]

    async def seller(self, email: str = "") -> "Seller":
        """Somebody new who has signed up."""
        email = email or f"{uuid7()}@example.com"
        credentials = {"email": email, "password": "correct horse"}
        answer = await self.http.post("/v1/auth/signup", json=credentials)
        assert answer.status_code == 201, answer.text
        return Seller(self.http, email, answer.json())


@dataclass
class Seller:
    """A user with tokens."""

    http: httpx.AsyncClient
    email: str
    tokens: dict[str, Any]

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens['access_token']}"}
        headers |= more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.ask("POST", path, **more)


@asynccontextmanager
async def running(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """A gateway without its loops: nothing is published, and `hear` is called by the test."""
    service = Service("gateway", settings)
    await service.database.open()
    await service.bus.connect()
    passwords = Passwords()
    desk = desk_of(service, settings, passwords)
    try:
        async with serving(site(desk), settings.host, settings.port) as port:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, timeout=10) as http:
                yield Gateway(desk, service, http, url)
    finally:
        passwords.close()
        await service.database.close()
        await service.bus.close()


@pytest.fixture(scope="session")
async def gateway(postgres: PostgresServer, nats: NatsServer) -> AsyncIterator[Gateway]:
    """A gateway that knows two suppliers."""
    async with running(settings_with(postgres, nats)) as running_gateway:
        await running_gateway.hear(AMAZON, source="scraper")
        await running_gateway.hear(FEED, source="scraper")
        yield running_gateway
