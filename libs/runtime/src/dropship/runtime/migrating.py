"""`dropship migrate`: brings roles, schemas, tables, streams and consumers to this release.

Runs with the administrator's rights, under one advisory lock, and may be repeated at any time. The
services themselves have no right to do any of it.
"""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from alembic import command, context
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, MetaData, create_engine, pool

from dropship.runtime.bus import ApiError, Bus
from dropship.runtime.topology import Topology

Report = Callable[[str], None]
_LOCK = "SELECT pg_advisory_lock(hashtext('dropship-migrate'))"


class WrongStream(Exception):
    """A stream exists and cannot be changed into what the file says; a person must decide."""


def migrate_database(admin_dsn: str, services: Mapping[str, str], report: Report) -> None:
    """Make roles and schemas, then bring each service's tables to the newest revision.

    `services` maps a service to the password of its ``<service>_app`` role. `admin_dsn` is that
    of a role that may create roles in an existing database.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        connection.execute(_LOCK)
        for service, password in services.items():
            make_roles(connection, service, password)
            report(f"database: {service}")
            _upgrade(admin_dsn, service)


def make_roles(connection: psycopg.Connection[Any], service: str, password: str) -> None:
    """`<svc>_owner` owns the schema and its tables, `<svc>_app` may only use them."""
    names = {
        "owner": sql.Identifier(f"{service}_owner"),
        "app": sql.Identifier(f"{service}_app"),
        "schema": sql.Identifier(service),
        "password": sql.Literal(_scrambled(connection, f"{service}_app", password)),
    }
    for role, login in (("owner", "NOLOGIN"), ("app", "LOGIN")):
        found = connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", (f"{service}_{role}",)
        ).fetchone()
        if not found:
            name = sql.Identifier(f"{service}_{role}")
            connection.execute(sql.SQL("CREATE ROLE {} " + login).format(name))
    for statement in (
        "ALTER ROLE {app} PASSWORD {password}",
        "GRANT {owner} TO CURRENT_USER",
        "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA {schema} TO {app}",
        "ALTER ROLE {app} SET search_path = {schema}",
        "ALTER ROLE {owner} SET search_path = {schema}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
        " GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}"
        " GRANT EXECUTE ON FUNCTIONS TO {app}",
    ):
        connection.execute(sql.SQL(statement).format(**names))


def _scrambled(connection: psycopg.Connection[Any], role: str, password: str) -> str:
    """The verifier instead of the password: a failing statement must not put it into a log."""
    encrypted = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    return encrypted.decode()


def _upgrade(admin_dsn: str, service: str) -> None:
    package = importlib.import_module(f"dropship.{service}")
    assert package.__file__ is not None
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    config.attributes.update(dsn=admin_dsn, service=service)
    command.upgrade(config, "head")


def run_env(metadata: MetaData) -> None:
    """The whole of a service's ``migrations/env.py``: one schema, as its owner, one at a time."""
    dsn = context.config.attributes["dsn"]
    service = metadata.schema
    assert service is not None
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f'SET ROLE "{service}_owner"')
        connection.exec_driver_sql(f'SET search_path = "{service}"')
        connection.commit()
        _run(connection, metadata, service)
    engine.dispose()


def _run(connection: Connection, metadata: MetaData, service: str) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=service,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_streams(bus: Bus, topology: Topology, report: Report) -> None:
    """Make what is missing and update what may be updated, sending full JSON.

    Raises WrongStream when an existing stream contradicts the file in what cannot change.
    """
    for stream in topology.streams:
        name = stream["name"]
        try:
            found = (await bus.api(f"STREAM.INFO.{name}"))["config"]
        except ApiError as error:
            if error.status != 404:
                raise
            await bus.api(f"STREAM.CREATE.{name}", stream)
            report(f"stream made: {name}")
            continue
        if any(found.get(key) != value for key, value in stream.items()):
            await _update(bus, name, {**found, **stream})
            report(f"stream updated: {name}")
    for consumer in topology.consumers:
        body = {"stream_name": consumer.stream, "config": consumer.config}
        await bus.api(f"CONSUMER.DURABLE.CREATE.{consumer.stream}.{consumer.name}", body)
        report(f"consumer: {consumer.name}")


async def _update(bus: Bus, name: str, config: dict[str, Any]) -> None:
    try:
        await bus.api(f"STREAM.UPDATE.{name}", config)
    except ApiError as error:
        raise WrongStream(f"stream {name} cannot become what topology says: {error}") from error
