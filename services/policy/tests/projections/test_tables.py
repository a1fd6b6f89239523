"""The tables as the code knows them are the tables that the migrations make."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, pool

from dropship.policy.tables import metadata
from dropship.runtime.house import add_tables
from dropship.runtime.testing import Servers


def test_code_and_migrations_agree_on_every_table(servers: Servers) -> None:
    dsn = servers.postgres.dsn(servers.migrated_database("policy"))
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    house = MetaData(schema="policy")
    add_tables(house)
    ours = {table.split(".")[1] for table in metadata.tables if table not in house.tables}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_schemas": True, "compare_type": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    assert [change for change in found if any(table in repr(change) for table in ours)] == []
