"""Everything simulated is Shopify's: by name, by type, and in what is answered."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from dropship.simulators.shopify.graph.roots import TABLES
from dropship.simulators.shopify.graph.schema import build_schema

ARGUMENTS = {
    "publishedOnPublication": '(publicationId:"gid://shopify/Publication/61000000001")',
    "metafield": '(key:"listing_id")',
    "inventoryLevel": '(locationId:"gid://shopify/Location/71000000001")',
    "quantities": '(names:["available","on_hand","committed"])',
}


@pytest.fixture(scope="module")
def schema(specs: Path) -> GraphQLSchema:
    return build_schema(specs)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_simulated_field_is_shopifys(schema: GraphQLSchema, name: str) -> None:
    type_ = schema.type_map[name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    for field_name, field in TABLES[name].items():
        real = get_named_type(type_.fields[field_name].type)
        assert is_leaf_type(real) is (field.type == ""), field_name
        if field.type:
            assert real.name == field.type


def everything(type_: str, depth: int) -> str:
    """A selection of all there is, so deep."""
    parts = []
    for name, field in TABLES[type_].items():
        given = "(first:1)" if field.type.endswith("Connection") else ARGUMENTS.get(name, "")
        if not field.type:
            parts.append(name + given)
        elif depth > 0:
            inner = everything(field.type, depth - 1)
            parts.append(f"{name}{given}{inner}" if inner != "{}" else "")
    return "{" + " ".join(parts) + "}"


@pytest.mark.parametrize("what", ["product", "order", "shop", "currentAppInstallation"])
def test_every_answer_fits_the_schema_whatever_is_asked(
    schema: GraphQLSchema, shop: Any, what: str
) -> None:
    product = shop.shelve("L-1")
    order = shop.judge("orders", listing="L-1", quantity=2).json()
    shop.judge(f"orders/{order['name'].lstrip('#')}/refund", amount="1.00").raise_for_status()
    shop.judge(f"orders/{order['name'].lstrip('#')}/cancel").raise_for_status()
    given = {"product": f'(id:"{product["id"]}")', "order": f'(id:"{order["id"]}")'}
    selection = everything(TABLES["QueryRoot"][what].type, 4)
    answer = shop.send("{" + what + given.get(what, "") + selection + "}")

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"][what]
    assert shop.ledger()["self_violations"] == 0
    assert shop.ledger()["refused"] == {}


def test_an_answer_that_does_not_fit_is_our_own_mistake_and_is_counted(
    tmp_path: Path, specs: Path, open_shop: Any
) -> None:
    """A shop in a currency that Shopify does not have cannot be shown truthfully."""
    port = tmp_path / "port"
    command = [sys.executable, "-m", "dropship.simulators", "--port-file", str(port)]
    server = subprocess.Popen([*command, "--specs", str(specs)], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    assert "simulators_listening" in server.stderr.readline()
    with httpx.Client(base_url=f"http://127.0.0.1:{port.read_text().strip()}") as client:
        shop = open_shop(client, currency="QQQ")
        shop.token = shop.grant().json()["access_token"]
        answer = shop.send("{shop{currencyCode}}")
        ledger = shop.ledger()
    server.terminate()
    _, log = server.communicate(timeout=5)

    assert answer.status_code == 500
    assert ledger["self_violations"] == 1
    assert ledger["violations"] == ["data.shop.currencyCode: 'QQQ' is no CurrencyCode"]
    assert "shopify_answer_breaks_schema" in log
