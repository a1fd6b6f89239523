"""What every mutation is given, and what it leaves behind for answer and ledger."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.saying_no import UserError


@dataclass(frozen=True, slots=True)
class Effect:
    """One committed write: the product as it is now, and the variant meant, if one was."""

    product: Product
    variant: Variant | None
    changed: bool


@dataclass(slots=True)
class Change:
    """One mutation at work, of one app. `effects` are what it committed, in order."""

    catalogue: Catalogue
    currency: str
    at: datetime
    app: int
    effects: list[Effect] = field(default_factory=list)

    def commit(self, product: Product, variants: tuple[Variant, ...] = ()) -> Product:
        """Keep the new version, and note one effect for each variant touched (or one in all)."""
        old = self.catalogue.products.get(product.number)
        self.catalogue.put(product)
        frame_changed = old is None or _frame(old) != _frame(product)
        for variant in variants or (None,):
            changed = frame_changed
            if variant is not None and old is not None:
                changed |= _timeless(old.variant(variant.number)) != _timeless(variant)
            self.effects.append(Effect(product, variant, changed))
        return product


Payload = dict[str, Any]


def refused(error: UserError | list[UserError], **nothing: None) -> Payload:
    """The payload of a mutation that did nothing."""
    errors = error if isinstance(error, list) else [error]
    return {**nothing, "userErrors": errors}


def _timeless(variant: Variant | None) -> Variant | None:
    return None if variant is None else replace(variant, updated_at=variant.created_at)


def _frame(product: Product) -> Product:
    """The product without its variants and its clock: what a write to a variant leaves alone."""
    return replace(product, variants=(), updated_at=product.created_at, published_at=None)
