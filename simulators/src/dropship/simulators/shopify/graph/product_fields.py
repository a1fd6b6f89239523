"""How products, variants and stock are shown. A variant's source is the pair (product, variant)."""

from typing import Any

from dropship.simulators.shopify.gids import gid, number_in
from dropship.simulators.shopify.goods.catalogue import PUBLICATIONS, namespace_of
from dropship.simulators.shopify.goods.product import Metafield, Product, Variant
from dropship.simulators.shopify.graph.paging import Page, page_of
from dropship.simulators.shopify.graph.sight import Sight, moment
from dropship.simulators.shopify.graph.tables import (
    Args,
    Field,
    Table,
    always,
    connection_tables,
    leaf,
)
from dropship.simulators.shopify.money import as_money

_QUANTITY_NAMES = ("available", "on_hand")
_NO_QUANTITY_NAMES = (
    "committed",
    "incoming",
    "reserved",
    "damaged",
    "quality_control",
    "safety_stock",
)


def _variants(product: Product, args: Args, _sight: Sight) -> Page:
    return page_of([(product, variant) for variant in product.variants], args)


def _options(product: Product, args: Args, _sight: Sight) -> list[Any]:
    options = [(product, index) for index in range(len(product.options))]
    first = args.get("first")
    return options[:first] if isinstance(first, int) else options


def _publications(product: Product, args: Args, _sight: Sight) -> Page:
    return page_of([(product, number) for number in sorted(product.published)], args)


def _metafield(product: Product, args: Args, sight: Sight) -> Metafield | None:
    namespace = namespace_of(args.get("namespace"), sight.app)
    if args.get("namespace") is None and "." in str(args["key"]):
        namespace, _, plain = str(args["key"]).partition(".")
        args = {"key": plain}
    found = (m for m in product.metafields if (m.namespace, m.key) == (namespace, args["key"]))
    return next(found, None)


def _published_on(product: Product, args: Args, _sight: Sight) -> bool:
    number = number_in(args["publicationId"], "Publication")
    return product.status == "ACTIVE" and number in product.published


def _price_range(product: Product, _args: Args, sight: Sight) -> dict[str, Any]:
    prices = [v.price for v in product.variants]
    return {
        "minVariantPrice": sight.money(min(prices)),
        "maxVariantPrice": sight.money(max(prices)),
    }


def _online_url(product: Product, _args: Args, sight: Sight) -> str | None:
    """Only what a buyer can find has an address."""
    return f"https://{sight.name}.myshopify.com/products/{product.slug}" if product.live else None


PRODUCT: Table = {
    "id": leaf(lambda p: gid("Product", p.number)),
    "legacyResourceId": leaf(lambda p: str(p.number)),
    "title": leaf(lambda p: p.title),
    "handle": leaf(lambda p: p.slug),
    "status": leaf(lambda p: p.status),
    "descriptionHtml": leaf(lambda p: p.description_html),
    "vendor": leaf(lambda p: p.vendor),
    "productType": leaf(lambda p: p.product_type),
    "tags": leaf(lambda p: list(p.tags)),
    "createdAt": leaf(lambda p: moment(p.created_at)),
    "updatedAt": leaf(lambda p: moment(p.updated_at)),
    "publishedAt": leaf(lambda p: moment(p.published_at)),
    "totalInventory": leaf(lambda p: sum(v.quantity for v in p.variants if v.tracked)),
    "tracksInventory": leaf(lambda p: any(v.tracked for v in p.variants)),
    "hasOnlyDefaultVariant": leaf(lambda p: p.options == (("Title", ("Default Title",)),)),
    "hasOutOfStockVariants": leaf(lambda p: any(not v.can_sell(1) for v in p.variants)),
    "variantsCount": Field(lambda p, _a, _s: len(p.variants), "Count"),
    "mediaCount": Field(lambda p, _a, _s: len(p.files), "Count"),
    "resourcePublicationsCount": Field(lambda p, _a, _s: len(p.published), "Count"),
    "availablePublicationsCount": Field(lambda p, _a, _s: len(p.published), "Count"),
    "publishedOnPublication": Field(_published_on),
    "onlineStoreUrl": Field(_online_url),
    "publishedOnCurrentPublication": leaf(lambda p: p.live),
    "resourcePublications": Field(_publications, "ResourcePublicationConnection"),
    "resourcePublicationsV2": Field(_publications, "ResourcePublicationV2Connection"),
    "options": Field(_options, "ProductOption"),
    "variants": Field(_variants, "ProductVariantConnection"),
    "metafield": Field(_metafield, "Metafield"),
    "priceRangeV2": Field(_price_range, "ProductPriceRangeV2"),
}

