"""Everything that took effect in a shop, whether or not anybody was told."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from dropship.simulators.shopify.gids import gid
from dropship.simulators.shopify.goods.changing import Effect
from dropship.simulators.shopify.goods.product import Product

_REMEMBERED = 50


class Write(Struct, kw_only=True):
    """One committed effect of one mutation on one variant (or on the product as a whole).

    `price` and `quantity` are what stands after it, of that variant or else the first one.
    `changed` is false where everything was like that before. `answered` tells whether the caller
    was truly told; `call` numbers the request, so that effects of one request share it.
    """

    n: int
    call: int
    at: datetime
    op: str
    listing: str | None
    product: str
    variant: str | None
    sku: str | None
    price: Decimal | None
    quantity: int | None
    status: str
    published: bool
    changed: bool
    answered: bool = False
    fault: str | None = None


class ShopLedger:
    """Written by the shop, read by the judge."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.by_hand: list[Write] = []
        self.calls = 0
        self.throttled = 0
        self.not_simulated: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.calls_after_revocation = 0
        self.self_violations = 0
        self.violations: list[str] = []
        self.max_live: dict[str, dict[str, int]] = {"listing": {}, "sku": {}}
        self.max_existing: dict[str, dict[str, int]] = {"listing": {}, "sku": {}}
        self._live: dict[tuple[str, str], set[int]] = {}
        self._existing: dict[tuple[str, str], set[int]] = {}
        self._marks: dict[int, set[tuple[str, str]]] = {}

    def saw(self, product: Product) -> None:
        """A product has a new version: count who shares its listing and its skus now."""
        marks = {("sku", v.sku) for v in product.variants if v.sku}
        if product.listing is not None:
            marks.add(("listing", product.listing))
        for mark in self._marks.get(product.number, set()) | marks:
            here = mark in marks
            _count(self._live, self.max_live, mark, product.number, there=here and product.live)
            there = here and product.exists
            _count(self._existing, self.max_existing, mark, product.number, there=there)
        self._marks[product.number] = marks

    def wrote(self, op: str, effect: Effect, at: datetime, fault: str | None) -> Write:
        entry = self._entry(len(self.writes) + 1, op, effect, at, fault)
        self.writes.append(entry)
        return entry

    def wrote_by_hand(self, effect: Effect, at: datetime) -> Write:
        """Somebody in the shop's own admin: not the caller's doing."""
        entry = self._entry(len(self.by_hand) + 1, "by_hand", effect, at, None)
        entry.answered = True
        self.by_hand.append(entry)
        return entry

    def refuse(self, why: str) -> None:
        self.refused[why] = self.refused.get(why, 0) + 1

    def violated(self, texts: list[str]) -> None:
        """We answered what Shopify never would."""
        self.self_violations += 1
        self.violations = [*self.violations, *texts][-_REMEMBERED:]

    def missed(self, what: str) -> None:
        self.not_simulated[what] = self.not_simulated.get(what, 0) + 1

    def _entry(self, n: int, op: str, effect: Effect, at: datetime, fault: str | None) -> Write:
        product = effect.product
        variant = effect.variant or next(iter(product.variants), None)
        named = effect.variant
        return Write(
            n=n,
            call=self.calls,
            at=at,
            op=op,
            listing=product.listing,
            product=gid("Product", product.number),
            variant=None if named is None else gid("ProductVariant", named.number),
            sku=None if variant is None else variant.sku,
            price=None if variant is None else variant.price,
            quantity=None if variant is None else variant.quantity,
            status=product.status,
            published=bool(product.published),
            changed=effect.changed,
            fault=fault,
        )


def _count(
    now: dict[tuple[str, str], set[int]],
    highest: dict[str, dict[str, int]],
    mark: tuple[str, str],
    product: int,
    *,
    there: bool,
) -> None:
    sharing = now.setdefault(mark, set())
    if there:
        sharing.add(product)
    else:
        sharing.discard(product)
    kind, value = mark
    if len(sharing) > highest[kind].get(value, 0):
        highest[kind][value] = len(sharing)
