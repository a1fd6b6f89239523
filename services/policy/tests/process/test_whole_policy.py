"""The service as it is deployed: a process that starts, becomes ready, and drains when told to."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx

from dropship.runtime.embedded import free_ports
from dropship.runtime.testing import Servers, eventually
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import read

TOPOLOGY = Path(__file__).parents[4] / "cli/src/dropship/cli/topology.toml"


async def test_it_starts_is_ready_and_leaves_within_ten_seconds(servers: Servers) -> None:
    database = servers.migrated_database("policy")
    (health_port,) = free_ports(1)
    async with servers.nats(read(TOPOLOGY.read_text(), lambda _: [])) as nats:
        told = {
            "DROPSHIP_DATABASE_URL": servers.app_dsn(database, "policy"),
            "DROPSHIP_NATS_URL": nats.url,
            "DROPSHIP_NATS_USER": ADMIN,
            "DROPSHIP_NATS_PASSWORD": servers.password,
            "DROPSHIP_HEALTH_PORT": str(health_port),
            "DROPSHIP_DIE_WITH_PARENT": "true",
        }
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dropship.policy"), env={**os.environ, **told}
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{health_port}") as http:

                async def ready() -> bool:
                    try:
                        return (await http.get("/health/ready")).status_code == 200
                    except httpx.TransportError:
                        return False

                await eventually(ready, within_s=30, what="policy is ready")
            child.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(child.wait(), 10) == 0
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
