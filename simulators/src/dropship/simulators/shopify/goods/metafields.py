"""Metafields as they are written: of what type, and whose value it is already."""

from typing import Any

from dropship.simulators.shopify.goods.catalogue import namespace_of
from dropship.simulators.shopify.goods.changing import Change
from dropship.simulators.shopify.goods.product import Metafield, Product
from dropship.simulators.shopify.goods.saying_no import Denied


def metafield_of(change: Change, written: dict[str, Any]) -> Metafield:
    """The type is the definition's, where there is one. Raises Denied."""
    namespace = namespace_of(written.get("namespace"), change.app)
    key = str(written.get("key") or "")
    if not key or written.get("value") is None:
        message = "Key and value can't be blank"
        raise Denied(message, ("input", "metafields"), "INVALID_METAFIELD")
    definition = change.catalogue.definitions.get(("PRODUCT", namespace, key))
    type_ = definition.type if definition is not None else written.get("type")
    if type_ is None:
        raise Denied("Type can't be blank", ("input", "metafields"), "INVALID_METAFIELD")
    number = change.catalogue.next_number("Metafield")
    return Metafield(number, namespace, key, str(type_), str(written["value"]))


def check_unique(change: Change, field: Metafield, product: Product | None) -> None:
    """Raises Denied for what identifies another product."""
    owner = change.catalogue.by_custom_id(field.namespace, field.key, field.value)
    if owner is not None and (product is None or owner.number != product.number):
        raise Denied(
            f"The value '{field.value}' has already been assigned to another product.",
            ("input", "metafields"),
            "CAPABILITY_VIOLATION",
        )


def added(change: Change, product: Product, written: list[Any]) -> dict[str, Any]:
    """The members of `Product` that change: given ones replace those of their place, no others."""
    fields = {(field.namespace, field.key): field for field in product.metafields}
    for one in written:
        field = metafield_of(change, one)
        check_unique(change, field, product)
        fields[field.namespace, field.key] = field
    listing = next((field.value for field in fields.values() if field.type == "id"), None)
    return {"metafields": tuple(fields.values()), "listing": listing or product.listing}
