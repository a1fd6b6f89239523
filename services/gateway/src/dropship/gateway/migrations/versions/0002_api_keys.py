"""API keys; a user's tier was always the tenant's."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = "gateway"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.drop_column("users", "tier", schema=SCHEMA)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("gateway.tenants.id"), nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("gateway.users.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("expires_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        schema=SCHEMA,
    )
    op.create_index(
        "api_keys_of_a_tenant",
        "api_keys",
        ["tenant_id", sa.text("created_at DESC"), sa.text("id DESC")],
        schema=SCHEMA,
    )
