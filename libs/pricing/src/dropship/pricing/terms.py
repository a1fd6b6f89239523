"""What a price has to pay for, and what it shall earn."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from dropship.pricing.fees import FeeSchedule
from dropship.pricing.money import CurrencyMismatch, Money, exponent_of
from dropship.pricing.rounding import ratio

Reason = Literal["infeasible", "above_ceiling"]


class NoPrice(ValueError):
    """No price will do. `infeasible`: none at all, however high. `above_ceiling`: the least that
    would do is higher than the caller allows.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason: Reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


class Basis(StrEnum):
    """What a target is a share of. There is no default: 20 % of a cost of 10.00 is 15.58 as margin
    and 14.29 as markup.

    `margin_on_price` is a share of the net revenue: all that the buyer pays the seller, shipping
    included, less the VAT in it. `roi` is reckoned as `markup_on_cost`: invested is the cost.
    """

    margin_on_price = "margin_on_price"
    markup_on_cost = "markup_on_cost"
    roi = "roi"
    fixed_profit = "fixed_profit"


class Target(Struct, frozen=True):
    """`value` is decimal text: ``0.20`` for 20 %, or for `fixed_profit` an amount in major units.

    Raises NotARate. A target cannot be negative: who wants to sell at a loss lowers the cost aloud.
    """

    basis: Basis
    value: str

    def __post_init__(self) -> None:
        ratio(self.value)


class Terms(Struct, frozen=True):
    """All that a sale of one unit costs, save the price.

    `cost` is the landed cost: the item, the supplier's shipping and tax, the expected returns.
    `buyer_tax` is a rate added on top of price and shipping: the seller never sees that money but
    may pay fees on it. `vat` is a rate contained in price and shipping. A market has one of both.

    Raises CurrencyMismatch unless all amounts are in the schedule's currency, ValueError for a
    negative amount, NotARate. A cost of zero is allowed: an unknown cost must not arrive as one.
    """

    cost: Money
    schedule: FeeSchedule
    shipping_charged: Money | None = None
    buyer_tax: str = "0"
    vat: str = "0"

    def __post_init__(self) -> None:
        for amount in (self.cost, self.shipping_charged):
            if amount is None:
                continue
            if amount.currency != self.schedule.currency:
                raise CurrencyMismatch(f"{amount.currency} and {self.schedule.currency}")
            if amount.minor < 0:
                raise ValueError("a cost or a shipping charge is never negative")
        ratio(self.buyer_tax)
        ratio(self.vat)


class Charm(Struct, frozen=True):
    """The digits a price may end in, as a shop window shows them after the point: ``("99", "95")``.

    An ending with fewer digits than the currency is filled up with zeros: "9" is .90 in dollars,
    "99" is .990 in dinars. One with more reaches before the point: "999" is 9.99, 19.99, 29.99; and
    in yen, where nothing stands after the point, "980" is 980, 1980, 2980. Raises ValueError.
    """

    endings: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.endings:
            raise ValueError("a charm price needs an ending")
        for ending in self.endings:
            if not (ending.isascii() and ending.isdigit() and len(ending) <= 6):
                raise ValueError(f"{ending!r} is no ending of a price")

    def rests(self, currency: str) -> tuple[tuple[int, int], ...]:
        """Each ending as (rest, modulus) of the minor units."""
        exponent = exponent_of(currency)
        filled = (ending.ljust(exponent, "0") for ending in self.endings)
        return tuple((int(digits), 10 ** len(digits)) for digits in filled)
