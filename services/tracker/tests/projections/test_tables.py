"""The tables as the code knows them are the tables that the migrations make."""

import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, pool

from dropship.runtime.testing import Servers
from dropship.tracker.tables import metadata


def test_code_and_migrations_agree_on_every_table(servers: Servers) -> None:
    dsn = servers.postgres.dsn(servers.migrated_database("tracker"))
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    ours = {table for table in metadata.tables if not _is_of_the_house(table)}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "compare_type": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    assert [change for change in found if _concerns(change, ours)] == []


def _is_of_the_house(table: str) -> bool:
    house = sys.modules["dropship.runtime.house"]
    from sqlalchemy import MetaData

    made = MetaData(schema="tracker")
    house.add_tables(made)
    return table in made.tables


def _concerns(change: object, tables: set[str]) -> bool:
    return any(table.split(".")[1] in repr(change) for table in tables)
