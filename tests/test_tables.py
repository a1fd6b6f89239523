"""The tables as the code knows them are the tables that the migrations make."""

from importlib import import_module
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, create_engine, pool

from dropship.runtime.house import add_tables
from dropship.runtime.testing import Servers
from repo_as_data import SERVICES


def table_of(change: Any) -> str:
    """The name of the table that a difference is about."""
    if isinstance(change, list):
        return table_of(change[0])
    _, about, *more = change
    if isinstance(about, Table):
        return about.name
    return str(more[0]) if about is None or isinstance(about, str) else str(about.table.name)


def is_of_the_house(table: str, house: MetaData) -> bool:
    """Whether runtime or alembic makes it, by statements of its own; partitions are, too."""
    names = {"alembic_version", *(each.name for each in house.tables.values())}
    return table in names or table.startswith("journal_")


def differences(service: str, metadata: MetaData, dsn: str) -> list[Any]:
    house = MetaData(schema=service)
    add_tables(house)
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "compare_type": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    return [change for change in found if not is_of_the_house(table_of(change), house)]


@pytest.mark.parametrize("service", SERVICES)
def test_code_and_migrations_agree_on_every_table(service: str, servers: Servers) -> None:
    metadata: MetaData = import_module(f"dropship.{service}.tables").metadata
    dsn = servers.postgres.dsn(servers.migrated_database(service))
    assert differences(service, metadata, dsn) == []


def test_a_table_too_many_or_too_few_and_another_column_are_seen(servers: Servers) -> None:
    dsn = servers.postgres.dsn(servers.migrated_database("policy"))
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE policy.alerts ADD COLUMN forgotten integer")
        connection.execute("CREATE TABLE policy.left_over (id integer)")
        connection.execute("DROP TABLE policy.sold")
    metadata: MetaData = import_module("dropship.policy.tables").metadata
    found = {table_of(change) for change in differences("policy", metadata, dsn)}
    assert found == {"alerts", "left_over", "sold"}
