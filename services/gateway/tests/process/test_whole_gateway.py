"""The gateway as it is deployed: a process of its own on NATS with streams and on PostgreSQL."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import nats
import pytest

from dropship.contracts.envelope import JSON, SPEC, Envelope, open_envelope
from dropship.contracts.ids import partition_of
from dropship.contracts.imports import ImportCompleted
from dropship.contracts.messages import Event
from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.clock import SystemClock
from dropship.runtime.embedded import NatsServer, free_ports
from dropship.runtime.testing import Servers, eventually
from dropship.runtime.testing.servers import ADMIN
from dropship.runtime.topology import read

wait_until: Any = eventually
TOPOLOGY = Path(__file__).parents[4] / "cli/src/dropship/cli/topology.toml"
SEAL_KEY = "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M="


class Log:
    """The other services, as far as the gateway can tell: what is on the log."""

    def __init__(self, client: Any) -> None:
        self.stream = client.jetstream()

    async def says(self, event: Event, key: str) -> None:
        identity = str(uuid4())
        envelope = Envelope(
            specversion=SPEC,
            id=identity,
            source=event.owner,
            type=event.wire_type(),
            subject=key,
            time=SystemClock().now(),
            dataschema="",
            datacontenttype=JSON,
            partitionkey=key,
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=identity,
        )
        subject = f"evt.{partition_of(key):02d}.{event.noun()}.{event.verb()}"
        headers = {"Nats-Msg-Id": identity}
        await self.stream.publish(subject, msgspec.json.encode(envelope), headers=headers)

    async def last(self, noun: str, verb: str, key: str) -> Envelope:
        subject = f"evt.{partition_of(key):02d}.{noun}.{verb}"
        message = await self.stream.get_last_msg("EVENTS", subject)
        return open_envelope(message.data)


@asynccontextmanager
async def process(servers: Servers, server: NatsServer, database: str) -> AsyncIterator[Any]:
    """`python -m dropship.gateway`, ready; killed at the end if it still lives."""
    port, health_port = free_ports(2)
    told = {
        "DROPSHIP_DATABASE_URL": servers.app_dsn(database, "gateway"),
        "DROPSHIP_NATS_URL": server.url,
        "DROPSHIP_NATS_USER": ADMIN,
        "DROPSHIP_NATS_PASSWORD": servers.password,
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
    told_lines = asyncio.create_task(child.stderr.read())  # type: ignore[union-attr]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:

            async def ready() -> bool:
                if child.returncode is not None:
                    pytest.fail((await told_lines).decode())
                url = f"http://127.0.0.1:{health_port}/health/ready"
                return (await http.get(url)).status_code == 200

            await wait_until(_not_yet_if_refused(ready), within_s=20, what="the gateway is ready")
            yield http, child, told_lines
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _not_yet_if_refused(ready: Any) -> Any:
    async def asked() -> bool:
        try:
            return bool(await ready())
        except httpx.TransportError:
            return False

    return asked


async def test_an_import_goes_out_on_the_log_and_its_end_comes_back(servers: Servers) -> None:
    database = servers.migrated_database("gateway")
    topology = read(TOPOLOGY.read_text(), lambda _: [])
    async with servers.nats(topology) as server, process(servers, server, database) as running:
        http, child, told_lines = running
        client = await nats.connect(server.url, user=ADMIN, password=servers.password)
        log = Log(client)
        body = {"email": f"{uuid4()}@example.com", "password": "correct horse"}
        tokens = (await http.post("/v1/auth/signup", json=body)).json()
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        amazon = SupplierRegistered(
            plugin="amazon",
            sources=("amazon-com",),
            default_source="amazon-com",
            per_tenant=False,
            id_pattern="[A-Z0-9]{10}",
            id_example="B0DGHRT7PQ",
            looks_per_minute=60,
        )
        wish = "/v1/products/import?asin=B0DGHRT7PQ"
        assert (await http.post(wish, headers=headers)).status_code == 503
        await log.says(amazon, "supplier:amazon")

        async def queued() -> Any:
            answer = await http.post(wish, headers=headers)
            return answer.json() if answer.status_code == 202 else None

        job_id = (await wait_until(queued, what="the supplier is known"))["job_id"]

        async def requested() -> Envelope:
            try:
                return await log.last("import", "requested", job_id)
            except nats.js.errors.NotFoundError as error:
                raise LookupError(job_id) from error

        said = await wait_until(requested, what="the request is on the log")
        assert msgspec.json.decode(said.data)["job_id"] == job_id
        await log.says(ImportCompleted(job_id=job_id, product_id="p-1"), job_id)

        async def ended() -> bool:
            shown = (await http.get(f"/v1/jobs/{job_id}", headers=headers)).json()
            return bool(shown["status"] == "SUCCESS")

        await wait_until(ended, what="the job has ended")
        await client.close()
        child.terminate()
        assert await asyncio.wait_for(child.wait(), 10) == 0
        lines = (await told_lines).decode()
        assert "working" in lines
        secrets = (*body.values(), tokens["access_token"], tokens["refresh_token"])
        assert [secret for secret in secrets if secret in lines] == []
