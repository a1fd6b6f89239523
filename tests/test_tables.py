"""The tables as the code knows them are the tables that the migrations make."""

from importlib import import_module

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, pool

from dropship.runtime.house import add_tables
from dropship.runtime.testing import Servers
from repo_as_data import SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_code_and_migrations_agree_on_every_table(service: str, servers: Servers) -> None:
    metadata: MetaData = import_module(f"dropship.{service}.tables").metadata
    dsn = servers.postgres.dsn(servers.migrated_database(service))
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    house = MetaData(schema=service)
    add_tables(house)
    ours = {table.split(".")[1] for table in metadata.tables if table not in house.tables}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "compare_type": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    assert [change for change in found if any(table in repr(change) for table in ours)] == []
