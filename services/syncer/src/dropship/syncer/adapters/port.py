"""What a marketplace plugin must be able to do, in our words; one file per marketplace fills it.

A plugin never retries and never decides: it makes one call, and says by its exception what is known
of the effect. Amounts are `dropship.pricing.money.Money`. The file has a function
``plugin(egress, base_url) -> Marketplace``, named under
``[project.entry-points."dropship.marketplaces"]``; docs/marketplaces.md shows the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Protocol

from dropship.pricing.money import Money
from dropship.syncer.domain.orders import Sold
from dropship.syncer.domain.steps import UNLIMITED as UNLIMITED  # noqa: PLC0414

GROUP = "dropship.marketplaces"
"""The entry point group, for first-party plugins and all others."""

NO_REFS: Mapping[str, str] = MappingProxyType({})

Shown = Literal["draft", "live", "ended"]
"""`draft`: there, and nobody can buy it. `live`: on offer (at quantity 0 it shows as sold out)."""


@dataclass(frozen=True)
class Credentials:
    """What a store was connected with, opened for one call; it never leaves the adapter."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Token:
    """A grant of access and when it ends."""

    value: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """Everything needed to call for one store. `refs` are what `open` found (places, channels)."""

    store_id: str
    account: str
    token: str = field(repr=False)
    refs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """What a store told about itself when it was opened."""

    currency: str
    name: str
    refs: Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """A listing as it shall be created. `key` is ours: the marketplace finds it again by that."""

    key: str
    sku: str
    title: str
    description: str
    images: tuple[str, ...]
    price: Money
    quantity: int


@dataclass(frozen=True)
class Seen:
    """A listing as the marketplace shows it now. `refs` name its parts for later calls.

    `quantity` is UNLIMITED where a seller's setting lets it sell on at 0, or keeps no count at all:
    such a listing is told to its owner, and brought to 0.
    """

    key: str
    external_id: str
    shown: Shown
    price: Money
    quantity: int
    refs: Mapping[str, str]


@dataclass(frozen=True)
class OrdersRead:
    """Orders that changed since the cursor, oldest change first, and where to go on.

    `unreadable` names orders that make no sense to us: one of them must not hold up the others.
    """

    orders: tuple[Sold, ...]
    cursor: str
    more: bool
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Capabilities:
    """What differs between marketplaces. Seconds; `revisions_per_day` is per listing."""

    call_deadline_s: float
    read_lag_s: float
    revisions_per_day: int | None = None
    order_overlap_s: float = 600.0


class Marketplace(Protocol):
    """One marketplace. Every method is one bounded exchange; errors are those of `errors.py`.

    Each writing method must be safe to call again with the same arguments once `find` has shown
    what stands there. `effect_id` is derived from the command: the same id, the same effect.
    """

    name: str
    fee_schedules: tuple[str, ...]
    capabilities: Capabilities

    async def grant(self, account: str, credentials: Credentials, at: datetime) -> Token:
        """Trade credentials for a token. Raises AuthRevoked when they are refused.

        Raises ScopeMissing when the token is known not to reach as far as a pause needs.
        """

    async def open(self, access: Access) -> Opened:
        """Find out, and set up once, what the store needs. Raises ScopeMissing, Invalid.

        `access.refs` are what it found the last time, if ever. What of it still holds is kept: our
        stock lies there. The credentials may be those of another app since.
        """

    async def find(
        self, access: Access, key: str, refs: Mapping[str, str] = NO_REFS
    ) -> Seen | None:
        """The listing with this key as it stands there now, None if it is not there.

        `refs` are its own as they were last seen, if it ever was: what is not found by key is
        looked for by them, since None ends a listing for good. Raises Invalid when something stands
        there that is not in our words: never guessed.
        """

    async def create(self, access: Access, wanted: Wanted, effect_id: str) -> Seen:
        """Make it, not yet on offer, or bring the one with this key to what is wanted."""

    async def publish(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        """Put it on offer."""

    async def set_price(self, access: Access, seen: Seen, price: Money, effect_id: str) -> Seen:
        """Change its price and nothing else."""

    async def set_quantity(self, access: Access, seen: Seen, quantity: int, effect_id: str) -> Seen:
        """Change its quantity from what was seen. Raises Stale when it moved meanwhile.

        To 0 nothing is compared, for 0 is right whatever stood there: a pause never loses to a
        buyer. Nobody can buy one then, whatever the seller has set since it was seen: where a
        setting lets it sell on at 0, the same call takes that back. From UNLIMITED nothing is
        compared either.
        """

    async def end(self, access: Access, seen: Seen, effect_id: str) -> Seen:
        """Take it off the marketplace for good."""

    async def orders_since(self, access: Access, cursor: str | None, at: datetime) -> OrdersRead:
        """Orders changed since the cursor (None: since `at`), with the overlap it needs.

        Raises ScopeMissing where orders alone are not granted: everything else goes on.
        """

    async def aclose(self) -> None:
        """Close what is open. Nothing may be under way."""
