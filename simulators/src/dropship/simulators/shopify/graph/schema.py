"""Shopify's own schema, where its file is at hand: built once, when it is first needed."""

import gzip
import json
from pathlib import Path

from graphql import GraphQLSchema, build_client_schema

API_VERSION = "2026-10"


def schema_file(specs: Path) -> Path:
    return specs / "shopify" / f"admin_{API_VERSION}.json.gz"


def build_schema(specs: Path) -> GraphQLSchema:
    """Takes more than a second: use a thread.

    Shopify's schema breaks a rule of graphql-core 3.3 on deprecations, hence `assume_valid`.
    """
    with gzip.open(schema_file(specs)) as stream:
        return build_client_schema(json.load(stream)["data"], assume_valid=True)
