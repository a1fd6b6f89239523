"""Alembic's entry: the one shared implementation, with this service's tables."""

from dropship.analytics.tables import metadata
from dropship.runtime.migrating import run_env

run_env(metadata)
