"""What the syncer knows of a product by itself, so that it need not believe a decision blindly."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.pricing.money import Money, to_wire

NOT_FOR_SALE = frozenset(
    {Availability.out_of_stock, Availability.discontinued, Availability.in_store_only}
)


def in_words(amount: Money) -> str:
    """An amount for a sentence that a person reads."""
    told = to_wire(amount)
    return f"{told.amount} {told.currency}"


class Reading(Struct, frozen=True):
    """The newest readable look: what it said, and when the log stored it."""

    at: datetime
    cost: Money | None
    availability: Availability | None


class Taxes(Struct, frozen=True):
    """The rates that a policy version names for a sale, as a decision told them."""

    buyer_tax: str
    vat: str
    policy: tuple[str | None, int | None]

    def after(self, before: "Taxes | None") -> "Taxes":
        """Under the same policy version no rate falls: told lower there, it is told wrongly."""
        if before is None or before.policy != self.policy:
            return self
        return Taxes(
            max(before.buyer_tax, self.buyer_tax, key=Decimal),
            max(before.vat, self.vat, key=Decimal),
            self.policy,
        )


NO_TAXES = Taxes("0", "0", (None, None))


class Product(Struct, frozen=True):
    """What the tracker last said of a product, and the newest look at it.

    `cost` None: there is no offer to buy it, or none is known. `availability` None: never told.
    """

    cost: Money | None = None
    availability: Availability | None = None
    vanished: bool = False
    reading: Reading | None = None

    @property
    def agreed(self) -> bool:
        """Whether the newest look says what the tracker last said."""
        look = self.reading
        return look is not None and (look.cost, look.availability) == (self.cost, self.availability)

    @property
    def buyable(self) -> bool:
        """Whether we could buy one to sell it on."""
        return self.cost is not None and self.availability not in NOT_FOR_SALE and not self.vanished

    def looked_at(self, look: Reading) -> "Product":
        """The same after a readable look; an older one tells nothing. Whoever was gone is back."""
        if self.reading is not None and look.at < self.reading.at:
            return self
        return replace(self, reading=look, vanished=False)
