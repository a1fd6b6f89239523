"""Shops to test: a client of their GraphQL, the judge's view of them, and the outside checker."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared"
SPECS = SHARED / "specs"
CHECKER = SHARED / "tools" / "check_exchanges.py"
NUMBERS = itertools.count(1)
ERRORS = "userErrors{code field message}"


class Shop:
    """One shop: `ask` as a client that expects to be answered, `send` as one that does not."""

    DEFINE = (
        "mutation($d:MetafieldDefinitionInput!){metafieldDefinitionCreate(definition:$d){"
        "createdDefinition{id namespace key type{name}} " + ERRORS + "}}"
    )
    SET = (
        "mutation($id:ProductSetIdentifiers,$in:ProductSetInput!){"
        "productSet(identifier:$id,input:$in,synchronous:true){product{id handle status title "
        "variants(first:50){nodes{id title sku price inventoryQuantity inventoryItem{id tracked}}}}"
        " " + ERRORS + "}}"
    )
    PUBLISH = (
        "mutation($id:ID!,$in:[PublicationInput!]!){publishablePublish(id:$id,input:$in){"
        "userErrors{field message}}}"
    )
    UNPUBLISH = PUBLISH.replace("publishablePublish", "publishableUnpublish")
    UPDATE = (
        "mutation($p:ProductUpdateInput!){productUpdate(product:$p){product{id status title} "
        "userErrors{field message}}}"
    )
    PRICES = (
        "mutation($p:ID!,$v:[ProductVariantsBulkInput!]!,$some:Boolean){"
        "productVariantsBulkUpdate(productId:$p,variants:$v,allowPartialUpdates:$some){"
        "productVariants{id price} " + ERRORS + "}}"
    )
    STOCK = (
        "mutation($i:InventorySetQuantitiesInput!,$k:String!){inventorySetQuantities(input:$i) "
        "@idempotent(key:$k){inventoryAdjustmentGroup{id reason changes{name delta "
        "quantityAfterChange}} " + ERRORS + "}}"
    )
    FIND = (
        "query($i:ProductIdentifierInput!){productByIdentifier(identifier:$i){id handle status "
        "resourcePublicationsCount{count} variants(first:10){nodes{id sku price inventoryPolicy "
        "inventoryQuantity inventoryItem{id tracked}}}}}"
    )
    ORDERS = (
        "query($q:String,$a:String,$n:Int!){orders(first:$n,after:$a,query:$q,"
        "sortKey:UPDATED_AT){pageInfo{hasNextPage endCursor} nodes{id name createdAt updatedAt "
        "displayFinancialStatus displayFulfillmentStatus cancelledAt cancelReason "
        "totalPriceSet{shopMoney{amount currencyCode}} totalRefundedSet{shopMoney{amount}} "
        "lineItems(first:10){nodes{id sku quantity currentQuantity product{id} variant{id} "
        "originalUnitPriceSet{shopMoney{amount}} discountedUnitPriceSet{shopMoney{amount}}}} "
        "refunds{id createdAt totalRefundedSet{shopMoney{amount}} refundLineItems(first:10){"
        "nodes{quantity lineItem{id} restockType}}} transactions{id kind status "
        "amountSet{shopMoney{amount}} parentTransaction{id} fees{id type rate rateName "
        "amount{amount currencyCode} flatFee{amount} taxAmount{amount}}}}}}"
    )

    def __init__(self, http: httpx.Client, name: str, **settings: Any) -> None:
        made = http.post("/_sim/shopify/shops", json={"shop": name, **settings})
        made.raise_for_status()
        self.http, self.name, self.made = http, name, made.json()
        self.keys = itertools.count(1)
        self.token = ""

    # As a client of Shopify.

    def grant(self, **changes: str) -> httpx.Response:
        wish = {
            "client_id": self.made["client_id"],
            "client_secret": self.made["client_secret"],
            "grant_type": "client_credentials",
        }
        return self.http.post(f"/shopify/{self.name}/admin/oauth/access_token", json=wish | changes)

    def connect(self) -> None:
        self.token = self.grant().json()["access_token"]
        self.ask(
            self.DEFINE,
            d={"name": "Listing", "key": "listing_id", "type": "id", "ownerType": "PRODUCT"},
        )

    def send(
        self, document: str, variables: dict[str, Any] | None = None, version: str = "2026-10"
    ) -> httpx.Response:
        return self.http.post(
            f"/shopify/{self.name}/admin/api/{version}/graphql.json",
            json={"query": document, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": self.token},
        )

    def ask(self, document: str, **variables: Any) -> Any:
        """The answer to the one root field; no errors of the first two layers are expected."""
        answer = self.send(document, variables)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        (content,) = body["data"].values()
        return content

    def wish(self, sku: str = "S-1", price: str = "12.30", quantity: int = 5) -> dict[str, Any]:
        """A `ProductSetInput` of a product with one variant."""
        return {
            "title": f"Lamp {sku}",
            "status": "ACTIVE",
            "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}],
            "files": [{"originalSource": "https://images.example/lamp.jpg"}],
            "variants": [
                {
                    "optionValues": [{"optionName": "Title", "name": "Default Title"}],
                    "sku": sku,
                    "price": price,
                    "inventoryPolicy": "DENY",
                    "inventoryItem": {"tracked": True},
                    "inventoryQuantities": [
                        {
                            "locationId": self.made["location"],
                            "name": "available",
                            "quantity": quantity,
                        }
                    ],
                }
            ],
        }

    def custom(self, listing: str) -> dict[str, Any]:
        return {"customId": {"key": "listing_id", "value": listing}}

    def set(self, listing: str, wish: dict[str, Any] | None = None) -> Any:
        return self.ask(self.SET, id=self.custom(listing), **{"in": wish or self.wish()})

    def shelve(self, listing: str, **wish: Any) -> Any:
        """A product set and published: live."""
        done = self.set(listing, self.wish(**wish))
        assert done["userErrors"] == []
        self.publish(done["product"]["id"])
        return done["product"]

    def publish(self, product: str, document: str = PUBLISH) -> Any:
        online = {"publicationId": self.made["publications"]["Online Store"]}
        return self.ask(document, id=product, **{"in": [online]})

    def price(self, product: Any, price: str) -> Any:
        variant = product["variants"]["nodes"][0]["id"]
        return self.ask(self.PRICES, p=product["id"], v=[{"id": variant, "price": price}])

    def stock(self, product: Any, quantity: int, was: int | None, key: str | None = None) -> Any:
        item = product["variants"]["nodes"][0]["inventoryItem"]["id"]
        one = {
            "inventoryItemId": item,
            "locationId": self.made["location"],
            "quantity": quantity,
            "changeFromQuantity": was,
        }
        wish = {"name": "available", "reason": "correction", "quantities": [one]}
        return self.ask(self.STOCK, i=wish, k=key or f"{self.name}-{next(self.keys)}")

    def find(self, listing: str) -> Any:
        return self.ask(self.FIND, i=self.custom(listing))

    def orders(self, query: str | None = None, first: int = 50, after: str | None = None) -> Any:
        return self.ask(self.ORDERS, q=query, a=after, n=first)

    # As the judge.

    def judge(self, path: str, **order: Any) -> httpx.Response:
        return self.http.post(f"/_sim/shopify/{self.name}/{path}", json=order)

    def fault(self, mode: str, **order: Any) -> None:
        self.judge("faults", mode=mode, **order).raise_for_status()

    def no_faults(self) -> None:
        self.http.delete(f"/_sim/shopify/{self.name}/faults").raise_for_status()

    def ledger(self, since: int = 0) -> Any:
        return self.http.get(f"/_sim/shopify/{self.name}/ledger?since={since}").json()

    def writes(self) -> list[tuple[str, str, int, bool]]:
        """Operation, price, quantity, and whether the caller was told."""
        return [
            (w["op"], w["price"], w["quantity"], w["answered"]) for w in self.ledger()["writes"]
        ]


def wait_for(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it never came true"


def check(record: Path) -> str:
    """What the outside checker says of these exchanges; it ends with the number of violations."""
    done = subprocess.run(
        [sys.executable, str(CHECKER), str(record)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def await_true() -> Callable[..., None]:
    return wait_for


@pytest.fixture(scope="session")
def judged() -> Callable[[Path], str]:
    if not CHECKER.is_file():
        pytest.skip("check_exchanges.py is not here: it belongs beside the repository")
    return check


@pytest.fixture(scope="session")
def specs() -> Path:
    if not SPECS.is_dir():
        pytest.skip("Shopify's schema is not here: it belongs beside the repository")
    return SPECS


@pytest.fixture(scope="session")
def recorded(start_simulator: Any, tmp_path_factory: Any) -> Iterator[httpx.Client]:
    """A process that writes every exchange down; at the end all of them must be faultless."""
    record = tmp_path_factory.mktemp("record") / "exchanges.jsonl"
    specs = ("--specs", str(SPECS)) if SPECS.is_dir() else ()
    yield start_simulator("--seed", "7", "--speed", "1", "--record", str(record), *specs)
    if CHECKER.is_file() and record.stat().st_size:
        assert check(record).rstrip().endswith(" 0 violations"), check(record)


@pytest.fixture(scope="session")
def rough(start_simulator: Any) -> httpx.Client:
    """A process for clients that break the rules."""
    specs = ("--specs", str(SPECS)) if SPECS.is_dir() else ()
    client: httpx.Client = start_simulator("--seed", "7", "--speed", "1", *specs)
    return client


@pytest.fixture(scope="session")
def bare(start_simulator: Any) -> httpx.Client:
    """A process that has never seen Shopify's schema."""
    client: httpx.Client = start_simulator("--seed", "7", "--speed", "1")
    return client


def _opened(client: httpx.Client) -> Shop:
    shop = Shop(client, f"shop-{next(NUMBERS)}")
    shop.connect()
    return shop


@pytest.fixture
def shop(recorded: httpx.Client) -> Shop:
    """A fresh shop with a token, on the recorded process: its client keeps the rules."""
    return _opened(recorded)


@pytest.fixture
def rough_shop(rough: httpx.Client) -> Shop:
    """A fresh shop with a token, for a client that breaks the rules."""
    return _opened(rough)


@pytest.fixture
def bare_shop(bare: httpx.Client) -> Shop:
    return _opened(bare)


@pytest.fixture(scope="session")
def open_shop() -> Callable[..., Shop]:
    """Open a shop on a process with settings of its own; it has no token yet."""

    def opened(client: httpx.Client, **settings: Any) -> Shop:
        return Shop(client, settings.pop("name", f"shop-{next(NUMBERS)}"), **settings)

    return opened
