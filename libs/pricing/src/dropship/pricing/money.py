"""Money in memory: an integer count of the currency's minor unit, so that no cent is ever lost.

The wire form is `dropship.contracts.money.Money`; `from_wire` and `to_wire` are the only doors
between the two. Both are exact: what does not fit is refused, never rounded.
"""

import re
from fractions import Fraction
from typing import Self

from msgspec import Struct

from dropship.contracts import money as wire
from dropship.pricing.currencies import EXPONENTS

DIGITS_BEFORE_POINT = 12
"""What the wire form can carry, and with it every amount we agree to hold."""

_WIRE = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,4}))?")


class NotMoney(ValueError):
    """The amount or the currency cannot be held exactly: do not guess, do not round."""


class CurrencyMismatch(TypeError):
    """Two currencies met without a rate between them: a mistake of the caller, not of the facts."""


def exponent_of(currency: str) -> int:
    """Digits of the currency's minor unit. Raises NotMoney for a code ISO 4217 does not list."""
    exponent = EXPONENTS.get(currency)
    if exponent is None:
        raise NotMoney(f"no ISO 4217 currency {currency!r}")
    return exponent


class Money(Struct, frozen=True):
    """`minor` minor units of `currency`: 34899 USD is $348.99, 1200 JPY is 1200 yen.

    Raises NotMoney when made from an unknown currency or beyond what the wire form can carry.
    Comparing or adding two currencies raises CurrencyMismatch.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if abs(self.minor) >= 10 ** (DIGITS_BEFORE_POINT + exponent_of(self.currency)):
            raise NotMoney(f"more than {DIGITS_BEFORE_POINT} digits before the point")

    def _same(self, other: Self) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

    def __add__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Self) -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.minor <= other.minor


def from_wire(amount: wire.Money) -> Money:
    """The exact value of a wire amount.

    Raises NotMoney for an unknown currency, a malformed text, or more fraction digits than the
    currency has: ``{"amount": "1.005", "currency": "USD"}`` names no sum of dollars. Digits
    that are zero count too: a supplier who writes them means another currency or another unit.
    """
    exponent = exponent_of(amount.currency)
    match = _WIRE.fullmatch(amount.amount)
    if match is None:
        raise NotMoney(f"{amount.amount!r} is no amount")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > exponent:
        raise NotMoney(f"{amount.currency} has {exponent} fraction digits, not {len(fraction)}")
    minor = int(whole + fraction.ljust(exponent, "0"))
    return Money(-minor if sign else minor, amount.currency)


def to_wire(money: Money) -> wire.Money:
    """The wire form, with all the digits of the currency: ``348.90``, ``1200``, ``1.500``."""
    exponent = EXPONENTS[money.currency]
    digits = str(abs(money.minor)).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    return wire.Money(amount=f"-{text}" if money.minor < 0 else text, currency=money.currency)


def percent_change(old: Money, new: Money) -> Fraction:
    """By how many percent `new` differs from `old`, exactly: 200 → 210 is 5, 3 → 4 is 100/3.

    Raises CurrencyMismatch across currencies and ZeroDivisionError from an `old` of nothing.
    """
    return Fraction((new - old).minor * 100, abs(old.minor))