VARIANT: Table = {
    "id": leaf(lambda pair: gid("ProductVariant", pair[1].number)),
    "legacyResourceId": leaf(lambda pair: str(pair[1].number)),
    "title": leaf(lambda pair: pair[1].title),
    "displayName": leaf(lambda pair: f"{pair[0].title} - {pair[1].title}"),
    "sku": leaf(lambda pair: pair[1].sku),
    "barcode": leaf(lambda pair: pair[1].barcode),
    "price": leaf(lambda pair: as_money(pair[1].price)),
    "compareAtPrice": leaf(
        lambda pair: None if pair[1].compare_at is None else as_money(pair[1].compare_at)
    ),
    "position": leaf(lambda pair: pair[0].variants.index(pair[1]) + 1),
    "inventoryPolicy": leaf(lambda pair: "CONTINUE" if pair[1].oversells else "DENY"),
    "inventoryQuantity": leaf(lambda pair: pair[1].quantity),
    "sellableOnlineQuantity": leaf(lambda pair: pair[1].quantity),
    "availableForSale": leaf(lambda pair: pair[1].can_sell(1)),
    "taxable": always(True),
    "createdAt": leaf(lambda pair: moment(pair[1].created_at)),
    "updatedAt": leaf(lambda pair: moment(pair[1].updated_at)),
    "selectedOptions": Field(lambda pair, _a, _s: list(pair[1].options), "SelectedOption"),
    "inventoryItem": Field(lambda pair, _a, _s: pair, "InventoryItem"),
    "product": Field(lambda pair, _a, _s: pair[0], "Product"),
}


def _level(pair: tuple[Product, Variant], args: Args, _sight: Sight) -> Any:
    return pair if number_in(args["locationId"], "Location") == pair[1].place else None


def _quantities(pair: tuple[Product, Variant], args: Args, _sight: Sight) -> list[Any]:
    return [
        (pair, str(name), pair[1].quantity if name in _QUANTITY_NAMES else 0)
        for name in args["names"]
        if name in (*_QUANTITY_NAMES, *_NO_QUANTITY_NAMES)
    ]


INVENTORY_ITEM: Table = {
    "id": leaf(lambda pair: gid("InventoryItem", pair[1].item_number)),
    "legacyResourceId": leaf(lambda pair: str(pair[1].item_number)),
    "sku": leaf(lambda pair: pair[1].sku),
    "tracked": leaf(lambda pair: pair[1].tracked),
    "requiresShipping": always(True),
    "createdAt": leaf(lambda pair: moment(pair[1].created_at)),
    "updatedAt": leaf(lambda pair: moment(pair[1].updated_at)),
    "unitCost": Field(
        lambda pair, _a, s: None if pair[1].cost is None else s.money(pair[1].cost), "MoneyV2"
    ),
    "variant": Field(lambda pair, _a, _s: pair, "ProductVariant"),
    "inventoryLevel": Field(_level, "InventoryLevel"),
    "inventoryLevels": Field(
        lambda pair, args, _s: page_of([pair], args), "InventoryLevelConnection"
    ),
}


def _level_id(kind: str, variant: Variant, name: str = "") -> str:
    """Stock has no number of its own: it is known by its place and its item."""
    ending = f"&name={name}" if name else ""
    return f"{gid(kind, variant.place)}?inventory_item_id={variant.item_number}{ending}"


