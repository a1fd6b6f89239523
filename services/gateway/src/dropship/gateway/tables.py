"""What the gateway remembers: who may ask, what they wait for, and what they did."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB

from dropship.runtime.columns import AWARE, FALSE
from dropship.runtime.house import add_tables

metadata = MetaData(schema="gateway")
add_tables(metadata)


def _created_at() -> Column[object]:
    return Column("created_at", AWARE, nullable=False, server_default=func.now())


tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tier", Text, nullable=False, server_default="free"),
    Column("version", Integer, nullable=False, server_default="1"),
    _created_at(),
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    # Personal: never leaves this table.
    Column("email", Text, nullable=False),
    # The e-mail in its one spelling.
    Column("address", Text, nullable=False, unique=True),
    # argon2id.
    Column("password_hash", Text, nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    _created_at(),
    Column("last_login_at", AWARE),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", Uuid, ForeignKey("gateway.users.id"), primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("gateway.tenants.id"), primary_key=True),
    Column("role", Text, nullable=False, server_default="owner"),
    _created_at(),
)

sessions = Table(
    "sessions",
    metadata,
    # A sign-in: the family of its refresh tokens.
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("gateway.users.id"), nullable=False),
    Column("tenant_id", Uuid, ForeignKey("gateway.tenants.id"), nullable=False),
    Column("ip", INET),
    Column("user_agent", Text),
    _created_at(),
    Column("last_used_at", AWARE, nullable=False),
    Column("expires_at", AWARE, nullable=False),
    Column("revoked_at", AWARE),
    Column("revoked_because", Text),
    Index("sessions_of_a_user", "user_id"),
    Index("sessions_by_expiry", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    # The token itself is not kept.
    Column("token_sha256", LargeBinary, primary_key=True),
    Column(
        "session_id",
        Uuid,
        ForeignKey("gateway.sessions.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("expires_at", AWARE, nullable=False),
    Column("spent_at", AWARE),
    _created_at(),
    Index("refresh_tokens_of_a_session", "session_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("gateway.tenants.id"), nullable=False),
    # Who made it, and in whose name it asks.
    Column("user_id", Uuid, ForeignKey("gateway.users.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _created_at(),
    Column("last_used_at", AWARE),
    Column("expires_at", AWARE),
    Column("revoked_at", AWARE),
    Index("api_keys_of_a_tenant", "tenant_id", text("created_at DESC"), text("id DESC")),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("gateway.tenants.id"), nullable=False),
    Column("user_id", Uuid, ForeignKey("gateway.users.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="PENDING"),
    Column("payload", JSONB, nullable=False),
    Column("result", JSONB),
    Column("error", Text),
    Column("error_detail", Text),
    Column("retry_count", Integer, nullable=False, server_default="0"),
    Column("next_retry_at", AWARE),
    _created_at(),
    Column("started_at", AWARE),
    Column("completed_at", AWARE),
    Column("version", Integer, nullable=False, server_default="1"),
    Index("jobs_of_a_tenant", "tenant_id", text("created_at DESC"), text("id DESC")),
)

job_steps = Table(
    "job_steps",
    metadata,
    Column("job_id", Uuid, ForeignKey("gateway.jobs.id", ondelete="CASCADE"), primary_key=True),
    # The fact behind the step: heard twice, one row.
    Column("event_id", Uuid, primary_key=True),
    # Order among steps of one moment.
    Column("step", BigInteger, Identity(), nullable=False),
    Column("at", AWARE, nullable=False),
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("next_at", AWARE),
)

suppliers_known = Table(
    "suppliers_known",
    metadata,
    Column("plugin", Text, primary_key=True),
    Column("sources", ARRAY(Text), nullable=False),
    Column("default_source", Text),
    Column("per_tenant", Boolean, nullable=False, server_default=FALSE),
    Column("id_pattern", Text, nullable=False),
    Column("id_example", Text, nullable=False),
    Column("registered_at", AWARE, nullable=False),
)

answered_keys = Table(
    "answered_keys",
    metadata,
    # A tenant, or 'signup'.
    Column("scope", Text, primary_key=True),
    # The Idempotency-Key.
    Column("key", Text, primary_key=True),
    Column("request_sha256", LargeBinary, nullable=False),
    # The job or user that the first request made.
    Column("subject", Uuid, nullable=False),
    Column("created_at", AWARE, nullable=False),
    Index("answered_keys_by_age", "created_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("tenant_id", Uuid),
    Column("user_id", Uuid),
    Column("action", Text, nullable=False),
    Column("entity_type", Text),
    Column("entity_id", Text),
    Column("old_value", JSONB),
    Column("new_value", JSONB),
    Column("ip", INET),
    Column("user_agent", Text),
    Column("created_at", AWARE, nullable=False),
    Index("audit_log_of_a_tenant", "tenant_id", text("created_at DESC")),
)
