"""Stores, listings with their intents, orders, and what is known of others' facts."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE products_known (
  product_id uuid NOT NULL, title text, images jsonb DEFAULT '[]'::jsonb NOT NULL,
  cost_minor bigint, cost_currency char(3), availability text,
  vanished boolean DEFAULT false NOT NULL, read_at timestamptz, read_cost_minor bigint,
  read_cost_currency char(3), read_availability text,
  PRIMARY KEY (product_id)
) WITH (fillfactor = 80)
-- next
CREATE TABLE store_accounts (
  id uuid NOT NULL, tenant_id text NOT NULL, version bigint DEFAULT 0 NOT NULL,
  marketplace text NOT NULL, name text NOT NULL, account text NOT NULL, credentials bytea,
  token bytea, refreshing_until timestamptz, mode text NOT NULL,
  status text NOT NULL, status_reason text, suspended_for text, currency char(3),
  fee_schedule text NOT NULL, refs jsonb DEFAULT '{}'::jsonb NOT NULL,
  bring_after uuid, opens integer DEFAULT 0 NOT NULL, open_again_at timestamptz, order_cursor text,
  polled_at timestamptz, poll_at timestamptz, breaker_lifted_at timestamptz,
  created_at timestamptz NOT NULL, connected_at timestamptz,
  PRIMARY KEY (id),
  CONSTRAINT mode_known CHECK (mode IN ('dry_run', 'live')),
  CONSTRAINT store_status_known CHECK (status
    IN ('connecting', 'connected', 'suspended', 'rejected', 'disconnected'))
)
-- next
CREATE UNIQUE INDEX store_accounts_of_account ON store_accounts (tenant_id, marketplace, account)
-- next
CREATE INDEX store_accounts_newest ON store_accounts (tenant_id, created_at, id)
-- next
CREATE INDEX store_accounts_to_bring ON store_accounts (id) WHERE bring_after IS NOT NULL
-- next
CREATE INDEX store_accounts_poll ON store_accounts (poll_at) WHERE status
  IN ('connected', 'suspended')
-- next
CREATE TABLE tenants_known (
  tenant_id text NOT NULL, tier text NOT NULL,
  PRIMARY KEY (tenant_id)
)
-- next
CREATE TABLE watches_known (
  tenant_id text NOT NULL, product_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, product_id)
)
-- next
CREATE TABLE listings (
  id uuid NOT NULL, tenant_id text NOT NULL, version bigint DEFAULT 0 NOT NULL,
  store_id uuid NOT NULL, product_id uuid NOT NULL, marketplace text NOT NULL,
  sku text NOT NULL, title text, description text, policy_id text, currency char(3) NOT NULL,
  override_minor bigint, min_minor bigint, max_minor bigint, status text NOT NULL,
  own_holds jsonb DEFAULT '[]'::jsonb NOT NULL, ending text, sync text NOT NULL,
  sync_detail text, external_id text, shown text, price_minor bigint, price_currency char(3),
  quantity integer DEFAULT 0 NOT NULL, refs jsonb DEFAULT '{}'::jsonb NOT NULL,
  decision_no bigint DEFAULT 0 NOT NULL, wanted_price_minor bigint, floor_minor bigint,
  wanted_quantity integer DEFAULT 0 NOT NULL, wanted_holds jsonb DEFAULT '[]'::jsonb NOT NULL,
  decided_cost_minor bigint, decided_cost_currency char(3), decided_availability text,
  decided_at timestamptz, cleared_minor bigint, fresh_until timestamptz, bringing uuid,
  bringing_lane text, bringing_since timestamptz, brings integer DEFAULT 0 NOT NULL,
  bring_again_at timestamptz, failures smallint DEFAULT 0 NOT NULL, sent_at timestamptz,
  check_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, last_synced_at timestamptz,
  PRIMARY KEY (id),
  CONSTRAINT status_known CHECK (status IN ('Pending', 'Active', 'Paused', 'Ended', 'Delisted')),
  CONSTRAINT sync_known CHECK (sync
    IN ('in_sync', 'pending', 'unknown', 'drifted', 'rejected', 'rehearsed')),
  CONSTRAINT shown_known CHECK (shown IN ('draft', 'live', 'ended')),
  UNIQUE (sku),
  FOREIGN KEY(store_id) REFERENCES store_accounts (id)
) WITH (fillfactor = 70)
-- next
CREATE INDEX listings_again ON listings (bring_again_at) WHERE bring_again_at IS NOT NULL
-- next
CREATE INDEX listings_bringing ON listings (bringing_since) WHERE bringing IS NOT NULL
-- next
CREATE INDEX listings_check ON listings (check_at) WHERE status IN ('Active', 'Paused')
-- next
CREATE INDEX listings_fresh ON listings (fresh_until) WHERE shown = 'live' AND quantity > 0
  AND status NOT IN ('Ended', 'Delisted') AND NOT own_holds @> '["stale"]'
-- next
CREATE INDEX listings_newest ON listings (tenant_id, created_at, id)
-- next
CREATE INDEX listings_of_product ON listings (product_id)
-- next
CREATE INDEX listings_of_store ON listings (store_id, status)
-- next
CREATE INDEX listings_in_order ON listings (store_id, id)
-- next
CREATE UNIQUE INDEX listings_one_live ON listings (store_id, product_id) WHERE status NOT
  IN ('Ended', 'Delisted')
-- next
CREATE TABLE moves (
  id bigint GENERATED ALWAYS AS IDENTITY, store_id uuid NOT NULL, listing_id uuid NOT NULL,
  at timestamptz NOT NULL, share_bp integer NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(store_id) REFERENCES store_accounts (id)
)
-- next
CREATE INDEX moves_of_store ON moves (store_id, at)
-- next
CREATE TABLE orders (
  id uuid NOT NULL, tenant_id text NOT NULL, version bigint DEFAULT 0 NOT NULL,
  store_id uuid NOT NULL, marketplace text NOT NULL, external_id text NOT NULL,
  name text NOT NULL, currency char(3) NOT NULL, total_minor bigint NOT NULL,
  fees_minor bigint NOT NULL, fees_kind text NOT NULL, refunded_minor bigint DEFAULT 0 NOT NULL,
  cancelled_at timestamptz, ordered_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (store_id, external_id),
  CONSTRAINT fees_kind_known CHECK (fees_kind IN ('charged', 'estimated')),
  FOREIGN KEY(store_id) REFERENCES store_accounts (id)
)
-- next
CREATE INDEX orders_newest ON orders (tenant_id, ordered_at, id)
-- next
CREATE TABLE intents (
  command_id uuid NOT NULL, listing_id uuid NOT NULL, step jsonb NOT NULL,
  decision_no bigint NOT NULL, started_at timestamptz NOT NULL,
  finished_at timestamptz, outcome text,
  PRIMARY KEY (command_id),
  FOREIGN KEY(listing_id) REFERENCES listings (id)
)
-- next
CREATE INDEX intents_finished ON intents (finished_at) WHERE finished_at IS NOT NULL
-- next
CREATE INDEX intents_of_listing ON intents (listing_id, started_at)
-- next
CREATE TABLE order_lines (
  order_id uuid NOT NULL, line_no smallint NOT NULL, listing_id uuid, product_id uuid,
  sku text NOT NULL, quantity integer NOT NULL, unit_price_minor bigint NOT NULL,
  unit_cost_minor bigint, unit_cost_currency char(3),
  PRIMARY KEY (order_id, line_no),
  FOREIGN KEY(order_id) REFERENCES orders (id)
)

"""


def upgrade() -> None:
    for statement in _TABLES.split("-- next\n"):
        op.execute(statement)
