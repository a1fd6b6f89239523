"""NATS and PostgreSQL as children of this process, from wheels: no container and no installation.

Both are used in two ways. Tests and tools enter them::

    async with PostgresServer(tmp_path / "pg", durable=False) as postgres:
        dsn = postgres.dsn()
    async with NatsServer(tmp_path / "nats", users=[User("admin", "secret")]) as nats:
        url = nats.url

A supervisor calls ``program = server.prepare()``, runs ``program.tied()`` itself, and asks
``await server.probe()`` until it answers None.

Only loopback is listened on, every user has a password, and no child outlives its parent (on Linux
the kernel sees to it, whatever way the parent died).
"""

from dropship.runtime.embedded.identity import forget_elsewhere
from dropship.runtime.embedded.nats_server import NatsServer, Rights, User
from dropship.runtime.embedded.ports import free_port, free_ports, is_free
from dropship.runtime.embedded.postgres_server import PostgresServer
from dropship.runtime.embedded.private import new_password, open_private, write_private
from dropship.runtime.embedded.program import Program
from dropship.runtime.embedded.server import Server, StartFailed, tail

__all__ = [
    "NatsServer",
    "PostgresServer",
    "Program",
    "Rights",
    "Server",
    "StartFailed",
    "User",
    "forget_elsewhere",
    "free_port",
    "free_ports",
    "is_free",
    "new_password",
    "open_private",
    "tail",
    "write_private",
]
