"""The gateway as it is deployed: a process of its own on NATS with streams and on PostgreSQL."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from dropship.contracts.imports import ImportCompleted, ImportRequested
from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.embedded import free_ports
from dropship.runtime.testing import Deployment, Servers, deployed, eventually
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import Topology

wait_until: Any = eventually
SEAL_KEY = "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M="


@dataclass
class Running:
    """A gateway process, a client for it, and what it will have logged."""

    http: httpx.AsyncClient
    child: asyncio.subprocess.Process
    lines: asyncio.Task[bytes]
    health_url: str

    async def ready(self) -> bool:
        if self.child.returncode is not None:
            pytest.fail((await self.lines).decode())
        try:
            return (await self.http.get(self.health_url)).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def process(gateway: Deployment) -> AsyncIterator[Running]:
    """`python -m dropship.gateway`, ready; killed at the end if it still lives."""
    port, health_port = free_ports(2)
    told = {
        "DROPSHIP_DATABASE_URL": gateway.dsn,
        "DROPSHIP_NATS_URL": gateway.server.url,
        "DROPSHIP_NATS_USER": ADMIN,
        "DROPSHIP_NATS_PASSWORD": gateway.servers.password,
        "DROPSHIP_SEAL_KEY": SEAL_KEY,
        "DROPSHIP_PORT": str(port),
        "DROPSHIP_HEALTH_PORT": str(health_port),
        "DROPSHIP_DIE_WITH_PARENT": "true",
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dropship.gateway"),
        env={**os.environ, **told},
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None
    lines = asyncio.create_task(child.stderr.read())
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            url = f"http://127.0.0.1:{health_port}/health/ready"
            running = Running(http, child, lines, url)
            await wait_until(running.ready, within_s=20, what="the gateway is ready")
            yield running
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


AMAZON = SupplierRegistered(
    plugin="amazon",
    sources=("amazon-com",),
    default_source="amazon-com",
    per_tenant=False,
    id_pattern="[A-Z0-9]{10}",
    id_example="B0DGHRT7PQ",
    looks_per_minute=60,
)
WISH = "/v1/products/import?asin=B0DGHRT7PQ"


@asynccontextmanager
async def stack(servers: Servers, topology: Topology) -> AsyncIterator[Any]:
    """NATS with streams, a gateway process that knows one supplier, and a signed-up seller."""
    async with deployed(servers, "gateway", topology) as gateway, process(gateway) as running:
        log = gateway.log
        await log.says(AMAZON, "supplier:amazon")
        http = running.http
        body = {"email": f"{uuid4()}@example.com", "password": "correct horse"}
        tokens = (await http.post("/v1/auth/signup", json=body)).json()
        http.headers["authorization"] = f"Bearer {tokens['access_token']}"

        async def known() -> bool:
            return bool((await http.post(WISH)).status_code == 202)

        await wait_until(known, what="the supplier is known")
        yield running, gateway.server, log, {**body, **tokens}


async def test_an_import_goes_out_on_the_log_and_its_end_comes_back(
    servers: Servers, topology_with: Any
) -> None:
    async with stack(servers, topology_with({})) as (running, _, log, secrets):
        job_id = (await running.http.post(WISH)).json()["job_id"]
        said = await wait_until(lambda: log.newest(ImportRequested, job_id))
        assert msgspec.json.decode(said.data)["job_id"] == job_id
        await log.says(ImportCompleted(job_id=job_id, product_id="p-1"), job_id)

        async def ended() -> bool:
            shown = (await running.http.get(f"/v1/jobs/{job_id}")).json()
            return bool(shown["status"] == "SUCCESS")

        await wait_until(ended, what="the job has ended")
        running.child.terminate()
        assert await asyncio.wait_for(running.child.wait(), 10) == 0
        lines = (await running.lines).decode()
        assert "working" in lines
        for name in ("email", "password", "access_token", "refresh_token"):
            assert secrets[name] not in lines


async def test_without_the_log_sellers_go_on_and_nothing_is_forgotten(
    servers: Servers, topology_with: Any
) -> None:
    async with stack(servers, topology_with({})) as (running, server, log, secrets):
        server.kill()
        login = {name: secrets[name] for name in ("email", "password")}
        assert (await running.http.post("/v1/auth/login", json=login)).status_code == 200
        queued = await running.http.post(WISH)
        assert queued.status_code == 202
        job_id = queued.json()["job_id"]
        assert (await running.http.get(f"/v1/jobs/{job_id}")).json()["status"] == "PENDING"
        assert (await running.http.get("/v1/products")).status_code == 503
        await server.start()
        await wait_until(lambda: log.newest(ImportRequested, job_id), within_s=20)
