"""What policy remembers, in its own schema: the house tables, until there are listings to judge."""

from dropship.runtime.house import add_tables
from sqlalchemy import MetaData

metadata = MetaData(schema="policy")
add_tables(metadata)
