"""The ledger, orders with their lines, sums by listing and day, where listings stand, titles."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
CREATE TABLE orders (
  id text PRIMARY KEY,
  tenant_id text NOT NULL, store_id text NOT NULL,
  day date NOT NULL, currency char(3) NOT NULL, cancelled_on date)
-- next
CREATE INDEX orders_of_tenant ON orders (tenant_id, day)
-- next
CREATE TABLE order_lines (
  order_id text NOT NULL REFERENCES orders, line integer NOT NULL,
  listing_id text, product_id text,
  units integer NOT NULL,
  revenue_minor bigint NOT NULL, fees_minor bigint NOT NULL,
  cost_minor bigint NOT NULL, cost_unknown integer NOT NULL, refunds_minor bigint NOT NULL,
  PRIMARY KEY (order_id, line))
-- next
CREATE TABLE ledger (
  event_id uuid NOT NULL, line integer NOT NULL,
  account text NOT NULL CONSTRAINT account_known CHECK (account IN
    ('cash', 'cost', 'fees', 'payable', 'refunds', 'revenue')),
  tenant_id text NOT NULL, order_id text NOT NULL, store_id text NOT NULL,
  listing_id text, product_id text,
  day date NOT NULL, currency char(3) NOT NULL, amount_minor bigint NOT NULL,
  PRIMARY KEY (event_id, line, account))
-- next
CREATE TABLE marketplace_data (
  id uuid PRIMARY KEY,
  tenant_id text NOT NULL, store_id text NOT NULL, listing_id text, product_id text,
  date date NOT NULL, currency char(3) NOT NULL,
  views integer,
  sales bigint NOT NULL, orders bigint NOT NULL,
  revenue_minor bigint NOT NULL, refunds_minor bigint NOT NULL, fees_minor bigint NOT NULL,
  cost_minor bigint NOT NULL, cost_unknown bigint NOT NULL, profit_minor bigint NOT NULL)
  WITH (fillfactor = 80)
-- next
CREATE INDEX marketplace_data_of_tenant ON marketplace_data (tenant_id, date)
-- next
CREATE TABLE listing_states (
  listing_id text PRIMARY KEY,
  tenant_id text NOT NULL, store_id text NOT NULL, product_id text NOT NULL,
  status text NOT NULL CONSTRAINT status_known CHECK (status IN
    ('Pending', 'Active', 'Paused', 'Ended', 'Delisted'))) WITH (fillfactor = 80)
-- next
CREATE INDEX listing_states_of_tenant ON listing_states (tenant_id)
-- next
CREATE TABLE product_titles (product_id text PRIMARY KEY, title text NOT NULL)
  WITH (fillfactor = 80)
"""


def upgrade() -> None:
    for statement in _TABLES.split("-- next\n"):
        op.execute(statement)
