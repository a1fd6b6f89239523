"""The tables that every service has in its own schema, whatever else it remembers.

`journal` is what the service says, `checkpoint` how far it has heard; the rest keeps commands,
answers and parked messages from being done twice or lost. `create_0001` is a released revision:
it is never edited, a change is a new function.
"""

from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from dropship.runtime.columns import AWARE, ZERO

PASSING_KEPT_HOURS = 72
"""How long journal rows of WORK, OBSERVATIONS and PUB stay after they were said."""

_NOW = text("now()")


def add_tables(metadata: MetaData) -> None:
    """Add the house tables to a service's metadata, as `create_0001` makes them."""
    Table(
        "journal",
        metadata,
        Column("position", BigInteger, Identity(always=True), nullable=False),
        Column("id", Uuid, nullable=False),
        Column("stream", Text, nullable=False),
        Column("aggregate", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("subject", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("said_at", AWARE, nullable=False, server_default=_NOW),
        Column("generation", Text),
        Column("stream_seq", BigInteger),
        postgresql_partition_by="LIST (stream)",
    )
    Table(
        "checkpoint",
        metadata,
        Column("subscription", Text, nullable=False),
        Column("part", Integer, nullable=False),
        Column("generation", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("id", Uuid),
        PrimaryKeyConstraint("subscription", "part"),
    )
    Table(
        "parked",
        metadata,
        Column("subscription", Text, nullable=False),
        Column("part", Integer, nullable=False),
        Column("key", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("id", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("stored_at", AWARE, nullable=False),
        Column("cause", Text, nullable=False),
        Column("parked_at", AWARE, nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("subscription", "seq"),
    )
    Table(
        "done_commands",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("name", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("said", Integer, nullable=False, server_default=ZERO),
        Column("owner", Text, nullable=False),
        Column("natural_key", Text),
        Column("settle_at", AWARE),
        Column("started_at", AWARE, nullable=False, server_default=_NOW),
        Column("finished_at", AWARE),
    )
    Table(
        "dead_commands",
        metadata,
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("cause", Text, nullable=False),
        Column("died_at", AWARE, nullable=False, server_default=_NOW),
    )
    Table(
        "answered",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("body_hash", LargeBinary, nullable=False),
        Column("answer", LargeBinary, nullable=False),
        Column("at", AWARE, nullable=False, server_default=_NOW),
    )
    Table(
        "replicas",
        metadata,
        Column("replica", Text, primary_key=True),
        Column("backend_pid", Integer, nullable=False),
        Column("beat_at", AWARE, nullable=False),
    )
    Table(
        "due",
        metadata,
        Column("key", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("part", Integer, nullable=False),
        Column("cause", LargeBinary, nullable=False),
        Column("due_at", AWARE, nullable=False, server_default=_NOW),
        PrimaryKeyConstraint("key", "reason"),
    )


class Operations(Protocol):
    """The part of Alembic's `op` that a revision needs."""

    def execute(self, sqltext: str) -> object: ...


def create_0001(op: Operations, schema: str) -> None:
    """Create the house tables in `schema`. Runs as the schema's owner."""
    for statement in _REVISION_0001.replace("{s}", schema).split("-- next\n"):
        op.execute(statement)


_REVISION_0001 = """
CREATE TABLE {s}.journal (
  position bigint GENERATED ALWAYS AS IDENTITY,
  id uuid NOT NULL, stream text NOT NULL, aggregate text NOT NULL, version bigint NOT NULL,
  subject text NOT NULL, payload bytea NOT NULL, said_at timestamptz NOT NULL DEFAULT now(),
  generation text, stream_seq bigint
) PARTITION BY LIST (stream)
-- next
CREATE TABLE {s}.journal_events PARTITION OF {s}.journal FOR VALUES IN ('EVENTS')
  WITH (autovacuum_vacuum_scale_factor = 0.02)
-- next
ALTER TABLE {s}.journal_events ADD UNIQUE (id), ADD UNIQUE (aggregate, version)
-- next
CREATE TABLE {s}.journal_passing PARTITION OF {s}.journal DEFAULT PARTITION BY RANGE (said_at)
-- next
CREATE INDEX journal_unsent ON {s}.journal (stream, position) WHERE stream_seq IS NULL
-- next
CREATE INDEX journal_sent ON {s}.journal_events (stream_seq)
-- next
CREATE INDEX journal_passed ON {s}.journal_passing (stream, stream_seq)
-- next
CREATE FUNCTION {s}.rotate_journal(kept_hours integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {s}, pg_temp AS $body$
DECLARE
  day date; leaf text; changed integer := 0; unsent boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('{s}.rotate_journal'));
  FOR day IN
    SELECT generate_series(current_date - 1, current_date + 7, interval '1 day')::date
  LOOP
    leaf := 'journal_passing_' || to_char(day, 'YYYYMMDD');
    IF to_regclass('{s}.' || leaf) IS NULL THEN
      EXECUTE format('CREATE TABLE {s}.%I PARTITION OF {s}.journal_passing '
        'FOR VALUES FROM (%L) TO (%L) WITH (autovacuum_vacuum_scale_factor = 0.02)', leaf,
        (day::text || ' 00:00+00')::timestamptz, ((day + 1)::text || ' 00:00+00')::timestamptz);
      EXECUTE format('CREATE UNIQUE INDEX ON {s}.%I (id)', leaf);
      changed := changed + 1;
    END IF;
  END LOOP;
  FOR leaf, day IN SELECT c.relname, to_date(right(c.relname, 8), 'YYYYMMDD') FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = '{s}.journal_passing'::regclass LOOP
    CONTINUE WHEN ((day + 1)::text || ' 00:00+00')::timestamptz
      > now() - make_interval(hours => kept_hours);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM {s}.%I WHERE stream_seq IS NULL)', leaf)
      INTO unsent;
    CONTINUE WHEN unsent;
    EXECUTE format('DROP TABLE {s}.%I', leaf);
    changed := changed + 1;
  END LOOP;
  RETURN changed;
END $body$
-- next
SELECT {s}.rotate_journal(72)
-- next
CREATE TABLE {s}.checkpoint (
  subscription text, part integer, generation text NOT NULL, seq bigint NOT NULL, id uuid,
  PRIMARY KEY (subscription, part)) WITH (fillfactor = 50)
-- next
CREATE TABLE {s}.parked (
  subscription text, part integer NOT NULL, key text NOT NULL, seq bigint NOT NULL,
  id text NOT NULL, subject text NOT NULL, payload bytea NOT NULL, stored_at timestamptz NOT NULL,
  cause text NOT NULL, parked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subscription, seq))
-- next
CREATE INDEX parked_key ON {s}.parked (subscription, key, seq)
-- next
CREATE TABLE {s}.done_commands (
  id uuid PRIMARY KEY, name text NOT NULL, state text NOT NULL, attempt integer NOT NULL,
  said integer NOT NULL DEFAULT 0, owner text NOT NULL, natural_key text, settle_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz,
  CHECK (state IN ('doing', 'done', 'refused', 'dead')))
-- next
CREATE UNIQUE INDEX done_commands_one_intent ON {s}.done_commands (natural_key)
  WHERE state = 'doing'
-- next
CREATE INDEX done_commands_finished ON {s}.done_commands (finished_at)
  WHERE finished_at IS NOT NULL
-- next
CREATE TABLE {s}.dead_commands (
  id text PRIMARY KEY, name text NOT NULL, subject text NOT NULL, payload bytea NOT NULL,
  cause text NOT NULL, died_at timestamptz NOT NULL DEFAULT now())
-- next
CREATE TABLE {s}.answered (
  id uuid PRIMARY KEY, body_hash bytea NOT NULL, answer bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now())
-- next
CREATE INDEX answered_at ON {s}.answered (at)
-- next
CREATE TABLE {s}.replicas (
  replica text PRIMARY KEY, backend_pid integer NOT NULL, beat_at timestamptz NOT NULL)
  WITH (fillfactor = 50)
-- next
CREATE TABLE {s}.due (
  key text NOT NULL, reason text NOT NULL, part integer NOT NULL, cause bytea NOT NULL,
  due_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (key, reason))
-- next
CREATE INDEX due_part ON {s}.due (part, due_at)
"""
