"""What analytics remembers, in its own schema: the house tables, until there is what to count."""

from sqlalchemy import MetaData

from dropship.runtime.house import add_tables

metadata = MetaData(schema="analytics")
add_tables(metadata)
