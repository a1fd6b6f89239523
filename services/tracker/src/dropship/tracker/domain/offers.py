"""What one look at a supplier may be believed to say about price, stock and description.

Unknown is not zero: a reading that contradicts itself says nothing, and bad news (sold out) is
believed more readily than good news.
"""

from typing import overload

from msgspec import Struct

from dropship.contracts import money as wire
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import Flag, OfferObserved
from dropship.pricing.money import Money, NotMoney, from_wire

LARGEST_COUNT = 2**31 - 1
"""What the integer columns hold; a supplier who states more states nonsense."""

NOT_FOR_SALE = frozenset(
    {Availability.out_of_stock, Availability.discontinued, Availability.in_store_only}
)
NO_PRICE_BECAUSE = frozenset(
    {Flag.used_only, Flag.no_featured_offer, Flag.members_only_price, Flag.price_range}
)


class Offered(Struct, frozen=True):
    """One new unit costs this much now."""

    price: Money
    list_price: Money | None


class NoOffer(Struct, frozen=True):
    """The page says that nothing can be bought new; it does not merely fail to show a price."""


class Unclear(Struct, frozen=True):
    """The page shows no believable price and gives no reason why: nothing is concluded."""


PriceReading = Offered | NoOffer | Unclear


class Stock(Struct, frozen=True):
    """Known stock. `quantity` is None unless the supplier stated a number."""

    availability: Availability
    quantity: int | None = None
    quantity_kind: QuantityKind | None = None
    ships_in_days: int | None = None


class Description(Struct, frozen=True):
    """What the product is, as far as it is worth telling when it differs."""

    title: str
    images: tuple[str, ...] = ()
    url: str | None = None
    seller: str | None = None


class Context(Struct, frozen=True):
    """For whom the supplier showed the offer. None means that the look did not say."""

    ship_to: str | None = None
    locale: str | None = None
    currency: str | None = None

    def contradicts(self, other: "Context") -> bool:
        """Whether both state something and differ in it: such looks are never compared."""
        return any(
            mine is not None and theirs is not None and mine != theirs
            for mine, theirs in zip(self._parts(), other._parts(), strict=True)
        )

    def completed_by(self, other: "Context") -> "Context":
        """What either of the two states; they must not contradict."""
        mine, theirs = self._parts(), other._parts()
        return Context(*(m if m is not None else t for m, t in zip(mine, theirs, strict=True)))

    def _parts(self) -> tuple[str | None, str | None, str | None]:
        return self.ship_to, self.locale, self.currency


def believable_price(offer: OfferObserved) -> PriceReading:
    """The price as far as the look can be believed; never zero, never below."""
    if offer.price is None:
        explained = offer.availability in NOT_FOR_SALE or NO_PRICE_BECAUSE & set(offer.flags)
        return NoOffer() if explained else Unclear()
    price = _positive(offer.price)
    if price is None:
        return Unclear()
    list_price = _positive(offer.list_price) if offer.list_price else None
    comparable = list_price is not None and list_price.currency == price.currency
    return Offered(price, list_price if comparable else None)


def _positive(amount: wire.Money) -> Money | None:
    try:
        money = from_wire(amount)
    except NotMoney:
        return None
    return money if money.minor > 0 else None


def believable_stock(offer: OfferObserved, price: PriceReading) -> Stock | None:
    """The stock, or None where the look says nothing about it.

    "In stock" beside a price nobody can read is not believed; "sold out" is.
    """
    if offer.availability is Availability.unknown:
        return None
    if isinstance(price, Unclear) and offer.availability not in NOT_FOR_SALE:
        return None
    quantity = countable(offer.quantity)
    return Stock(
        offer.availability,
        quantity,
        offer.quantity_kind if quantity is not None else None,
        countable(offer.ships_in_days),
    )


def description_of(offer: OfferObserved) -> Description:
    """The describing fields, without the NUL characters that Postgres cannot hold."""
    return Description(
        storable(offer.title),
        tuple(storable(image) for image in offer.images),
        storable(offer.url),
        storable(offer.seller),
    )


def context_of(offer: OfferObserved, price: PriceReading) -> Context:
    """The context of a look; its currency counts only where a price is believed."""
    currency = price.price.currency if isinstance(price, Offered) else None
    return Context(storable(offer.ship_to), storable(offer.locale), currency)


def countable(count: int | None) -> int | None:
    """A count that makes sense and fits, or None."""
    return count if count is not None and 0 <= count <= LARGEST_COUNT else None


@overload
def storable(text: str) -> str: ...
@overload
def storable(text: None) -> None: ...
def storable(text: str | None) -> str | None:
    """The text as Postgres can hold it."""
    return text.replace("\0", "") if text is not None else None
