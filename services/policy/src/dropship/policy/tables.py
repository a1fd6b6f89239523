"""What policy remembers, in its own schema: the house tables, until there are listings to judge."""

from sqlalchemy import MetaData

from dropship.runtime.house import add_tables

metadata = MetaData(schema="policy")
add_tables(metadata)
