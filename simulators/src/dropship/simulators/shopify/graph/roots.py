"""The operations a shop takes: what each needs, and what carries it out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from dropship.simulators.shopify.gids import gid, number_in
from dropship.simulators.shopify.goods.catalogue import LOCATION, PUBLICATIONS, namespace_of
from dropship.simulators.shopify.goods.changing import Change, Payload
from dropship.simulators.shopify.goods.definitions import metafield_definition_create
from dropship.simulators.shopify.goods.finding import find_product
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.product_set import product_set
from dropship.simulators.shopify.goods.publishing import (
    product_update,
    publishable_publish,
    publishable_unpublish,
)
from dropship.simulators.shopify.goods.variants import product_variants_bulk_update
from dropship.simulators.shopify.graph import order_fields, product_fields, shop_fields
from dropship.simulators.shopify.graph.errors import NotSimulated
from dropship.simulators.shopify.graph.paging import Key, Page, page_of
from dropship.simulators.shopify.graph.searching import Fields, fitting
from dropship.simulators.shopify.graph.sight import Sight
from dropship.simulators.shopify.graph.tables import Args, Field, Table
from dropship.simulators.shopify.trade.order import Order

Mutate = Callable[[Change, Args], Payload]

MUTATIONS: dict[str, Mutate] = {
    "productSet": product_set,
    "productUpdate": product_update,
    "productVariantsBulkUpdate": product_variants_bulk_update,
    "publishablePublish": publishable_publish,
    "publishableUnpublish": publishable_unpublish,
    "metafieldDefinitionCreate": metafield_definition_create,
}
"""`inventorySetQuantities` is the one that takes a key, and is carried out by the shop's `Once`."""

SCOPES: dict[str, str] = {
    "productSet": "write_products",
    "productUpdate": "write_products",
    "productVariantsBulkUpdate": "write_products",
    "metafieldDefinitionCreate": "write_products",
    "inventorySetQuantities": "write_inventory",
    "publishablePublish": "write_publications",
    "publishableUnpublish": "write_publications",
    "product": "read_products",
    "products": "read_products",
    "productByIdentifier": "read_products",
    "productVariant": "read_products",
    "productVariants": "read_products",
    "metafieldDefinitions": "read_products",
    "inventoryItem": "read_inventory",
    "location": "read_locations",
    "locations": "read_locations",
    "publications": "read_publications",
    "order": "read_orders",
    "orders": "read_orders",
}


class Sort(NamedTuple):
    """The search fields of a list, and how its sort keys read a thing."""

    fields: Fields
    keys: dict[str, Callable[[Any], str]]
    default: str


