"""Tenants, users, sessions, jobs, known suppliers, answered keys and the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INET, JSONB

from dropship.runtime.house import create_0001

revision = "0001"
down_revision = None

SCHEMA = "gateway"
_MOMENT = sa.DateTime(timezone=True)


def _created_at() -> sa.Column[object]:
    return sa.Column("created_at", _MOMENT, nullable=False, server_default=sa.func.now())


def upgrade() -> None:
    create_0001(op, SCHEMA)
    _people()
    _sessions()
    _jobs()
    _memory()


def _people() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tier", sa.Text, nullable=False, server_default="free"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        _created_at(),
        schema=SCHEMA,
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False, unique=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False, server_default="free"),
        sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
        _created_at(),
        sa.Column("last_login_at", _MOMENT),
        schema=SCHEMA,
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("gateway.users.id"), primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("gateway.tenants.id"), primary_key=True),
        sa.Column("role", sa.Text, nullable=False, server_default="owner"),
        _created_at(),
        schema=SCHEMA,
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("gateway.users.id"), nullable=False),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("gateway.tenants.id"), nullable=False),
        sa.Column("ip", INET),
        sa.Column("user_agent", sa.Text),
        _created_at(),
        sa.Column("last_used_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("revoked_because", sa.Text),
        schema=SCHEMA,
    )
    op.create_index("sessions_of_a_user", "sessions", ["user_id"], schema=SCHEMA)
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"], schema=SCHEMA)
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", sa.LargeBinary, primary_key=True),
        sa.Column(
            "session_id",
            sa.Uuid,
            sa.ForeignKey("gateway.sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("spent_at", _MOMENT),
        _created_at(),
        schema=SCHEMA,
    )
    op.create_index("refresh_tokens_of_a_session", "refresh_tokens", ["session_id"], schema=SCHEMA)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("gateway.tenants.id"), nullable=False),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("gateway.users.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="PENDING"),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("result", JSONB),
        sa.Column("error", sa.Text),
        sa.Column("error_detail", sa.Text),
        sa.Column("retry_count", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_retry_at", _MOMENT),
        _created_at(),
        sa.Column("started_at", _MOMENT),
        sa.Column("completed_at", _MOMENT),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        schema=SCHEMA,
    )
    op.create_index(
        "jobs_of_a_tenant",
        "jobs",
        ["tenant_id", sa.text("created_at DESC"), sa.text("id DESC")],
        schema=SCHEMA,
    )
    op.create_table(
        "job_steps",
        sa.Column(
            "job_id",
            sa.Uuid,
            sa.ForeignKey("gateway.jobs.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("step", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("next_at", _MOMENT),
        schema=SCHEMA,
    )


def _memory() -> None:
    op.create_table(
        "suppliers_known",
        sa.Column("plugin", sa.Text, primary_key=True),
        sa.Column("sources", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("default_source", sa.Text),
        sa.Column("per_tenant", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("id_pattern", sa.Text, nullable=False),
        sa.Column("id_example", sa.Text, nullable=False),
        sa.Column("registered_at", _MOMENT, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "answered_keys",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_sha256", sa.LargeBinary, nullable=False),
        sa.Column("subject", sa.Uuid, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index("answered_keys_by_age", "answered_keys", ["created_at"], schema=SCHEMA)
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("entity_type", sa.Text),
        sa.Column("entity_id", sa.Text),
        sa.Column("old_value", JSONB),
        sa.Column("new_value", JSONB),
        sa.Column("ip", INET),
        sa.Column("user_agent", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "audit_log_of_a_tenant",
        "audit_log",
        ["tenant_id", sa.text("created_at DESC")],
        schema=SCHEMA,
    )
