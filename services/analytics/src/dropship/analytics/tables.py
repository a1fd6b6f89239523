"""What analytics remembers, in its own schema: the house tables, until there is what to count."""

from dropship.runtime.house import add_tables
from sqlalchemy import MetaData

metadata = MetaData(schema="analytics")
add_tables(metadata)
