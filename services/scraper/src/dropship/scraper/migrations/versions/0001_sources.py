"""House tables, suppliers and feeds, budgets, and looks that were put off."""

from alembic import op

from dropship.runtime.house import create_0001

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE scraper.suppliers (
  plugin text PRIMARY KEY, version bigint NOT NULL, terms jsonb NOT NULL)
-- next
CREATE TABLE scraper.feeds (
  source text PRIMARY KEY, tenant_id text NOT NULL, name text NOT NULL, format text NOT NULL,
  host text NOT NULL, sealed_url bytea NOT NULL, created_at timestamptz NOT NULL,
  UNIQUE (tenant_id, name))
-- next
CREATE TABLE scraper.budgets (
  source text PRIMARY KEY, next_at timestamptz NOT NULL, blocks integer NOT NULL DEFAULT 0,
  suspended_until timestamptz, version bigint NOT NULL DEFAULT 0) WITH (fillfactor = 50)
-- next
CREATE TABLE scraper.waits (
  command_id uuid PRIMARY KEY, slot_at timestamptz, failures integer NOT NULL DEFAULT 0,
  at timestamptz NOT NULL DEFAULT now())
-- next
CREATE TABLE scraper.cancelled_jobs (job_id text PRIMARY KEY, cancelled_at timestamptz NOT NULL)
"""


def upgrade() -> None:
    """Forward only."""
    create_0001(op, "scraper")
    for statement in _TABLES.split("-- next\n"):
        op.execute(statement)
