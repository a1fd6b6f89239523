"""The house tables; products with both histories, watches, imports, and the due table."""

from alembic import op

from dropship.runtime.house import create_0001

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE products (
  id uuid PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0,
  source text NOT NULL, external_id text NOT NULL, variant text NOT NULL,
  title text,
  price_minor bigint, list_price_minor bigint, currency char(3),
  flags jsonb NOT NULL DEFAULT '[]'::jsonb,
  availability text CONSTRAINT availability_known CHECK (availability IN
    ('in_stock', 'low', 'backorder', 'preorder', 'made_to_order', 'in_store_only', 'out_of_stock',
     'discontinued', 'unknown')),
  stock integer,
  stock_kind text CONSTRAINT stock_kind_known CHECK (stock_kind IN
    ('exact', 'at_least', 'assumed')),
  ships_in_days integer,
  seller text, rating text, review_count integer,
  images jsonb NOT NULL DEFAULT '[]'::jsonb,
  url text, ship_to text, locale text,
  imported_at timestamptz, last_seen_at timestamptz, last_changed_at timestamptz,
  missing_looks smallint NOT NULL DEFAULT 0,
  missing_since timestamptz, missing_last_at timestamptz,
  vanished boolean NOT NULL DEFAULT false,
  last_failure text, last_failed_at timestamptz,
  UNIQUE (source, external_id, variant)) WITH (fillfactor = 80)
-- next
CREATE TABLE price_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES products,
  price_minor bigint, list_price_minor bigint, currency char(3),
  flags jsonb NOT NULL DEFAULT '[]'::jsonb,
  observed_at timestamptz NOT NULL)
-- next
CREATE INDEX price_history_newest ON price_history (product_id, id)
-- next
CREATE TABLE stock_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id uuid NOT NULL REFERENCES products,
  availability text NOT NULL, stock integer, stock_kind text,
  observed_at timestamptz NOT NULL)
-- next
CREATE INDEX stock_history_newest ON stock_history (product_id, id)
-- next
CREATE TABLE watches (
  tenant_id text NOT NULL, product_id uuid NOT NULL REFERENCES products,
  label text, check_every_s integer NOT NULL, created_by_job text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, product_id))
-- next
CREATE INDEX watches_newest ON watches (tenant_id, created_at, product_id)
-- next
CREATE INDEX watches_of_product ON watches (product_id)
-- next
CREATE TABLE pending_imports (
  job_id text PRIMARY KEY, product_id uuid NOT NULL REFERENCES products,
  tenant_id text NOT NULL, source text NOT NULL, cause bytea NOT NULL,
  requested_at timestamptz NOT NULL, deadline_at timestamptz)
-- next
CREATE INDEX pending_imports_of_product ON pending_imports (product_id)
-- next
CREATE INDEX pending_imports_waiting ON pending_imports (source, tenant_id, requested_at)
  WHERE deadline_at IS NULL
-- next
CREATE INDEX pending_imports_deadline ON pending_imports (deadline_at)
  WHERE deadline_at IS NOT NULL
-- next
CREATE TABLE looks (
  product_id uuid PRIMARY KEY REFERENCES products,
  source text NOT NULL, command_id uuid NOT NULL, job_id text NOT NULL,
  asked_at timestamptz NOT NULL, asks smallint NOT NULL)
-- next
CREATE INDEX looks_of_source ON looks (source)
-- next
CREATE TABLE checks (
  product_id uuid PRIMARY KEY REFERENCES products,
  source text NOT NULL, every_s integer NOT NULL,
  next_check_at timestamptz, asked_at timestamptz,
  attempts smallint NOT NULL DEFAULT 0) WITH (fillfactor = 70)
-- next
CREATE INDEX checks_due ON checks (source, next_check_at)
-- next
CREATE TABLE turns (source text PRIMARY KEY, promised_until timestamptz, last_tenant text)
-- next
CREATE TABLE suppliers_known (plugin text PRIMARY KEY, looks_per_minute integer NOT NULL)
"""


def upgrade() -> None:
    create_0001(op, "tracker")
    for statement in _TABLES.split("-- next\n"):
        op.execute(statement)
