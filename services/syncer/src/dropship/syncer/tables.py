"""What the syncer remembers, in its own schema: the house tables, until there are stores."""

from sqlalchemy import MetaData

from dropship.runtime.house import add_tables

metadata = MetaData(schema="syncer")
add_tables(metadata)
