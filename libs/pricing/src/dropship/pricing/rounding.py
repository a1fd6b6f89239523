"""Exact shares as pairs of integers, and the one place where a fraction becomes whole money."""

import re
from functools import lru_cache

Ratio = tuple[int, int]
"""Numerator and denominator; the denominator is positive."""

_DECIMAL = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")


class NotARate(ValueError):
    """A rate or a target that is no plain decimal text: `0.20`, never `20 %`, `-0.1` or `2e-1`."""


@lru_cache(maxsize=1024)
def ratio(text: str) -> Ratio:
    """The exact value of a decimal text: ``"0.1325"`` is (1325, 10000). Raises NotARate."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise NotARate(f"{text!r} is no decimal number such as 0.20")
    fraction = match[2] or ""
    return int(match[1] + fraction), 10 ** len(fraction)


def half_even(numerator: int, denominator: int) -> int:
    """THE boundary: where an exact amount of minor units becomes whole ones, as it is charged.

    A tie goes to the even neighbour. Each fee component, the buyer's tax and the VAT inside a price
    cross it once, each by itself; everything before is exact and everything after is a sum of
    integers. Marketplaces do not say how they break ties; a tie costs at most one minor unit.
    """
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def decimal_text(numerator: int, denominator: int, digits: int = 4) -> str:
    """A share to read, rounded half-even: 527/2633 is ``0.2002``. Never to be reckoned with."""
    scaled = half_even(numerator * 10**digits, denominator)
    text = str(abs(scaled)).rjust(digits + 1, "0")
    return f"{'-' if scaled < 0 else ''}{text[:-digits]}.{text[-digits:]}"