INVENTORY_LEVEL: Table = {
    "id": leaf(lambda pair: _level_id("InventoryLevel", pair[1])),
    "isActive": always(True),
    "createdAt": leaf(lambda pair: moment(pair[1].created_at)),
    "updatedAt": leaf(lambda pair: moment(pair[1].updated_at)),
    "item": Field(lambda pair, _a, _s: pair, "InventoryItem"),
    "location": Field(lambda pair, _a, _s: pair[1].place, "Location"),
    "quantities": Field(_quantities, "InventoryQuantity"),
}

INVENTORY_QUANTITY: Table = {
    "id": leaf(lambda q: _level_id("InventoryQuantity", q[0][1], q[1])),
    "name": leaf(lambda q: q[1]),
    "quantity": leaf(lambda q: q[2]),
    "updatedAt": leaf(lambda q: moment(q[0][1].updated_at)),
}

_RESOURCE_PUBLICATION: Table = {
    "isPublished": leaf(lambda pair: pair[0].status == "ACTIVE"),
    "publishDate": leaf(lambda pair: moment(pair[0].published_at)),
    "publication": Field(lambda pair, _a, _s: pair[1], "Publication"),
    "publishable": Field(lambda pair, _a, _s: pair[0], "Publishable"),
}


def _option_values(pair: tuple[Product, int], _args: Args, _sight: Sight) -> list[Any]:
    product, index = pair
    name, values = product.options[index]
    return [(product, index, number, name, value) for number, value in enumerate(values)]


_OF_EVERY_PUBLISHABLE = (
    "availablePublicationsCount",
    "publishedOnCurrentPublication",
    "publishedOnPublication",
    "resourcePublications",
    "resourcePublicationsCount",
    "resourcePublicationsV2",
)

TABLES: dict[str, Table] = {
    "Product": PRODUCT,
    "Publishable": {name: PRODUCT[name] for name in _OF_EVERY_PUBLISHABLE},
    "ProductVariant": VARIANT,
    "InventoryItem": INVENTORY_ITEM,
    "InventoryLevel": INVENTORY_LEVEL,
    "InventoryQuantity": INVENTORY_QUANTITY,
    "ResourcePublication": _RESOURCE_PUBLICATION,
    "ResourcePublicationV2": _RESOURCE_PUBLICATION,
    "Count": {"count": leaf(lambda n: n), "precision": always("EXACT")},
    "ProductOption": {
        "id": leaf(lambda pair: gid("ProductOption", pair[0].number * 10 + pair[1])),
        "name": leaf(lambda pair: pair[0].options[pair[1]][0]),
        "position": leaf(lambda pair: pair[1] + 1),
        "values": leaf(lambda pair: list(pair[0].options[pair[1]][1])),
        "optionValues": Field(_option_values, "ProductOptionValue"),
    },
    "ProductOptionValue": {
        "id": leaf(lambda v: gid("ProductOptionValue", (v[0].number * 10 + v[1]) * 1_000 + v[2])),
        "name": leaf(lambda v: v[4]),
        "hasVariants": leaf(lambda v: any((v[3], v[4]) in one.options for one in v[0].variants)),
    },
    "SelectedOption": {"name": leaf(lambda pair: pair[0]), "value": leaf(lambda pair: pair[1])},
    "Metafield": {
        "id": leaf(lambda m: gid("Metafield", m.number)),
        "namespace": leaf(lambda m: m.namespace),
        "key": leaf(lambda m: m.key),
        "type": leaf(lambda m: m.type),
        "value": leaf(lambda m: m.value),
    },
    "ProductPriceRangeV2": {
        "minVariantPrice": Field(lambda r, _a, _s: r["minVariantPrice"], "MoneyV2"),
        "maxVariantPrice": Field(lambda r, _a, _s: r["maxVariantPrice"], "MoneyV2"),
    },
    "Publication": {
        "id": leaf(lambda number: gid("Publication", number)),
        "name": leaf(lambda number: PUBLICATIONS[number]),
        "autoPublish": always(False),
        "supportsFuturePublishing": leaf(lambda number: PUBLICATIONS[number] == "Online Store"),
    },
    **connection_tables("Product"),
    **connection_tables("ProductVariant"),
    **connection_tables("InventoryLevel"),
    **connection_tables("ResourcePublication"),
    **connection_tables("ResourcePublicationV2"),
    **connection_tables("Publication"),
}
