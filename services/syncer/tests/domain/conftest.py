"""A listing of a kettle that costs 20.00 and is wanted at 26.33, and what may happen to it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import ListingStatus
from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.pricing.money import Money
from dropship.syncer.domain import bringing, outcomes
from dropship.syncer.domain.bringing import Begun, Change, Scene
from dropship.syncer.domain.facts import Product, Reading
from dropship.syncer.domain.listing import Decided, Listing, There, decide
from dropship.syncer.domain.outcomes import Intent
from dropship.syncer.domain.steps import Standing
from dropship.syncer.domain.weighing import weigh

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
KETTLE = str(uuid5(UUID(int=0), "listing"))
LEASE_S = 10_800.0


def usd(amount: float) -> Money:
    return Money(round(amount * 100), "USD")


class Make:
    """Builders: everything has a value that harms nobody, and any of it can be told otherwise."""

    noon = NOON
    lease_s = LEASE_S
    fee_schedule = "shopify-basic"
    live = Standing(StoreMode.live, StoreStatus.connected)
    dry_run = Standing(StoreMode.dry_run, StoreStatus.connected)

    usd = staticmethod(usd)

    def at(self, seconds: float = 0) -> datetime:
        return NOON + timedelta(seconds=seconds)

    def standing(self, status: StoreStatus, reason: str | None = None) -> Standing:
        return Standing(StoreMode.live, status, reason)

    def product(self, cost: float | None = 20, **more: Any) -> Product:
        known = {"availability": Availability.in_stock, **more}
        return Product(cost=usd(cost) if cost is not None else None, **known)

    def looked_at(self, product: Product, seconds: float = 0) -> Product:
        """An agreeing look."""
        return product.looked_at(Reading(self.at(seconds), product.cost, product.availability))

    def decision(self, number: int = 1, price: float | None = 26.33, **more: Any) -> Decided:
        values: dict[str, Any] = {
            "number": number,
            "price": usd(price) if price is not None else None,
            "floor": usd(21),
            "quantity": 5,
            "holds": (),
            "cost": usd(20),
            "availability": Availability.in_stock,
            "at": NOON,
            **more,
        }
        return Decided(**values)

    def there(self, price: float = 26.33, quantity: int = 5, shown: Any = "live") -> There:
        return There("gid-1", shown, usd(price), quantity, {"variant": "v1"})

    def listing(self, **more: Any) -> Listing:
        """Just requested."""
        names = {"tenant": "anna", "store_id": "store-1", "product_id": "kettle"}
        values: dict[str, Any] = {"id": KETTLE, "currency": "USD", **names, **more}
        return Listing(**values)

    def active(self, price: float = 26.33, quantity: int = 5, **more: Any) -> Listing:
        """On offer as decided, looked at right now."""
        values: dict[str, Any] = {
            "status": ListingStatus.Active,
            "there": self.there(price, quantity),
            "decided": self.decision(price=price, quantity=quantity),
            "fresh_until": self.at(LEASE_S),
            **more,
        }
        return self.listing(**values)

    def paused(self, **more: Any) -> Listing:
        """Held, with nothing to sell."""
        there = self.there(quantity=0)
        return replace(self.active(), status=ListingStatus.Paused, there=there, **more)

    def scene(self, product: Product | None = None, **more: Any) -> Scene:
        values: dict[str, Any] = {
            "standing": self.live,
            "product": product or self.product(),
            "fee_schedule": self.fee_schedule,
            "moved": frozenset(),
            "active": 100,
            **more,
        }
        return Scene(**values)

    def decided(
        self, listing: Listing, decision: Decided, product: Product | None = None
    ) -> Change:
        """A decision is heard while the product is as it says."""
        return self.weighed(decide(listing, decision), product or self.looked_at(self.product()))

    def weighed(self, listing: Listing, product: Product, seconds: float = 0) -> Change:
        """Something was heard, and this is what is known of the product now."""
        at = self.at(seconds)
        weighed = weigh(listing, product, self.live, self.fee_schedule, LEASE_S, at)
        return bringing.settle(weighed, self.live, at)

    def begun(self, listing: Listing, scene: Scene | None = None, seconds: float = 0) -> Begun:
        """The outstanding command of a listing begins."""
        scene = scene or self.scene()
        settled = bringing.settle(listing, scene.standing, self.at(seconds)).listing
        assert settled.bringing is not None, "nothing was ordered"
        return bringing.begin(settled, settled.bringing.command_id, scene, self.at(seconds))

    def intent(self, begun: Begun) -> Intent:
        listing = begun.change.listing
        assert begun.step is not None
        assert listing.bringing is not None
        return Intent(listing.bringing.command_id, begun.step, listing.decision_no)

    def answered(self, begun: Begun, there: There | None) -> Change:
        """The marketplace answers that it stands so."""
        listing = begun.change.listing
        return outcomes.seen(listing, there, self.intent(begun), self.live, NOON)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()
