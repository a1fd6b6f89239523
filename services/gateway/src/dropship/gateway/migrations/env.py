"""Alembic's entry; the work is done by the runtime, the same way for every service."""

from dropship.gateway.tables import metadata
from dropship.runtime.migrating import run_env

run_env(metadata)
