"""What the syncer knows of a product by itself, so that it need not believe a decision blindly."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.pricing.money import Money

NOT_FOR_SALE = frozenset(
    {Availability.out_of_stock, Availability.discontinued, Availability.in_store_only}
)


class Reading(Struct, frozen=True):
    """The newest readable look: what it said, and when the log stored it."""

    at: datetime
    cost: Money | None
    availability: Availability | None


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
