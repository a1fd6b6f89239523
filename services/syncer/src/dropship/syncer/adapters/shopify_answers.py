"""The shape of Shopify's answers: the fields we use and no others, each held to its type."""

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from dropship.syncer.adapters.shopify_budget import Cost

T = TypeVar("T")


class Fault(Struct, frozen=True):
    """One of the top-level errors. `locations` are places in what was sent that it cannot take."""

    message: str = ""
    path: list[str | int] | None = None
    locations: list[Any] | None = None
    extensions: dict[str, Any] = {}

    @property
    def code(self) -> str:
        code = self.extensions.get("code")
        return code if isinstance(code, str) else ""


class Extensions(Struct, frozen=True):
    cost: Cost | None = None


class Answer(Struct, frozen=True):
    """The outer shape; `data` is read once the errors are known to be none."""

    data: Raw = Raw(b"")
    errors: list[Fault] = []
    extensions: Raw = Raw(b"")

    @property
    def has_begun(self) -> bool:
        """Whether anything was carried out; what is refused as a whole has no data."""
        return bytes(self.data) not in {b"", b"null"}

    @property
    def cost(self) -> Cost | None:
        """None where it is not told as we know it: that says nothing of the answer itself."""
        try:
            return msgspec.json.decode(self.extensions, type=Extensions).cost
        except msgspec.MsgspecError:
            return None


class UserError(Struct, frozen=True):
    """What is wrong with what was sent, told inside an answer that looks well."""

    message: str
    code: str | None = None
    field: list[str] | None = None


class Nodes(Struct, Generic[T], frozen=True):
    nodes: list[T]


class PageInfo(Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None


class Shop(Struct, frozen=True, rename="camel"):
    currency_code: str
    name: str = ""


class Location(Struct, frozen=True, rename="camel"):
    id: str
    is_active: bool
    fulfills_online_orders: bool


class Publication(Struct, frozen=True):
    id: str
    name: str


class Named(Struct, frozen=True):
    name: str


class Definition(Struct, frozen=True):
    type: Named


class OpenData(Struct, frozen=True, rename="camel"):
    shop: Shop
    locations: Nodes[Location]
    publications: Nodes[Publication]
    metafield_definitions: Nodes[Definition]


class Defined(Struct, frozen=True, rename="camel"):
    created_definition: Definition | None
    user_errors: list[UserError]


class DefineData(Struct, frozen=True, rename="camel"):
    metafield_definition_create: Defined


class Quantity(Struct, frozen=True):
    name: str
    quantity: int


class Level(Struct, frozen=True):
    quantities: list[Quantity]


class Item(Struct, frozen=True, rename="camel"):
    id: str
    tracked: bool
    inventory_level: Level | None


class Variant(Struct, frozen=True, rename="camel"):
    id: str
    price: str
    inventory_policy: str
    inventory_item: Item


class Product(Struct, frozen=True, rename="camel"):
    id: str
    status: str
    published_on_publication: bool
    variants: Nodes[Variant]


class FindData(Struct, frozen=True):
    shop: Shop
    product: Product | None


class ProductSet(Struct, frozen=True, rename="camel"):
    product: Product | None
    user_errors: list[UserError]


class CreateData(Struct, frozen=True, rename="camel"):
    product_set: ProductSet


class Status(Struct, frozen=True):
    status: str


class Updated(Struct, frozen=True, rename="camel"):
    product: Status | None
    user_errors: list[UserError]


class ProductData(Struct, frozen=True, rename="camel"):
    product_update: Updated


class Plain(Struct, frozen=True, rename="camel"):
    user_errors: list[UserError]


class PublishData(Struct, frozen=True, rename="camel"):
    publishable_publish: Plain
    product_update: Updated


class Priced(Struct, frozen=True):
    id: str
    price: str


class BulkUpdated(Struct, frozen=True, rename="camel"):
    product_variants: list[Priced] | None
    user_errors: list[UserError]


class PriceData(Struct, frozen=True, rename="camel"):
    product_variants_bulk_update: BulkUpdated


class QuantityData(Struct, frozen=True, rename="camel"):
    inventory_set_quantities: Plain


class Tracked(Struct, frozen=True):
    tracked: bool


class Stopping(Struct, frozen=True, rename="camel"):
    id: str
    inventory_policy: str
    inventory_item: Tracked


class Stopped(Struct, frozen=True, rename="camel"):
    product_variants: list[Stopping] | None
    user_errors: list[UserError]


class PauseData(Struct, frozen=True, rename="camel"):
    product_variants_bulk_update: Stopped
    inventory_set_quantities: Plain


class Amount(Struct, frozen=True, rename="camel"):
    amount: str
    currency_code: str


class Bag(Struct, frozen=True, rename="camel"):
    shop_money: Amount


class Fee(Struct, frozen=True, rename="camel"):
    amount: Amount
    tax_amount: Amount


class Transaction(Struct, frozen=True):
    kind: str
    status: str
    fees: list[Fee]


class Metafield(Struct, frozen=True):
    value: str


class LineProduct(Struct, frozen=True):
    metafield: Metafield | None


class Allocation(Struct, frozen=True, rename="camel"):
    allocated_amount_set: Bag


class Line(Struct, frozen=True, rename="camel"):
    quantity: int
    original_total_set: Bag
    discount_allocations: list[Allocation]
    sku: str | None
    product: LineProduct | None


class Lines(Struct, frozen=True, rename="camel"):
    page_info: PageInfo
    nodes: list[Line]


class Refund(Struct, frozen=True, rename="camel"):
    created_at: datetime | None


class Order(Struct, frozen=True, rename="camel"):
    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    test: bool
    display_financial_status: str | None
    currency_code: str
    taxes_included: bool
    total_tax_set: Bag | None
    current_total_tax_set: Bag
    total_refunded_set: Bag
    total_refunded_shipping_set: Bag
    refunds: list[Refund]
    transactions: list[Transaction]
    line_items: Lines


class Orders(Struct, frozen=True, rename="camel"):
    page_info: PageInfo
    nodes: list[Order]


class OrdersData(Struct, frozen=True):
    orders: Orders


class OneOrder(Struct, frozen=True, rename="camel"):
    line_items: Lines


class MoreLinesData(Struct, frozen=True):
    order: OneOrder | None


class Grant(Struct, frozen=True):
    """The token endpoint's answer; `scope` is a list separated by commas."""

    access_token: str
    expires_in: int
    scope: str = ""
