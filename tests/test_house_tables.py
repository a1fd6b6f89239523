"""Every table and column of the first sketch is somewhere, or somebody wrote down why not."""

import importlib
import tomllib
from functools import cache

import pytest
from sqlalchemy import MetaData

from repo_as_data import ROOT, SERVICES

SKETCHED = {
    "users", "sessions", "audit_log", "jobs", "suppliers", "proxy_pool", "products",
    "price_history", "stock_history", "store_accounts", "listings", "alerts", "notifications",
    "marketplace_data", "analytics_cache",
}  # fmt: skip
NAMED = {
    "users": {"api_key", "tier", "is_active"},
    "sessions": {"token", "refresh_token", "revoked_at"},
    "audit_log": {"old_value", "new_value", "ip_address", "user_agent"},
    "jobs": {"status", "priority", "retry_count", "next_retry_at", "result", "completed_at"},
    "proxy_pool": {"health_score", "password"},
    "products": {"asin", "title", "price", "stock", "rating", "review_count", "images"},
    "store_accounts": {"api_key", "api_secret", "oauth_token"},
    "listings": {"status", "status_reason", "marketplace_listing_id", "offer_id"},
    "notifications": {"channel"},
}
"""The columns that the sketch's text speaks of by name."""

ORDERS = {"order: the shop", "order: the proof", "order: the eyes"}
PAGE = tomllib.loads((ROOT / "docs" / "tables.toml").read_text(encoding="utf-8"))
COLUMNS = [(table, column, where) for table, row in PAGE.items() for column, where in row.items()]


@cache
def metadata(service: str) -> MetaData:
    found = importlib.import_module(f"dropship.{service}.tables").metadata
    assert isinstance(found, MetaData)
    return found


def test_all_fifteen_tables_are_accounted_for() -> None:
    assert set(PAGE) == SKETCHED
    assert {t: missing for t, named in NAMED.items() if (missing := named - set(PAGE[t]))} == {}


@pytest.mark.parametrize(("table", "column", "where"), COLUMNS)
def test_a_column_is_where_the_page_says(table: str, column: str, where: str) -> None:
    if where.startswith("replaced: "):
        assert len(where.split()) > 2
    elif where.startswith("order: "):
        assert where in ORDERS
    else:
        service, name, field = where.split(".")
        assert field in metadata(service).tables[f"{service}.{name}"].columns


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_keeps_its_tables_in_a_schema_of_its_own(service: str) -> None:
    tables = metadata(service).tables.values()
    keys = [key.target_fullname for table in tables for key in table.foreign_keys]

    assert {table.schema for table in tables} == {service}
    assert [key for key in keys if not key.startswith(f"{service}.")] == []
