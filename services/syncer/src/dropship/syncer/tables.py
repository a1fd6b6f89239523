"""What the syncer remembers, in its own schema: the house tables, until there are stores."""

from dropship.runtime.house import add_tables
from sqlalchemy import MetaData

metadata = MetaData(schema="syncer")
add_tables(metadata)
