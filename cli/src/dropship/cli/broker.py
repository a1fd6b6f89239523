"""A connection to NATS with the rights of the administrator, for commands that look or ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dropship.cli.faults import Fault
from dropship.cli.settings import Stores
from dropship.cli.stack.stack_file import Stack
from dropship.runtime.bus import Bus
from dropship.runtime.settings import ServiceSettings
from dropship.runtime.telemetry.logs import configure

CONNECT_S = 10.0


def stores_of(stack: Stack) -> Stores:
    """Where a running stack has its stores."""
    nats = stack.nats
    return Stores(stack.postgres.dsn, nats.url, nats.user, nats.password)


@asynccontextmanager
async def bus_to(stores: Stores) -> AsyncIterator[Bus]:
    """Connect, at most `CONNECT_S`. Raises Fault naming the address when nobody answers."""
    configure("cli", "cli", level="error")
    settings = ServiceSettings.model_validate(
        {
            "database_url": stores.database_url,
            "nats_url": stores.nats_url,
            "nats_user": stores.nats_user,
            "nats_password": stores.nats_password,
        }
    )
    bus = Bus(settings, "cli")
    try:
        await asyncio.wait_for(bus.connect(), CONNECT_S)
    except (TimeoutError, OSError) as error:
        raise Fault(
            f"NATS at {stores.nats_url} does not answer ({type(error).__name__}).\n"
            "Look at what runs with: dropship status"
        ) from error
    try:
        yield bus
    finally:
        await bus.close()
