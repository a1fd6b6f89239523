"""What the scraper remembers, in its own schema: no products, for looks are told and gone."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from dropship.runtime.columns import AWARE, ZERO
from dropship.runtime.house import add_tables

metadata = MetaData(schema="scraper")
add_tables(metadata)

suppliers = Table(
    "suppliers",
    metadata,
    Column("plugin", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("terms", JSONB, nullable=False),
)
"""Every plugin as it was last said to the others."""

feeds = Table(
    "feeds",
    metadata,
    Column("source", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("sealed_url", LargeBinary, nullable=False),
    Column("created_at", AWARE, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)
"""Tenants' own feeds. The address may hold credentials: only its host is in clear."""

budgets = Table(
    "budgets",
    metadata,
    Column("source", Text, primary_key=True),
    Column("next_at", AWARE, nullable=False),
    Column("blocks", Integer, nullable=False, server_default=ZERO),
    Column("suspended_until", AWARE),
    Column("version", BigInteger, nullable=False, server_default=ZERO),
    postgresql_with={"fillfactor": "50"},
)
"""Per source, shared by all replicas: when its next look may be, and whether it is left alone.

`next_at` is the theoretical arrival time of GCRA. While `suspended_until` is set the source counts
as suspended, even when that time has passed: the next look is a probe.
"""

waits = Table(
    "waits",
    metadata,
    Column("command_id", Uuid, primary_key=True),
    Column("slot_at", AWARE),
    Column("failures", Integer, nullable=False, server_default=ZERO),
    Column("at", AWARE, nullable=False, server_default=text("now()")),
)
"""Looks that were put off: the turn they have been given, and how often they have failed."""

cancelled_jobs = Table(
    "cancelled_jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("cancelled_at", AWARE, nullable=False),
)
