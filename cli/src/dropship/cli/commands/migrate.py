"""``dropship migrate``: the only command that makes roles, schemas, streams and queues."""

import asyncio
from importlib.metadata import entry_points
from importlib.resources import files
from urllib.parse import urlsplit

import click
import psycopg
from psycopg import conninfo, sql

from dropship.cli.broker import bus_to, stores_of
from dropship.cli.faults import Fault
from dropship.cli.options import home_option
from dropship.cli.settings import Stores, password_variable, stores_in_environment
from dropship.cli.stack import stack_file
from dropship.cli.stack.home import Home
from dropship.cli.stack.secret_keys import Secrets
from dropship.runtime.bus import ApiError, Uncertain
from dropship.runtime.migrating import WrongStream, migrate_database, migrate_streams
from dropship.runtime.topology import Topology, read

MAINTENANCE = "postgres"
UNDEFINED_DATABASE = "3D000"


@click.command("migrate")
@click.option(
    "--stream-replicas",
    type=click.IntRange(1, 5),
    help="Copies of every stream; 3 in a cluster, and 1 on one machine.",
)
@home_option
def command(stream_replicas: int | None, home: Home) -> None:
    """Make roles, schemas, streams and queues, or bring them up to date.

    Works on the stores that DROPSHIP_DATABASE_URL, DROPSHIP_NATS_URL, DROPSHIP_NATS_USER and
    DROPSHIP_NATS_PASSWORD name (with DROPSHIP_<SERVICE>_PASSWORD for each service's database role),
    else on the running stack of --home. May be repeated at any time; `up` does it by itself.

    \b
    Examples:
      dropship migrate
      DROPSHIP_DATABASE_URL=postgresql://… dropship migrate --stream-replicas 3
    """
    topology = _topology(stream_replicas)
    stores = stores_in_environment(topology.services) or _of_running(home, topology)
    for service in topology.services:
        if service not in stores.passwords:
            raise Fault(
                f"there is no password for the database role of {service}: "
                f"set {password_variable(service)}"
            )
    try:
        _ensure_database(stores.database_url)
        migrate_database(stores.database_url, stores.passwords, click.echo)
        asyncio.run(_migrate_streams(stores, topology))
    except psycopg.Error as error:
        raise Fault(f"PostgreSQL says: {str(error).strip()}") from error
    except (ApiError, Uncertain) as error:
        raise Fault(f"NATS says: {error}") from error
    except WrongStream as error:
        raise Fault(
            f"{error}\nNothing was changed. Compare it with topology.toml; "
            "only a person who has a copy may replace a stream."
        ) from error


def _topology(stream_replicas: int | None) -> Topology:
    text = files("dropship.cli").joinpath("topology.toml").read_text(encoding="utf-8")
    topology = read(text, lambda group: sorted({e.name for e in entry_points(group=group)}))
    if stream_replicas is None:
        return topology
    streams = tuple({**stream, "num_replicas": stream_replicas} for stream in topology.streams)
    return Topology(topology.services, streams, topology.consumers)


def _of_running(home: Home, topology: Topology) -> Stores:
    stores = stores_of(stack_file.read(home))
    secrets = Secrets(home)
    for service in topology.services:
        stores.passwords[service] = secrets.password(f"postgres/{service}")
    return stores


def _ensure_database(url: str) -> None:
    """Make the database that the URL names, if its server does not have it yet."""
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise
        name = urlsplit(url).path.removeprefix("/")
        maintenance = conninfo.make_conninfo(url, dbname=MAINTENANCE)
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        click.echo(f"database made: {name}")


async def _migrate_streams(stores: Stores, topology: Topology) -> None:
    async with bus_to(stores) as bus:
        await migrate_streams(bus, topology, click.echo)
