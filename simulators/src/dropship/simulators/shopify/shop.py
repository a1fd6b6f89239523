"""One shop: what it holds and sells, who may come in, what goes wrong, and what is written down."""

import secrets
import time
from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from dropship.simulators.clock import VirtualClock
from dropship.simulators.shopify.goods.catalogue import Catalogue
from dropship.simulators.shopify.goods.inventory import Once
from dropship.simulators.shopify.graph.sight import Sight
from dropship.simulators.shopify.judge.faults import ShopFaults
from dropship.simulators.shopify.judge.ledger import ShopLedger
from dropship.simulators.shopify.oauth import Keys
from dropship.simulators.shopify.throttle import Bucket, BucketSize
from dropship.simulators.shopify.trade.book import OrderBook, Tariff
from dropship.simulators.shopify.trade.demand import Demand

SCOPES = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_publications",
    "write_publications",
    "read_orders",
)
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Secret = Annotated[str, Meta(min_length=1, max_length=200)]
Life = Annotated[float, Meta(gt=0, le=31_536_000)]


class ShopOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop to open. `ages_by` tells whether tokens age by real or by virtual seconds."""

    shop: Name
    client_id: Secret | None = None
    client_secret: Secret | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "USD"
    token_life_s: Life = 86_400.0
    ages_by: Literal["real", "virtual"] = "real"
    bucket: BucketSize = BucketSize()
    fees: Tariff = Tariff()
    scopes: tuple[str, ...] = SCOPES


class Resetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be changed of a shop later. `revoke` takes back every token there is;
    `installed: false` does too, and grants no new one. Another `client_id` is another app in the
    place of the one there was. `blocked` answers every call so. `add_location` opens a place."""

    client_id: Secret | None = None
    client_secret: Secret | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | None = None
    add_location: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    token_life_s: Life | None = None
    bucket: BucketSize | None = None
    fees: Tariff | None = None
    scopes: tuple[str, ...] | None = None
    installed: bool | None = None
    revoke: bool = False
    blocked: Literal[0, 402, 403, 423] | None = None


class Shop:
    def __init__(self, order: ShopOrder, seed: int, clock: VirtualClock) -> None:
        self.name = order.shop
        self.currency = order.currency
        self.blocked = 0
        self.keys = Keys(
            client_id=order.client_id or secrets.token_hex(16),
            client_secret=order.client_secret or f"shpss_{secrets.token_hex(16)}",
            scopes=order.scopes,
            life_s=order.token_life_s,
        )
        self.bucket = Bucket(order.bucket)
        self.ledger = ShopLedger()
        self.catalogue = Catalogue(self.ledger.saw)
        self.book = OrderBook(self.catalogue, order.currency, order.fees)
        self.demand = Demand(seed, order.shop, self.catalogue, self.book)
        self.faults = ShopFaults(seed, order.shop)
        self.once = Once()
        self._clock = clock
        self._virtual_tokens = order.ages_by == "virtual"

    def sync(self) -> None:
        """Let the buyers of the time gone by come. Call it before anything else."""
        self.demand.advance_to(self._clock.now(), self._clock.wall_at)

    def token_now(self) -> float:
        return self._clock.now() if self._virtual_tokens else time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sight(self, app: int, lag_s: float = 0.0) -> Sight:
        """The shop as this app sees it."""
        scopes = self.keys.scopes
        return Sight(self.name, self.currency, scopes, self.catalogue, self.book, app, lag_s)

    def reset(self, wish: Resetting) -> None:
        if wish.client_id is not None or wish.client_secret is not None:
            client_secret = wish.client_secret or self.keys.client_secret
            self.keys.install(wish.client_id or self.keys.client_id, client_secret)
        if wish.currency is not None:
            self.currency = self.book.currency = wish.currency
        if wish.add_location is not None:
            self.catalogue.add_place(wish.add_location)
        if wish.token_life_s is not None:
            self.keys.life_s = wish.token_life_s
        if wish.scopes is not None:
            self.keys.scopes = wish.scopes
        if wish.bucket is not None:
            self.bucket.resize(wish.bucket)
        if wish.fees is not None:
            self.book.tariff = wish.fees
        if wish.blocked is not None:
            self.blocked = wish.blocked
        if wish.installed is not None:
            self.keys.installed = wish.installed
        if wish.revoke or wish.installed is False:
            self.keys.revoke()
