"""`inventorySetQuantities`: absolute stock, compared with what the caller believed, once a key."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.changing import Change, Payload, refused
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.product_set_variants import MAX_QUANTITY
from dropship.simulators.shopify.goods.saying_no import Denied, UserError, as_list
from dropship.simulators.shopify.graph.errors import GraphError, NotSimulated

_NOTHING: dict[str, None] = {"inventoryAdjustmentGroup": None}
_REASONS = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One quantity that changed."""

    product: Product
    variant: Variant
    name: str
    delta: int


@dataclass(frozen=True, slots=True)
class Adjustment:
    number: int
    reason: str
    reference: str | None
    at: datetime
    moved: tuple[Moved, ...]


class Once:
    """Answers by idempotency key: the same question is answered the same, and done once."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[str, Payload]] = {}

    def inventory_set_quantities(
        self, change: Change, args: dict[str, Any], key: str | None
    ) -> Payload:
        """Shopify demands the key at run time only: its schema does not say so."""
        if key is None:
            raise GraphError(
                "The @idempotent directive is required for this mutation but was not provided.",
                "BAD_REQUEST",
            )
        if not isinstance(key, str) or not key.strip():
            raise GraphError("The idempotency key can't be blank.", "BAD_REQUEST")
        question = json.dumps(args, sort_keys=True, default=str)
        asked, answer = self._answers.get(key, (question, None))
        if asked != question:
            message = "The same idempotency key cannot be used with different operation parameters."
            code = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
            return refused(UserError(message, None, code), **_NOTHING)
        if answer is None:
            answer = _set_quantities(change, args["input"])
            self._answers[key] = (question, answer)
        return answer


def _set_quantities(change: Change, wish: dict[str, Any]) -> Payload:
    try:
        _check_frame(wish)
        moves = [
            _wanted(change, one, ("input", "quantities", str(index)))
            for index, one in enumerate(as_list(wish["quantities"]))
        ]
        numbers = [variant.number for _, variant, _ in moves]
        if len(set(numbers)) < len(numbers):
            message = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            raise Denied(message, ("input", "quantities"), code)
    except Denied as no:
        return refused(no.error, **_NOTHING)
    moved = tuple(_move(change, variant, quantity, wish) for _, variant, quantity in moves)
    real = tuple(one for one in moved if one.delta)
    group = None
    if real:
        number = change.catalogue.next_number("InventoryAdjustmentGroup")
        reference = wish.get("referenceDocumentUri")
        group = Adjustment(number, wish["reason"], reference, change.at, real)
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _check_frame(wish: dict[str, Any]) -> None:
    if wish["name"] not in {"available", "on_hand"}:
        message = "The quantity name must be either 'available' or 'on_hand'."
        raise Denied(message, ("input", "name"), "INVALID_NAME")
    if wish["reason"] not in _REASONS:
        raise Denied("The specified reason is invalid.", ("input", "reason"), "INVALID_REASON")
    reference = wish.get("referenceDocumentUri")
    scheme, colon, rest = str(reference or "").partition("://")
    if reference is not None and not (scheme and colon and rest):
        message, place = "The specified reference document is invalid.", "referenceDocumentUri"
        raise Denied(message, ("input", place), "INVALID_REFERENCE_DOCUMENT")


def _wanted(
    change: Change, one: dict[str, Any], at: tuple[str, ...]
) -> tuple[Product, Variant, int]:
    found = change.catalogue.by_item(number_in(one["inventoryItemId"], "InventoryItem"))
    if found is None:
        message = "The specified inventory item could not be found."
        raise Denied(message, (*at, "inventoryItemId"), "INVALID_INVENTORY_ITEM")
    place = number_in(one["locationId"], "Location")
    if place not in change.catalogue.locations:
        message = "The specified location could not be found."
        raise Denied(message, (*at, "locationId"), "INVALID_LOCATION")
    if place != found[1].place:
        raise NotSimulated("stock at a second location")
    quantity, believed = one["quantity"], one.get("changeFromQuantity")
    if not 0 <= quantity <= MAX_QUANTITY:
        code = "INVALID_QUANTITY_NEGATIVE" if quantity < 0 else "INVALID_QUANTITY_TOO_HIGH"
        raise Denied("The quantity is out of range.", (*at, "quantity"), code)
    if "changeFromQuantity" not in one:
        message = "The changeFromQuantity argument must be given for each quantity (null opts out)."
        raise Denied(message, (*at, "changeFromQuantity"), "COMPARE_QUANTITY_REQUIRED")
    product, variant = found
    if believed is not None and believed != variant.quantity:
        message = "The changeFromQuantity value does not match persisted value."
        raise Denied(message, (*at, "changeFromQuantity"), "CHANGE_FROM_QUANTITY_STALE")
    return product, variant, quantity


def _move(change: Change, variant: Variant, quantity: int, wish: dict[str, Any]) -> Moved:
    """The product is read again: an earlier quantity of this call may have changed it."""
    found = change.catalogue.variant(variant.number)
    product, old = found if found is not None else (None, variant)
    if product is None:
        raise GraphError("Internal error", "INTERNAL_SERVER_ERROR")
    fresh = replace(old, quantity=quantity, updated_at=change.at)
    variants = tuple(fresh if v.number == fresh.number else v for v in product.variants)
    product = change.commit(replace(product, variants=variants), (fresh,))
    return Moved(product, fresh, str(wish["name"]), quantity - old.quantity)
