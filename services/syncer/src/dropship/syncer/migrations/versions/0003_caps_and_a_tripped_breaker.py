"""How many may be offered while a sale is not decided upon; and a breaker that is not forgotten."""

from alembic import op

revision = "0003"
down_revision = "0002"

_CHANGES = """
ALTER TABLE listings ADD COLUMN capped_quantity integer, ADD COLUMN capped_at timestamptz
-- next
CREATE INDEX listings_capped ON listings (store_id) WHERE capped_at IS NOT NULL
-- next
CREATE INDEX order_lines_of_listing ON order_lines (listing_id)
-- next
ALTER TABLE store_accounts ADD COLUMN tripped text
-- next
UPDATE store_accounts SET tripped = 'its prices moved too far too fast'
 WHERE status_reason = 'breaker' OR suspended_for = 'breaker'
"""


def upgrade() -> None:
    for statement in _CHANGES.split("-- next\n"):
        op.execute(statement)
