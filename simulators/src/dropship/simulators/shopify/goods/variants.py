"""`productVariantsBulkUpdate`: prices and the like of variants of one product."""

from dataclasses import replace
from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.changing import Change, Payload, refused
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.product_set_variants import written_variant
from dropship.simulators.shopify.goods.saying_no import Denied, UserError, as_list
from dropship.simulators.shopify.money import amount_in

_NOTHING: dict[str, None] = {"product": None, "productVariants": None}


def product_variants_bulk_update(change: Change, args: dict[str, Any]) -> Payload:
    """All or nothing, unless partial updates are allowed."""
    product = change.catalogue.product(number_in(args["productId"], "Product"))
    if product is None:
        error = UserError("Product does not exist", ("productId",), "PRODUCT_DOES_NOT_EXIST")
        return refused(error, **_NOTHING)
    errors, fresh = [], []
    for index, one in enumerate(as_list(args["variants"])):
        try:
            fresh.append(_updated(change, product, one, ("variants", str(index))))
        except Denied as no:
            errors.append(no.error)
    if errors and not args.get("allowPartialUpdates"):
        return {"product": product, "productVariants": None, "userErrors": errors}
    if fresh:
        renewed = {variant.number: variant for variant in fresh}
        variants = tuple(renewed.get(v.number, v) for v in product.variants)
        product = replace(product, variants=variants, updated_at=change.at)
        change.commit(product, tuple(renewed.values()))
    pairs = [(product, variant) for variant in fresh]
    return {"product": product, "productVariants": pairs, "userErrors": errors}


def _updated(change: Change, product: Product, one: dict[str, Any], at: tuple[str, ...]) -> Variant:
    if one.get("id") is None:
        message = "Product variant is missing ID attribute"
        raise Denied(message, (*at, "id"), "PRODUCT_VARIANT_ID_MISSING")
    old = product.variant(number_in(one["id"], "ProductVariant"))
    if old is None:
        message = "Product variant does not exist"
        raise Denied(message, (*at, "id"), "PRODUCT_VARIANT_DOES_NOT_EXIST")
    if one.get("inventoryQuantities") is not None:
        message = "Inventory quantities can only be provided during create."
        place = (*at, "inventoryQuantities")
        raise Denied(message, place, "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE")
    price = amount_in(one.get("price"))
    if one.get("price") is not None and (price is None or price < 0):
        code = "INVALID_VALUE" if price is None else "NEGATIVE_PRICE_VALUE"
        raise Denied("Price must be greater than or equal to 0", (*at, "price"), code)
    try:
        return replace(old, **written_variant(change, one, at), updated_at=change.at)
    except Denied as no:
        raise Denied(no.error.message, no.error.field, "INVALID_INPUT") from None
