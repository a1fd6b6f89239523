"""What analytics remembers, in its own schema: all of it sums and last words of events.

Every row follows from EVENTS alone: no serial number, no clock, no order of arrival. So the tables
in `PROJECTIONS` can be folded again from the first event, and come out equal to the byte
(`dropship log rebuild analytics`). Amounts are integer minor units of `currency`.
"""

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from dropship.contracts.listings import ListingStatus
from dropship.runtime.columns import one_of
from dropship.runtime.house import add_tables

metadata = MetaData(schema="analytics")
add_tables(metadata)


def _amount(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


orders = Table(
    "orders",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("cancelled_on", Date),
    Index("orders_of_tenant", "tenant_id", "day"),
)
"""Every order once, on the UTC day on which it was ordered."""

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Text, ForeignKey("analytics.orders.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("listing_id", Text),
    Column("product_id", Text),
    Column("units", Integer, nullable=False),
    _amount("revenue_minor"),
    _amount("fees_minor"),
    _amount("cost_minor"),
    Column("cost_unknown", Integer, nullable=False),
    _amount("refunds_minor"),
    PrimaryKeyConstraint("order_id", "line"),
)
"""The profit and loss of every line, in the currency of its order. `cost_unknown` counts units."""

ledger = Table(
    "ledger",
    metadata,
    Column("event_id", Uuid, nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("tenant_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("listing_id", Text),
    Column("product_id", Text),
    Column("day", Date, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    _amount("amount_minor"),
    PrimaryKeyConstraint("event_id", "line", "account"),
    CheckConstraint(
        "account IN ('cash', 'cost', 'fees', 'payable', 'refunds', 'revenue')",
        name="account_known",
    ),
)
"""Double entry: debits positive, credits negative; the entries of one event add up to nothing."""

marketplace_data = Table(
    "marketplace_data",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("listing_id", Text),
    Column("product_id", Text),
    Column("date", Date, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("views", Integer),
    _amount("sales"),
    _amount("orders"),
    _amount("revenue_minor"),
    _amount("refunds_minor"),
    _amount("fees_minor"),
    _amount("cost_minor"),
    _amount("cost_unknown"),
    _amount("profit_minor"),
    Index("marketplace_data_of_tenant", "tenant_id", "date"),
    postgresql_with={"fillfactor": "80"},
)
"""One row per listing, UTC day and currency; lines that name no listing share one per product.

`id` is derived from those, `sales` and `cost_unknown` count units, `orders` the orders that contain
the listing; `views` is null because no marketplace has told them yet."""

listing_states = Table(
    "listing_states",
    metadata,
    Column("listing_id", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("product_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    one_of("status", ListingStatus),
    Index("listing_states_of_tenant", "tenant_id"),
    postgresql_with={"fillfactor": "80"},
)
"""Where every listing stands, by the last event about it."""

product_titles = Table(
    "product_titles",
    metadata,
    Column("product_id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    postgresql_with={"fillfactor": "80"},
)

PROJECTIONS = (orders, order_lines, ledger, marketplace_data, listing_states, product_titles)
"""Everything that is folded again by a rebuild."""
