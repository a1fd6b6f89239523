"""The taxes that a decision rests on: the last gate reckons with them by itself."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE listings ADD COLUMN decided_taxes jsonb")
