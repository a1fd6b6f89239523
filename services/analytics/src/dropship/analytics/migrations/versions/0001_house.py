"""The tables that every service has."""

from alembic import op

from dropship.runtime.house import create_0001

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_0001(op, "analytics")
