"""Alembic's entry: the one shared implementation, with this service's tables."""

from dropship.runtime.migrating import run_env
from dropship.scraper.tables import metadata

run_env(metadata)
