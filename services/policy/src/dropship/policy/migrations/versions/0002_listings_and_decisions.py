"""Policies by version, facts by product and listing, what was sold, decisions, alerts."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE tenants_known (tenant_id text PRIMARY KEY, tier text NOT NULL DEFAULT 'free')
-- next
CREATE TABLE policies (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL, name text NOT NULL, store_id uuid,
  version integer NOT NULL, rank bigint NOT NULL, cause bytea NOT NULL,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, retired_at timestamptz)
-- next
CREATE INDEX policies_newest ON policies (tenant_id, created_at, id)
-- next
CREATE TABLE policy_versions (
  policy_id uuid NOT NULL REFERENCES policies,
  version integer NOT NULL, rules jsonb NOT NULL, defined_at timestamptz NOT NULL,
  PRIMARY KEY (policy_id, version))
-- next
CREATE TABLE products (
  id uuid PRIMARY KEY,
  source text,
  cost_minor bigint, cost_currency char(3),
  flags jsonb NOT NULL DEFAULT '[]'::jsonb,
  availability text CONSTRAINT availability_known CHECK (availability IN
    ('in_stock', 'low', 'backorder', 'preorder', 'made_to_order', 'in_store_only', 'out_of_stock',
     'discontinued', 'unknown')),
  stock integer,
  quantity_kind text CONSTRAINT quantity_kind_known CHECK (quantity_kind IN
    ('exact', 'at_least', 'assumed')),
  ships_in_days integer,
  stated integer, stated_at timestamptz,
  vanished_at timestamptz,
  price_said jsonb, stock_said jsonb, vanished_said jsonb) WITH (fillfactor = 80)
-- next
CREATE INDEX products_of_source ON products (source)
-- next
CREATE TABLE listings (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL, store_id uuid NOT NULL, product_id uuid NOT NULL,
  marketplace text NOT NULL, currency char(3) NOT NULL, fee_schedule text NOT NULL,
  policy_id uuid,
  override_minor bigint, override_currency char(3),
  min_price_minor bigint, min_price_currency char(3),
  max_price_minor bigint, max_price_currency char(3),
  status text NOT NULL CONSTRAINT status_known CHECK (status IN
    ('Pending', 'Active', 'Paused', 'Ended', 'Delisted')),
  requested_at timestamptz NOT NULL,
  decision_no bigint NOT NULL DEFAULT 0,
  verdict jsonb, cause bytea,
  sellable_since timestamptz, revisit_at timestamptz,
  shop_holds jsonb NOT NULL DEFAULT '[]'::jsonb) WITH (fillfactor = 80)
-- next
CREATE INDEX listings_of_product ON listings (product_id, id)
-- next
CREATE INDEX listings_of_store ON listings (tenant_id, store_id)
-- next
CREATE INDEX listings_to_revisit ON listings (revisit_at) WHERE revisit_at IS NOT NULL
-- next
CREATE TABLE sold (
  tenant_id text NOT NULL, product_id uuid NOT NULL, order_id uuid NOT NULL,
  quantity integer NOT NULL, ordered_at timestamptz NOT NULL, cancelled_at timestamptz,
  said jsonb NOT NULL, cause bytea NOT NULL,
  PRIMARY KEY (tenant_id, product_id, order_id))
-- next
CREATE INDEX sold_by_order ON sold (order_id)
-- next
CREATE INDEX sold_by_age ON sold (ordered_at)
-- next
CREATE TABLE decisions (
  tenant_id text NOT NULL, listing_id uuid NOT NULL, decision_no bigint NOT NULL,
  product_id uuid NOT NULL,
  at timestamptz NOT NULL, facts jsonb NOT NULL, ruling jsonb NOT NULL, said boolean NOT NULL,
  chain jsonb NOT NULL, event_id uuid, brought jsonb NOT NULL DEFAULT '[]'::jsonb,
  confirmations integer NOT NULL DEFAULT 0, last_confirmed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, listing_id, decision_no)) WITH (fillfactor = 80)
-- next
CREATE TABLE alerts (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  alert_type text NOT NULL CONSTRAINT alert_type_known CHECK (alert_type IN
    ('low_stock', 'out_of_stock', 'vanished', 'low_margin', 'cost_moved', 'no_price', 'no_policy',
     'unfit', 'listing_stale', 'listing_rejected', 'listing_drifted', 'listing_ended',
     'gate_refused', 'supplier_suspended', 'store_suspended')),
  about text NOT NULL, raise_no integer NOT NULL,
  severity text NOT NULL, message text NOT NULL, threshold text,
  listing_id uuid, product_id uuid, store_id uuid, source text,
  is_read boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  read_at timestamptz, acknowledged_at timestamptz, resolved_at timestamptz)
-- next
CREATE UNIQUE INDEX alerts_raised ON alerts (tenant_id, alert_type, about, raise_no)
-- next
CREATE UNIQUE INDEX alerts_standing ON alerts (tenant_id, alert_type, about)
  WHERE resolved_at IS NULL
-- next
CREATE INDEX alerts_newest ON alerts (tenant_id, created_at, id)
-- next
CREATE INDEX alerts_of_listing ON alerts (listing_id) WHERE resolved_at IS NULL
"""


def upgrade() -> None:
    for statement in _TABLES.split("-- next\n"):
        op.execute(statement)
