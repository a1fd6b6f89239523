"""What policy remembers, in its own schema.

Locks are taken in this order everywhere: the row of `tenants_known`, then rows of `products` by
ascending id, then `listings` of those products by ascending id, then everything else of those
listings. A listing is decided only under the lock of its product, so a decision never rests on
facts older than those of the one before it.
"""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from dropship.contracts.alerts import AlertKind
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.listings import ListingStatus
from dropship.runtime.columns import AWARE, FALSE, NO_ITEMS, ZERO, one_of
from dropship.runtime.house import add_tables

metadata = MetaData(schema="policy")
add_tables(metadata)

tenants_known = Table(
    "tenants_known",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("tier", Text, nullable=False, server_default=text("'free'")),
)
"""Its row is the gate between a policy being defined and a listing coming into its scope: the one
is locked for update, the other for share, so that neither overlooks the other."""

policies = Table(
    "policies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("store_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("rank", BigInteger, nullable=False),
    Column("cause", LargeBinary, nullable=False),
    Column("created_at", AWARE, nullable=False),
    Column("updated_at", AWARE, nullable=False),
    Column("retired_at", AWARE),
    Index("policies_newest", "tenant_id", "created_at", "id"),
)
"""`rank` grows with every definition of a tenant: of two policies as wide, the one defined last
decides. `cause` is the history of the event that defined or retired it last: its listings are
decided anew because of that."""

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("policy_id", Uuid, ForeignKey("policy.policies.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("defined_at", AWARE, nullable=False),
    PrimaryKeyConstraint("policy_id", "version"),
)

products = Table(
    "products",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source", Text),
    Column("cost_minor", BigInteger),
    Column("cost_currency", CHAR(3)),
    Column("flags", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("availability", Text),
    Column("stock", Integer),
    Column("quantity_kind", Text),
    Column("ships_in_days", Integer),
    Column("stated", Integer),
    Column("stated_at", AWARE),
    Column("vanished_at", AWARE),
    Column("price_said", JSONB),
    Column("stock_said", JSONB),
    Column("vanished_said", JSONB),
    one_of("availability", Availability),
    one_of("quantity_kind", QuantityKind),
    Index("products_of_source", "source"),
    postgresql_with={"fillfactor": "80"},
)
"""What the tracker has said of every product. `…_said` is the event that each part came from, with
what it was caused by: a link of the chain that `why` shows. `stated` is the last number that the
supplier stated, and `stated_at` when it was first seen: a page that names none in between does not
begin a new count of what was sold."""

listings = Table(
    "listings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("store_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("marketplace", Text, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("fee_schedule", Text, nullable=False),
    Column("policy_id", Uuid),
    Column("override_minor", BigInteger),
    Column("override_currency", CHAR(3)),
    Column("min_price_minor", BigInteger),
    Column("min_price_currency", CHAR(3)),
    Column("max_price_minor", BigInteger),
    Column("max_price_currency", CHAR(3)),
    Column("status", Text, nullable=False),
    Column("requested_at", AWARE, nullable=False),
    Column("decision_no", BigInteger, nullable=False, server_default=ZERO),
    Column("verdict", JSONB),
    Column("cause", LargeBinary),
    Column("sellable_since", AWARE),
    Column("revisit_at", AWARE),
    Column("shop_holds", JSONB, nullable=False, server_default=NO_ITEMS),
    one_of("status", ListingStatus),
    Index("listings_of_product", "product_id", "id"),
    Index("listings_of_store", "tenant_id", "store_id"),
    Index("listings_to_revisit", "revisit_at", postgresql_where=text("revisit_at IS NOT NULL")),
    postgresql_with={"fillfactor": "80"},
)
"""What is wanted of each listing, and what was decided last: `verdict` is the newest decision as
the next one is compared with it, `cause` the history of the newest DecisionMade. The typed prices
keep their own currency, which may be a wrong one. `shop_holds` is what holds it besides our
decisions, as far as the syncer told."""

sold = Table(
    "sold",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("ordered_at", AWARE, nullable=False),
    Column("cancelled_at", AWARE),
    Column("said", JSONB, nullable=False),
    Column("cause", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant_id", "product_id", "order_id"),
    Index("sold_by_order", "order_id"),
    Index("sold_by_age", "ordered_at"),
)
"""What was ordered from a tenant's listings, by product and order. `said` is what was told of the
order, the latest last, and `cause` the history of that. It comes on other partitions than the facts
of the product, so nothing is reckoned when a row is written: whoever decides counts the rows."""

decisions = Table(
    "decisions",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("listing_id", Uuid, nullable=False),
    Column("decision_no", BigInteger, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("at", AWARE, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("ruling", JSONB, nullable=False),
    Column("said", Boolean, nullable=False),
    Column("chain", JSONB, nullable=False),
    Column("event_id", Uuid),
    Column("brought", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("confirmations", Integer, nullable=False, server_default=ZERO),
    Column("last_confirmed_at", AWARE, nullable=False),
    PrimaryKeyConstraint("tenant_id", "listing_id", "decision_no"),
    postgresql_with={"fillfactor": "80"},
)
"""Every evaluation, by value: `facts` and `at` make `ruling` again. One that came to the same
raises `confirmations` of the row before it. `said` is false where nobody had to be told: the same
outcome under another policy version or fee schedule. `chain` is what led to it, `brought` what it
led to, the latest first."""

alerts = Table(
    "alerts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("alert_type", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("raise_no", Integer, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("threshold", Text),
    Column("listing_id", Uuid),
    Column("product_id", Uuid),
    Column("store_id", Uuid),
    Column("source", Text),
    Column("is_read", Boolean, nullable=False, server_default=FALSE),
    Column("created_at", AWARE, nullable=False),
    Column("read_at", AWARE),
    Column("acknowledged_at", AWARE),
    Column("resolved_at", AWARE),
    one_of("alert_type", AlertKind),
    Index("alerts_raised", "tenant_id", "alert_type", "about", "raise_no", unique=True),
    Index(
        "alerts_standing",
        "tenant_id",
        "alert_type",
        "about",
        unique=True,
        postgresql_where=text("resolved_at IS NULL"),
    ),
    Index("alerts_newest", "tenant_id", "created_at", "id"),
)
"""`about` is the listing, store or source; one alert of a kind at most stands about it at a
time."""
