"""What the tracker remembers, in its own schema.

Locks are taken in this order everywhere: rows of `products` by ascending id, then everything else
of those products. `pending_imports` and `looks` change only under the lock of their product's row,
which is what makes every import end exactly once. `checks` may also be taken alone, SKIP LOCKED.
"""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from dropship.contracts.availability import Availability, QuantityKind
from dropship.runtime.columns import AWARE, FALSE, NO_ITEMS, ZERO, one_of
from dropship.runtime.house import add_tables

metadata = MetaData(schema="tracker")
add_tables(metadata)


def _product_id() -> Column[object]:
    return Column("product_id", Uuid, ForeignKey("tracker.products.id"), nullable=False)


products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False, server_default=ZERO),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("title", Text),
    Column("price_minor", BigInteger),
    Column("list_price_minor", BigInteger),
    Column("currency", CHAR(3)),
    Column("flags", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("availability", Text),
    Column("stock", Integer),
    Column("stock_kind", Text),
    Column("ships_in_days", Integer),
    Column("seller", Text),
    Column("rating", Text),
    Column("review_count", Integer),
    Column("images", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("url", Text),
    Column("ship_to", Text),
    Column("locale", Text),
    Column("imported_at", AWARE),
    Column("last_seen_at", AWARE),
    Column("last_changed_at", AWARE),
    Column("missing_looks", SmallInteger, nullable=False, server_default=ZERO),
    Column("missing_since", AWARE),
    Column("missing_last_at", AWARE),
    Column("vanished", Boolean, nullable=False, server_default=FALSE),
    Column("last_failure", Text),
    Column("last_failed_at", AWARE),
    UniqueConstraint("source", "external_id", "variant"),
    one_of("availability", Availability),
    one_of("stock_kind", QuantityKind),
    postgresql_with={"fillfactor": "80"},
)
"""One row per product anybody ever asked for; `imported_at` is null until it has been seen.

`availability` null means that no look has told it; `price_minor` null means no offer to buy."""

price_history = Table(
    "price_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _product_id(),
    Column("price_minor", BigInteger),
    Column("list_price_minor", BigInteger),
    Column("currency", CHAR(3)),
    Column("flags", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("observed_at", AWARE, nullable=False),
    Index("price_history_newest", "product_id", "id"),
)
"""One row per PriceChanged."""

stock_history = Table(
    "stock_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _product_id(),
    Column("availability", Text, nullable=False),
    Column("stock", Integer),
    Column("stock_kind", Text),
    Column("observed_at", AWARE, nullable=False),
    Index("stock_history_newest", "product_id", "id"),
)
"""One row per StockChanged."""

watches = Table(
    "watches",
    metadata,
    Column("tenant_id", Text, nullable=False),
    _product_id(),
    Column("label", Text),
    Column("check_every_s", Integer, nullable=False),
    Column("created_by_job", Text, nullable=False),
    Column("created_at", AWARE, nullable=False),
    PrimaryKeyConstraint("tenant_id", "product_id"),
    Index("watches_newest", "tenant_id", "created_at", "product_id"),
    Index("watches_of_product", "product_id"),
)

pending_imports = Table(
    "pending_imports",
    metadata,
    Column("job_id", Text, primary_key=True),
    _product_id(),
    Column("tenant_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("cause", LargeBinary, nullable=False),
    Column("requested_at", AWARE, nullable=False),
    Column("deadline_at", AWARE),
    Index("pending_imports_of_product", "product_id"),
    Index(
        "pending_imports_waiting",
        "source",
        "tenant_id",
        "requested_at",
        postgresql_where=text("deadline_at IS NULL"),
    ),
    Index(
        "pending_imports_deadline",
        "deadline_at",
        postgresql_where=text("deadline_at IS NOT NULL"),
    ),
)
"""`deadline_at` is null while an import waits for its turn: the clock starts when a look is asked
for. `cause` is the history that the import's end is said with."""

looks = Table(
    "looks",
    metadata,
    Column("product_id", Uuid, ForeignKey("tracker.products.id"), primary_key=True),
    Column("source", Text, nullable=False),
    Column("command_id", Uuid, nullable=False),
    Column("job_id", Text, nullable=False),
    Column("asked_at", AWARE, nullable=False),
    Column("asks", SmallInteger, nullable=False),
    Index("looks_of_source", "source"),
)
"""The one outstanding look that all pending imports of a product wait for."""

checks = Table(
    "checks",
    metadata,
    Column("product_id", Uuid, ForeignKey("tracker.products.id"), primary_key=True),
    Column("source", Text, nullable=False),
    Column("every_s", Integer, nullable=False),
    Column("next_check_at", AWARE),
    Column("asked_at", AWARE),
    Column("attempts", SmallInteger, nullable=False, server_default=ZERO),
    Index("checks_due", "source", "next_check_at"),
    postgresql_with={"fillfactor": "70"},
)
"""The due table: one row per watched product; not due before it has been imported."""

turns = Table(
    "turns",
    metadata,
    Column("source", Text, primary_key=True),
    Column("promised_until", AWARE),
    Column("last_tenant", Text),
)
"""Per source: until when its budget is given away, and whose import was looked for last."""

suppliers_known = Table(
    "suppliers_known",
    metadata,
    Column("plugin", Text, primary_key=True),
    Column("looks_per_minute", Integer, nullable=False),
)
