"""A gateway on real servers: PostgreSQL and NATS from the wheels, HTTP over the loopback."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr

from dropship.contracts.envelope import Envelope
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
from dropship.runtime.embedded import NatsServer
from dropship.runtime.hearing import Heard
from dropship.runtime.service import Service
from dropship.runtime.testing import Scene, Servers
from dropship.runtime.testing.servers import ADMIN

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


def settings_with(servers: Servers, nats: NatsServer, **more: Any) -> GatewaySettings:
    """What a gateway of its own database is told; limits are out of the way of most tests."""
    database = servers.migrated_database("gateway")
    told: dict[str, Any] = {
        "database_url": SecretStr(servers.app_dsn(database, "gateway")),
        "nats_url": nats.url,
        "nats_user": ADMIN,
        "nats_password": SecretStr(servers.password),
        "seal_key": SecretStr(base64.b64encode(b"s" * 32).decode()),
        "development": True,
        "port": 0,
        "address_sign_ins_per_minute": 100_000,
        "tenant_requests_per_minute": 1_000_000,
        "tenant_burst": 100_000,
        **more,
    }
    return GatewaySettings(**told)


@dataclass
class Gateway:
    """A running gateway and the other end of its doors."""

    desk: Desk
    service: Service
    http: httpx.AsyncClient
    url: str
    scene: Scene
    amazon: SupplierRegistered = AMAZON
    feed: SupplierRegistered = FEED

    def heard(self, event: Event) -> Heard[Any]:
        """The event as it would come from the log, now."""
        return self.scene.heard(event, key="test", at=self.desk.clock.now())

    async def hear(self, *events: Event | Heard[Any]) -> None:
        """What the hearing loop would do with these."""
        for event in events:
            heard = event if isinstance(event, Heard) else self.heard(event)
            known = isinstance(heard.event, SupplierRegistered)
            await self.scene.hears(remember_supplier if known else follow_job, heard)

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

    async def tenant(self) -> str:
        return str((await self.get("/v1/me")).json()["tenant"]["id"])

    async def with_key(self, *scopes: str) -> "Seller":
        """A program of this seller's, with an API key of its own."""
        made = await self.post("/v1/api-keys", json={"name": "a program", "scopes": scopes})
        assert made.status_code == 201, made.text
        return Seller(self.http, self.email, {"access_token": made.json()["key"], **made.json()})


@asynccontextmanager
async def running(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    """A gateway without its loops: nothing is published, and `hear` is called by the test."""
    service = Service("gateway", settings)
    await service.database.open()
    await service.database.pool.wait(20)
    await service.bus.connect()
    passwords = Passwords()
    desk = desk_of(service, settings, passwords)
    try:
        async with serving(site(desk), settings.host, settings.port) as port:
            url = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=url, timeout=10) as http:
                yield Gateway(desk, service, http, url, Scene(service.database, ()))
    finally:
        passwords.close()
        await service.database.close()
        await service.bus.close()


@pytest.fixture(scope="session")
async def gateway_with(servers: Servers) -> AsyncIterator[Any]:
    """Gateways with settings of their own, each with a database of its own."""
    async with servers.nats() as nats:
        yield lambda **more: running(settings_with(servers, nats, **more))


@pytest.fixture(scope="session")
async def gateway(gateway_with: Any) -> AsyncIterator[Gateway]:
    """A gateway that knows two suppliers."""
    async with gateway_with() as gateway:
        await gateway.hear(AMAZON, FEED)
        yield gateway
