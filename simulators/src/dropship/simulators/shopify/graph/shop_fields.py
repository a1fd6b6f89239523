"""How the shop itself is shown, and the payloads of mutations."""

from dropship.simulators.shopify.gids import gid
from dropship.simulators.shopify.goods.catalogue import LOCATION
from dropship.simulators.shopify.goods.inventory import Adjustment, Moved
from dropship.simulators.shopify.graph.sight import Sight, moment
from dropship.simulators.shopify.graph.tables import (
    PAGE_INFO,
    Args,
    Field,
    Table,
    always,
    connection_tables,
    key,
    leaf,
)

_SHOP_NUMBER = 68_000_000_001


def shop_field(name: str) -> Field:
    """A scalar of the shop, which every resolver can see."""
    return Field(lambda _source, _args, sight: getattr(sight, name))


def _changes(group: Adjustment, args: Args, _sight: Sight) -> list[Moved]:
    names = args.get("quantityNames")
    return [one for one in group.moved if names is None or one.name in names]


_USER_ERROR: Table = {
    "field": leaf(lambda error: None if error.field is None else list(error.field)),
    "message": leaf(lambda error: error.message),
}
_CODED: Table = {**_USER_ERROR, "code": leaf(lambda error: error.code)}


def _payload(error: str, **members: str) -> Table:
    fields: dict[str, Field] = {name: key(name, type_) for name, type_ in members.items()}
    return {**fields, "userErrors": key("userErrors", error)}


_THIS_SHOP = Field(lambda _source, _args, _sight: True, "Shop")

TABLES: dict[str, Table] = {
    "PageInfo": PAGE_INFO,
    "Shop": {
        "id": always(gid("Shop", _SHOP_NUMBER)),
        "name": shop_field("name"),
        "currencyCode": shop_field("currency"),
        "myshopifyDomain": Field(lambda _s, _a, sight: f"{sight.name}.myshopify.com"),
        "url": Field(lambda _s, _a, sight: f"https://{sight.name}.myshopify.com"),
        "ianaTimezone": always("Etc/UTC"),
        "plan": Field(lambda _s, _a, _sight: True, "ShopPlan"),
    },
    "ShopPlan": {
        "displayName": always("Basic"),
        "publicDisplayName": always("Basic"),
        "partnerDevelopment": always(False),
        "shopifyPlus": always(False),
    },
    "AppInstallation": {
        "id": Field(lambda _s, _a, sight: gid("AppInstallation", sight.app)),
        "accessScopes": Field(lambda _s, _a, sight: list(sight.scopes), "AccessScope"),
    },
    "AccessScope": {
        "handle": leaf(lambda scope: scope),
        "description": leaf(lambda scope: scope.replace("_", " ").capitalize()),
    },
    "Location": {
        "id": leaf(lambda number: gid("Location", number)),
        "legacyResourceId": leaf(str),
        "name": Field(lambda number, _a, sight: sight.catalogue.locations[number]),
        "isActive": always(True),
        "isPrimary": leaf(lambda number: number == LOCATION),
        "fulfillsOnlineOrders": always(True),
        "shipsInventory": always(True),
        "hasActiveInventory": always(True),
    },
    "MetafieldDefinition": {
        "id": leaf(lambda d: gid("MetafieldDefinition", d.number)),
        "name": leaf(lambda d: d.name),
        "namespace": leaf(lambda d: d.namespace),
        "key": leaf(lambda d: d.key),
        "ownerType": leaf(lambda d: d.owner_type),
        "type": Field(lambda d, _a, _s: d.type, "MetafieldDefinitionType"),
        "capabilities": Field(lambda d, _a, _s: d, "MetafieldCapabilities"),
    },
    "MetafieldDefinitionType": {
        "name": leaf(lambda name: name),
        "category": leaf(lambda name: "ID" if name == "id" else "TEXT"),
    },
    "MetafieldCapabilities": {
        "uniqueValues": Field(lambda d, _a, _s: d, "MetafieldCapabilityUniqueValues")
    },
    "MetafieldCapabilityUniqueValues": {
        "enabled": leaf(lambda d: d.type == "id"),
        "eligible": leaf(lambda d: d.type == "id"),
    },
    "InventoryAdjustmentGroup": {
        "id": leaf(lambda g: gid("InventoryAdjustmentGroup", g.number)),
        "reason": leaf(lambda g: g.reason),
        "referenceDocumentUri": leaf(lambda g: g.reference),
        "createdAt": leaf(lambda g: moment(g.at)),
        "changes": Field(_changes, "InventoryChange"),
    },
    "InventoryChange": {
        "name": leaf(lambda m: m.name),
        "delta": leaf(lambda m: m.delta),
        "quantityAfterChange": leaf(lambda m: m.variant.quantity),
        "item": Field(lambda m, _a, _s: (m.product, m.variant), "InventoryItem"),
        "location": Field(lambda m, _a, _s: m.variant.place, "Location"),
    },
    "UserError": _USER_ERROR,
    "ProductSetUserError": _CODED,
    "ProductVariantsBulkUpdateUserError": _CODED,
    "InventorySetQuantitiesUserError": _CODED,
    "MetafieldDefinitionCreateUserError": _CODED,
    "ProductSetPayload": _payload("ProductSetUserError", product="Product")
    | {"productSetOperation": key("productSetOperation", "ProductSetOperation")},
    "ProductSetOperation": {"id": always(None), "status": always(None)},
    "ProductVariantsBulkUpdatePayload": _payload(
        "ProductVariantsBulkUpdateUserError", product="Product", productVariants="ProductVariant"
    ),
    "InventorySetQuantitiesPayload": _payload(
        "InventorySetQuantitiesUserError", inventoryAdjustmentGroup="InventoryAdjustmentGroup"
    ),
    "PublishablePublishPayload": _payload("UserError", publishable="Publishable")
    | {"shop": _THIS_SHOP},
    "PublishableUnpublishPayload": _payload("UserError", publishable="Publishable")
    | {"shop": _THIS_SHOP},
    "ProductUpdatePayload": _payload("UserError", product="Product"),
    "MetafieldDefinitionCreatePayload": _payload(
        "MetafieldDefinitionCreateUserError", createdDefinition="MetafieldDefinition"
    ),
    **connection_tables("Location"),
    **connection_tables("MetafieldDefinition"),
}

CONCRETE = {"Publishable": "Product"}
OTHERS: dict[str, frozenset[str]] = {
    "Product": frozenset({"Publishable", "Node", "LegacyInteroperability", "HasMetafields"}),
    "ProductVariant": frozenset({"Node", "LegacyInteroperability", "HasMetafields"}),
    "Order": frozenset({"Node", "LegacyInteroperability"}),
    **{
        name: frozenset({"DisplayableError"})
        for name in TABLES
        if name.endswith("UserError") or name == "UserError"
    },
}


def payload_type(mutation: str) -> str:
    return f"{mutation[0].upper()}{mutation[1:]}Payload"
