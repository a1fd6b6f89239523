"""Alerts are looked up by what they are about, never by listing alone."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("DROP INDEX alerts_of_listing")
