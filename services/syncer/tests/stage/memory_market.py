"""A marketplace in memory whose calls fail when the test says so."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any

from dropship.pricing.money import Money
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    Stale,
)
from dropship.syncer.adapters.port import (
    NO_REFS,
    Access,
    Capabilities,
    Credentials,
    Opened,
    OrdersRead,
    Seen,
    Token,
    Wanted,
)
from dropship.syncer.domain.orders import Sold

Meanwhile = Callable[[], Awaitable[None]]


@dataclass
class Market:
    """A marketplace in memory. `faults` are met one by one by the calls that change something:
    "lost after", "lost before", or an error of the port; `meanwhile` happens during the next one.
    `wrong` are the secrets it refuses.
    """

    name: str = "bazaar"
    fee_schedules: tuple[str, ...] = ("shopify-basic",)
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(5.0, 1.0))
    there: dict[str, Seen] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    looked_by: list[dict[str, str]] = field(default_factory=list)
    faults: list[str | MarketplaceError | None] = field(default_factory=list)
    blind: MarketplaceError | None = None
    wrong: set[str] = field(default_factory=set)
    sold: list[Sold] = field(default_factory=list)
    ill_orders: MarketplaceError | None = None
    closed: bool = False
    meanwhile: Meanwhile | None = None

    async def grant(self, account: str, credentials: Credentials, at: datetime) -> Token:
        if credentials.client_secret in self.wrong:
            raise AuthRevoked("unknown client")
        return Token("canary-token-7d31", at + timedelta(hours=24))

    async def open(self, access: Access) -> Opened:
        return Opened("USD", "Anna's", {})

    async def find(
        self, access: Access, key: str, refs: Mapping[str, str] = NO_REFS
    ) -> Seen | None:
        self.calls.append(("find", key))
        self.looked_by.append(dict(refs))
        if self.blind is not None:
            raise self.blind
        return self.there.get(key)

    async def create(self, access: Access, wanted: Wanted, effect_id: str) -> Seen:
        seen = Seen(wanted.key, "gid-1", "draft", wanted.price, wanted.quantity, {"v": "1"})
        return await self._change("create", (wanted.price.minor, wanted.quantity), seen)

    async def publish(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        return await self._change("publish", None, seen, shown="live")

    async def set_price(self, access: Access, seen: Seen, price: Money, effect_id: str) -> Seen:
        return await self._change("price", price.minor, seen, price=price)

    async def set_quantity(self, access: Access, seen: Seen, quantity: int, effect_id: str) -> Seen:
        if quantity and self._mine(seen).quantity != seen.quantity:
            raise Stale("somebody bought one")
        return await self._change("quantity", quantity, seen, quantity=quantity)

    async def end(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        return await self._change("end", None, seen, shown="ended")

    async def orders_since(self, access: Access, cursor: str | None, at: datetime) -> OrdersRead:
        if self.ill_orders is not None:
            raise self.ill_orders
        return OrdersRead(tuple(self.sold), "0", False)

    async def aclose(self) -> None:
        self.closed = True

    def _mine(self, seen: Seen) -> Seen:
        try:
            return self.there[seen.key]
        except KeyError:
            raise NotFound(seen.key) from None

    async def _change(self, what: str, value: Any, seen: Seen, **new: Any) -> Seen:
        """The answer tells of the change alone; the rest of it is as the caller believed."""
        if new:
            self._mine(seen)
        self.calls.append((what, value))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, MarketplaceError):
            raise fault
        if fault != "lost before":
            self.there[seen.key] = changed(self._mine(seen), **new) if new else seen
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        if fault is not None:
            raise OutcomeUnknown("cut off")
        return changed(seen, **new)

    def loses(self, key: str, many: int) -> None:
        """Buyers take so many of one."""
        seen = self.there[key]
        self.there[key] = changed(seen, quantity=seen.quantity - many)

    def made(self) -> list[tuple[str, Any]]:
        """The calls that change something, since the last time anybody asked."""
        made = [call for call in self.calls if call[0] != "find"]
        self.calls.clear()
        return made
