"""One real Postgres and real NATS servers for a run; fresh databases and logs for a test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from pydantic import SecretStr

from dropship.runtime import migrating
from dropship.runtime.bus import Bus
from dropship.runtime.clock import Clock
from dropship.runtime.database import Database
from dropship.runtime.embedded import NatsServer, PostgresServer, User, new_password
from dropship.runtime.house import create_0001
from dropship.runtime.settings import ServiceSettings
from dropship.runtime.topology import Topology

ADMIN = "admin"


class _Executes:
    """Alembic's `op.execute`, on a plain connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, sqltext: str) -> None:
        self._connection.execute(sqltext)


class Servers:
    """The servers of a test run. Databases are copies of a migrated template, 0.3 s each."""

    def __init__(self, folder: Path, postgres: PostgresServer) -> None:
        self.folder = folder
        self.postgres = postgres
        self.password = new_password()
        self._templates: set[str] = set()
        self._made = 0

    def _execute(self, database: str, *statements: sql.Composed) -> None:
        with psycopg.connect(self.postgres.dsn(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _new_name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made}"

    def empty_database(self, *services: str, ddl: Sequence[str] = ()) -> str:
        """A database with roles, schemas and house tables of made-up services; its name.

        `ddl` runs as the first service's owner, in its schema.
        """
        name = self._new_name("toy")
        self._execute("postgres", sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(self.postgres.dsn(name), autocommit=True) as connection:
            for service in services:
                migrating.make_roles(connection, service, self.password)
                connection.execute(f'SET ROLE "{service}_owner"')
                create_0001(_Executes(connection), service)
                connection.execute("RESET ROLE")
            connection.execute(f'SET ROLE "{services[0]}_owner"')
            connection.execute(f'SET search_path = "{services[0]}"')
            for statement in ddl:
                connection.execute(statement)
        return name

    def migrated_database(self, *services: str) -> str:
        """A database migrated as in production, for these services; its name."""
        template = "template_" + "_".join(services)
        if template not in self._templates:
            self._execute(
                "postgres", sql.SQL("CREATE DATABASE {}").format(sql.Identifier(template))
            )
            migrating.migrate_database(
                self.postgres.dsn(template), dict.fromkeys(services, self.password), lambda _: None
            )
            self._templates.add(template)
        name = self._new_name("copy")
        self._execute(
            "postgres",
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            ),
        )
        return name

    def app_dsn(self, database: str, service: str) -> str:
        """What the service itself connects with: its own role, DML only."""
        return self.postgres.dsn(database, f"{service}_app", self.password)

    @asynccontextmanager
    async def database_of(self, service: str, clock: Clock) -> AsyncIterator[Database]:
        """A migrated database as the service itself sees it, open."""
        dsn = self.app_dsn(self.migrated_database(service), service)
        database = Database(dsn, service, clock)
        await database.open()
        try:
            yield database
        finally:
            await database.close()

    @asynccontextmanager
    async def nats(self, topology: Topology | None = None) -> AsyncIterator[NatsServer]:
        """A NATS server of its own, with the streams of `topology` made."""
        folder = self.folder / self._new_name("nats")
        async with NatsServer(folder, [User(ADMIN, self.password)]) as server:
            if topology is not None:
                await self.make_streams(server.url, topology)
            yield server

    async def make_streams(self, url: str, topology: Topology) -> None:
        """Make the streams, as `dropship migrate` does."""
        settings = settings_for("admin", "postgresql://nobody@127.0.0.1/none", url, self.password)
        bus = Bus(settings, "migrate")
        await bus.connect()
        try:
            await migrating.migrate_streams(bus, topology, lambda _: None)
        finally:
            await bus.close()


def settings_for(
    service: str, dsn: str, nats_url: str, password: str, **more: Any
) -> ServiceSettings:
    """Settings as a test needs them: the administrator's NATS user, a name per replica."""
    values: dict[str, Any] = {
        "database_url": SecretStr(dsn),
        "nats_url": nats_url,
        "nats_user": ADMIN,
        "nats_password": SecretStr(password),
        "replica": f"{service}-1",
        "lease_beat_s": 0.2,
        "development": True,
        **more,
    }
    return ServiceSettings(**values)
