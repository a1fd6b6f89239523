"""All products of a shop, and every way to find one."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.goods.versions import Versions

LOCATION = 71_000_000_001
"""Where stock lies in a shop that was just opened."""
PUBLICATIONS = {61_000_000_001: "Online Store", 61_000_000_002: "Point of Sale"}
_FIRST = {"Product": 9_100_000_000_000, "ProductVariant": 48_200_000_000_000}
_RESERVED = re.compile(r"\$app(?::(?P<rest>.+))?")


@dataclass(frozen=True, slots=True)
class Definition:
    """A metafield definition; one of type `id` makes its values unique in the shop."""

    number: int
    owner_type: str
    namespace: str
    key: str
    name: str
    type: str


class Catalogue:
    """Products, places, definitions and numbers of one shop. `changed` hears of every new version.

    `locations` holds the names of the places, by number.
    """

    def __init__(self, changed: Callable[[Product], None]) -> None:
        self.products: Versions[Product] = Versions()
        self.locations: dict[int, str] = {LOCATION: "Main warehouse"}
        self.definitions: dict[tuple[str, str, str], Definition] = {}
        self._changed = changed
        self._by_custom_id: dict[tuple[str, str, str], int] = {}
        self._by_slug: dict[str, int] = {}
        self._by_variant: dict[int, int] = {}
        self._numbers: dict[str, int] = {}

    def next_number(self, kind: str) -> int:
        self._numbers[kind] = self._numbers.get(kind, _FIRST.get(kind, 1_000_000)) + 1
        return self._numbers[kind]

    def places(self) -> list[int]:
        """By name, as Shopify lists them."""
        return sorted(self.locations, key=lambda number: self.locations[number])

    def add_place(self, name: str) -> None:
        self.locations[max(self.locations) + 1] = name

    def put(self, product: Product) -> None:
        """Keep this version from now on."""
        old = self.products.get(product.number)
        if old is not None:
            self._forget(old)
        self.products.put(product.number, product)
        if not product.deleted:
            self._by_slug[product.slug] = product.number
            for field in product.metafields:
                if field.type == "id":
                    self._by_custom_id[field.namespace, field.key, field.value] = product.number
            for variant in product.variants:
                self._by_variant[variant.number] = product.number
        self._changed(product)

    def product(self, number: int, lag_s: float = 0.0) -> Product | None:
        found = self.products.get(number, lag_s)
        return None if found is None or found.deleted else found

    def by_slug(self, slug: str, lag_s: float = 0.0) -> Product | None:
        number = self._by_slug.get(slug)
        return None if number is None else self.product(number, lag_s)

    def by_custom_id(
        self, namespace: str, key: str, value: str, lag_s: float = 0.0
    ) -> Product | None:
        number = self._by_custom_id.get((namespace, key, value))
        return None if number is None else self.product(number, lag_s)

    def by_listing(self, listing: str) -> Product | None:
        return next((p for p in self.living() if p.listing == listing), None)

    def variant(self, number: int, lag_s: float = 0.0) -> tuple[Product, Variant] | None:
        owner = self.product(self._by_variant.get(number, 0), lag_s)
        found = owner.variant(number) if owner is not None else None
        return None if owner is None or found is None else (owner, found)

    def by_item(self, item_number: int, lag_s: float = 0.0) -> tuple[Product, Variant] | None:
        return self.variant(item_number - 500_000_000, lag_s)

    def living(self, lag_s: float = 0.0) -> list[Product]:
        """Every product that is not deleted, oldest first."""
        return [p for p in self.products.all(lag_s) if not p.deleted]

    def ever(self) -> list[Product]:
        return self.products.all()

    def set_quantity(self, product: Product, variant: Variant, quantity: int, at: datetime) -> None:
        """Stock alone: a sale or a return does not touch the rest."""
        fresh = replace(variant, quantity=quantity, updated_at=at)
        variants = tuple(fresh if v.number == fresh.number else v for v in product.variants)
        self.put(replace(product, variants=variants))

    def free_slug(self, title: str) -> str:
        """A handle made of the title, with a number behind it where that one is taken."""
        plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:200] or "product"
        slug, turn = plain, 0
        while slug in self._by_slug:
            turn += 1
            slug = f"{plain}-{turn}"
        return slug

    def _forget(self, old: Product) -> None:
        self._by_slug.pop(old.slug, None)
        for field in old.metafields:
            self._by_custom_id.pop((field.namespace, field.key, field.value), None)
        for variant in old.variants:
            self._by_variant.pop(variant.number, None)


def namespace_of(written: str | None, app: int) -> str:
    """The full namespace; left out or `$app` means the one reserved for the app that asks."""
    if written is None:
        return f"app--{app}"
    match = _RESERVED.fullmatch(written)
    if match is None:
        return written
    return f"app--{app}--{match['rest']}" if match["rest"] else f"app--{app}"