def _sortable(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"


_PRODUCTS = Sort(
    {
        "default": lambda p: frozenset(p.title.lower().split()),
        "id": lambda p: p.number,
        "title": lambda p: p.title,
        "handle": lambda p: p.slug,
        "status": lambda p: p.status,
        "vendor": lambda p: p.vendor,
        "tag": lambda p: frozenset(p.tags),
        "sku": lambda p: frozenset(v.sku for v in p.variants),
        "created_at": lambda p: p.created_at,
        "updated_at": lambda p: p.updated_at,
        "published_status": lambda p: "published" if p.live else "unpublished",
    },
    {
        "ID": lambda p: f"{p.number:020d}",
        "TITLE": lambda p: p.title,
        "CREATED_AT": lambda p: _sortable(p.created_at),
        "UPDATED_AT": lambda p: _sortable(p.updated_at),
    },
    "ID",
)
_VARIANTS = Sort(
    {
        "id": lambda pair: pair[1].number,
        "sku": lambda pair: pair[1].sku,
        "product_id": lambda pair: pair[0].number,
        "updated_at": lambda pair: pair[1].updated_at,
    },
    {"ID": lambda pair: f"{pair[1].number:020d}", "SKU": lambda pair: pair[1].sku or ""},
    "ID",
)
_ORDERS = Sort(
    {
        "id": lambda o: o.number,
        "name": lambda o: frozenset({o.name, o.name.lstrip("#")}),
        "created_at": lambda o: o.at,
        "processed_at": lambda o: o.at,
        "updated_at": lambda o: o.updated_at,
        "financial_status": lambda o: o.financial_status,
        "fulfillment_status": lambda _o: "unfulfilled",
        "status": lambda o: frozenset({"any", "cancelled" if o.cancelled_at else "open"}),
        "sku": lambda o: frozenset(line.sku for line in o.lines),
    },
    {
        "ID": lambda o: f"{o.number:020d}",
        "CREATED_AT": lambda o: _sortable(o.at),
        "PROCESSED_AT": lambda o: _sortable(o.at),
        "UPDATED_AT": lambda o: _sortable(o.updated_at),
    },
    "PROCESSED_AT",
)


def _listed(things: list[Any], args: Args, sort: Sort, number: Callable[[Any], int]) -> Page:
    name = str(args.get("sortKey") or sort.default)
    if name not in sort.keys:
        raise NotSimulated(f"the sort key {name}")
    read = sort.keys[name]

    def key_of(thing: Any) -> Key:
        return read(thing), number(thing)

    return page_of(fitting(things, args.get("query"), sort.fields), args, key_of)


def _products(_source: Any, args: Args, sight: Sight) -> Page:
    return _listed(sight.catalogue.living(sight.lag_s), args, _PRODUCTS, lambda p: int(p.number))


def _product_variants(_source: Any, args: Args, sight: Sight) -> Page:
    pairs = [(p, v) for p in sight.catalogue.living(sight.lag_s) for v in p.variants]
    return _listed(pairs, args, _VARIANTS, lambda pair: int(pair[1].number))


def _orders(_source: Any, args: Args, sight: Sight) -> Page:
    return _listed(sight.book.orders.all(sight.lag_s), args, _ORDERS, lambda o: int(o.number))


def _product(_source: Any, args: Args, sight: Sight) -> Product | None:
    return sight.product(number_in(args["id"], "Product"))


def _by_identifier(_source: Any, args: Args, sight: Sight) -> Product | None:
    return find_product(sight.catalogue, args["identifier"], sight.app, sight.lag_s)


def _variant(_source: Any, args: Args, sight: Sight) -> tuple[Product, Variant] | None:
    return sight.variant(number_in(args["id"], "ProductVariant"))


def _item(_source: Any, args: Args, sight: Sight) -> tuple[Product, Variant] | None:
    return sight.catalogue.by_item(number_in(args["id"], "InventoryItem"), sight.lag_s)


def _order(_source: Any, args: Args, sight: Sight) -> Order | None:
    return sight.book.orders.get(number_in(args["id"], "Order"), sight.lag_s)


def _location(_source: Any, args: Args, sight: Sight) -> int | None:
    number = number_in(args.get("id", gid("Location", LOCATION)), "Location")
    return number if number in sight.catalogue.locations else None


def _locations(_source: Any, args: Args, sight: Sight) -> Page:
    if args.get("sortKey") not in {None, "NAME"}:
        raise NotSimulated(f"the sort key {args['sortKey']}")
    return page_of(sight.catalogue.places(), args)


def _definitions(_source: Any, args: Args, sight: Sight) -> Page:
    namespace = args.get("namespace")
    full = None if namespace is None else namespace_of(namespace, sight.app)
    found = [
        one
        for one in sight.catalogue.definitions.values()
        if one.owner_type == args["ownerType"]
        and full in {None, one.namespace}
        and args.get("key") in {None, one.key}
    ]
    return page_of(found, args)


_QUERIES: Table = {
    "product": Field(_product, "Product"),
    "products": Field(_products, "ProductConnection"),
    "productByIdentifier": Field(_by_identifier, "Product"),
    "productVariant": Field(_variant, "ProductVariant"),
    "productVariants": Field(_product_variants, "ProductVariantConnection"),
    "inventoryItem": Field(_item, "InventoryItem"),
    "location": Field(_location, "Location"),
    "locations": Field(_locations, "LocationConnection"),
    "publications": Field(
        lambda _s, args, _sight: page_of(list(PUBLICATIONS), args), "PublicationConnection"
    ),
    "shop": Field(lambda _s, _a, _sight: True, "Shop"),
    "order": Field(_order, "Order"),
    "orders": Field(_orders, "OrderConnection"),
    "currentAppInstallation": Field(lambda _s, _a, _sight: True, "AppInstallation"),
    "appInstallation": Field(lambda _s, _a, _sight: True, "AppInstallation"),
    "metafieldDefinitions": Field(_definitions, "MetafieldDefinitionConnection"),
}

TABLES: dict[str, Table] = {
    "QueryRoot": _QUERIES,
    "Mutation": {
        name: Field(lambda source, _args, _sight: source, shop_fields.payload_type(name))
        for name in (*MUTATIONS, "inventorySetQuantities")
    },
    **product_fields.TABLES,
    **order_fields.TABLES,
    **shop_fields.TABLES,
}
