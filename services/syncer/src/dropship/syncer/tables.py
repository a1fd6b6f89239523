"""What the syncer remembers, in its own schema.

Locks are taken in this order everywhere: what the runtime counts by (`checkpoint`, `done_commands`,
`answered`), rows of `products_known` by ascending id, then of `tenants_known`, of `store_accounts`,
of `listings` by ascending id, then everything else. A listing's `version`,
what it says and what it orders change only under the lock of its row; a store's `moves` only under
the lock of the store's row.
"""

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
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

from dropship.contracts.listings import ListingStatus, SyncState
from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.runtime.columns import AWARE, FALSE, NO_ITEMS, NO_MEMBERS, ZERO, one_of
from dropship.runtime.house import add_tables

NOT_OVER = "status NOT IN ('Ended', 'Delisted')"
"""Of a listing: it is on the marketplace, or may still come there."""

metadata = MetaData(schema="syncer")
add_tables(metadata)

store_accounts = Table(
    "store_accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=ZERO),
    Column("marketplace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("credentials", LargeBinary),
    Column("token", LargeBinary),
    Column("refreshing_until", AWARE),
    Column("mode", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("suspended_for", Text),
    Column("currency", CHAR(3)),
    Column("fee_schedule", Text, nullable=False),
    Column("refs", JSONB, nullable=False, server_default=NO_MEMBERS),
    Column("bring_after", Uuid),
    Column("opens", Integer, nullable=False, server_default=ZERO),
    Column("open_again_at", AWARE),
    Column("order_cursor", Text),
    Column("polled_at", AWARE),
    Column("poll_at", AWARE),
    Column("tripped", Text),
    Column("breaker_lifted_at", AWARE),
    Column("created_at", AWARE, nullable=False),
    Column("connected_at", AWARE),
    one_of("mode", StoreMode),
    one_of("status", StoreStatus, "store_status_known"),
    Index("store_accounts_newest", "tenant_id", "created_at", "id"),
    Index(
        "store_accounts_of_account",
        "tenant_id",
        "marketplace",
        "account",
        unique=True,
    ),
    Index(
        "store_accounts_to_bring",
        "id",
        postgresql_where=text("bring_after IS NOT NULL"),
    ),
    Index(
        "store_accounts_poll",
        "poll_at",
        postgresql_where=text("status IN ('connected', 'suspended')"),
    ),
)
"""One row for an account of a tenant, for ever: its listings and orders stay with it.

`credentials` and `token` are sealed for this row, and null once they are destroyed. While the store
is connecting, `suspended_for` is the reason of the suspension that this may end.
`tripped` is what the breaker stopped it for, until a person lifts that: neither other troubles nor
a new connection do. `refreshing_until` is how long one worker may take to fetch a new token.
`poll_at` is when the orders are read next, `polled_at` when the last reading of all of them began;
`opens` counts the OpenStore commands; `open_again_at` is when another one is due, unless something
has come of the last. `bring_after`: what may be sent has changed, and the round has not looked anew
at the listings with higher ids."""

listings = Table(
    "listings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=ZERO),
    Column("store_id", Uuid, ForeignKey("syncer.store_accounts.id"), nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("marketplace", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("policy_id", Text),
    Column("currency", CHAR(3), nullable=False),
    Column("override_minor", BigInteger),
    Column("min_minor", BigInteger),
    Column("max_minor", BigInteger),
    Column("status", Text, nullable=False),
    Column("own_holds", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("ending", Text),
    Column("sync", Text, nullable=False),
    Column("sync_detail", Text),
    Column("external_id", Text),
    Column("shown", Text),
    Column("price_minor", BigInteger),
    Column("price_currency", CHAR(3)),
    Column("quantity", Integer, nullable=False, server_default=ZERO),
    Column("refs", JSONB, nullable=False, server_default=NO_MEMBERS),
    Column("decision_no", BigInteger, nullable=False, server_default=ZERO),
    Column("wanted_price_minor", BigInteger),
    Column("floor_minor", BigInteger),
    Column("wanted_quantity", Integer, nullable=False, server_default=ZERO),
    Column("wanted_holds", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("decided_cost_minor", BigInteger),
    Column("decided_cost_currency", CHAR(3)),
    Column("decided_availability", Text),
    Column("decided_at", AWARE),
    Column("decided_taxes", JSONB),
    Column("cleared_minor", BigInteger),
    Column("fresh_until", AWARE),
    Column("bringing", Uuid),
    Column("bringing_lane", Text),
    Column("bringing_since", AWARE),
    Column("brings", Integer, nullable=False, server_default=ZERO),
    Column("bring_again_at", AWARE),
    Column("failures", SmallInteger, nullable=False, server_default=ZERO),
    Column("sent_at", AWARE),
    Column("capped_quantity", Integer),
    Column("capped_at", AWARE),
    Column("check_at", AWARE, nullable=False),
    Column("created_at", AWARE, nullable=False),
    Column("updated_at", AWARE, nullable=False),
    Column("last_synced_at", AWARE),
    one_of("status", ListingStatus),
    one_of("sync", SyncState),
    CheckConstraint("shown IN ('draft', 'live', 'ended')", name="shown_known"),
    UniqueConstraint("sku"),
    Index(
        "listings_one_live",
        "store_id",
        "product_id",
        unique=True,
        postgresql_where=text(NOT_OVER),
    ),
    Index("listings_newest", "tenant_id", "created_at", "id"),
    Index("listings_of_product", "product_id"),
    Index("listings_of_store", "store_id", "status"),
    Index("listings_in_order", "store_id", "id"),
    Index(
        "listings_fresh",
        "fresh_until",
        postgresql_where=text(
            f"shown = 'live' AND quantity > 0 AND {NOT_OVER} AND NOT own_holds @> '[\"stale\"]'"
        ),
    ),
    Index("listings_again", "bring_again_at", postgresql_where=text("bring_again_at IS NOT NULL")),
    Index("listings_bringing", "bringing_since", postgresql_where=text("bringing IS NOT NULL")),
    Index("listings_capped", "store_id", postgresql_where=text("capped_at IS NOT NULL")),
    Index("listings_check", "check_at", postgresql_where=text("status IN ('Active', 'Paused')")),
    postgresql_with={"fillfactor": "70"},
)
"""One row per listing. `external_id` to `refs`: what stands on the marketplace as far as is known
(`shown` null: nothing does). `decision_no` to `decided_taxes`: the newest desired state, and the
facts and taxes it rests on. `own_holds`: the syncer's own, besides the decision's. `ending`: why it
ends, or did.

`bringing` is the one outstanding BringListing; `brings` counts them; `cleared_minor` is a price
that a person let pass the breaker. `capped_quantity`: no more is offered since fewer were found
there than we had set, until that sale is decided upon."""

intents = Table(
    "intents",
    metadata,
    Column("command_id", Uuid, primary_key=True),
    Column("listing_id", Uuid, ForeignKey("syncer.listings.id"), nullable=False),
    Column("step", JSONB, nullable=False),
    Column("decision_no", BigInteger, nullable=False),
    Column("started_at", AWARE, nullable=False),
    Column("finished_at", AWARE),
    Column("outcome", Text),
    Index("intents_of_listing", "listing_id", "started_at"),
    Index("intents_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
)
"""One row per call that was about to be made: written before it, closed with what came of it."""

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=ZERO),
    Column("store_id", Uuid, ForeignKey("syncer.store_accounts.id"), nullable=False),
    Column("marketplace", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("fees_minor", BigInteger, nullable=False),
    Column("fees_kind", Text, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False, server_default=ZERO),
    Column("cancelled_at", AWARE),
    Column("ordered_at", AWARE, nullable=False),
    Column("updated_at", AWARE, nullable=False),
    Column("received_at", AWARE, nullable=False),
    UniqueConstraint("store_id", "external_id"),
    CheckConstraint("fees_kind IN ('charged', 'estimated')", name="fees_kind_known"),
    Index("orders_newest", "tenant_id", "ordered_at", "id"),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Uuid, ForeignKey("syncer.orders.id"), nullable=False),
    Column("line_no", SmallInteger, nullable=False),
    Column("listing_id", Uuid),
    Column("product_id", Uuid),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
    Column("unit_cost_minor", BigInteger),
    Column("unit_cost_currency", CHAR(3)),
    PrimaryKeyConstraint("order_id", "line_no"),
    Index("order_lines_of_listing", "listing_id"),
)
"""The lines of an order; prices are in the order's currency."""

products_known = Table(
    "products_known",
    metadata,
    Column("product_id", Uuid, primary_key=True),
    Column("title", Text),
    Column("images", JSONB, nullable=False, server_default=NO_ITEMS),
    Column("cost_minor", BigInteger),
    Column("cost_currency", CHAR(3)),
    Column("availability", Text),
    Column("vanished", Boolean, nullable=False, server_default=FALSE),
    Column("read_at", AWARE),
    Column("read_cost_minor", BigInteger),
    Column("read_cost_currency", CHAR(3)),
    Column("read_availability", Text),
    postgresql_with={"fillfactor": "80"},
)
"""What the tracker last said of a product; and, in the columns `read_…`, the newest readable look
at it, which renews leases only where it agrees with that."""

watches_known = Table(
    "watches_known",
    metadata,
    Column("tenant_id", Text, nullable=False),
    Column("product_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant_id", "product_id"),
)

tenants_known = Table(
    "tenants_known",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("tier", Text, nullable=False),
)

moves = Table(
    "moves",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("store_id", Uuid, ForeignKey("syncer.store_accounts.id"), nullable=False),
    Column("listing_id", Uuid, nullable=False),
    Column("at", AWARE, nullable=False),
    Column("share_bp", Integer, nullable=False),
    Index("moves_of_store", "store_id", "at"),
)
"""Large price moves that were about to be made, in basis points of the price before."""
