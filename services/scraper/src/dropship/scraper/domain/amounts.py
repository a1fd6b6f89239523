"""Amounts of money as people write them, in many countries: certain, or not at all.

A wrong price loses money on every sale, a missing one only costs a second look. So whatever can be
read in two ways is not read: ranges, a third decimal, a zero, two prices in one text.
"""

import re
from decimal import Decimal

from dropship.contracts.money import Money

EXPONENTS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3}
"""Digits of the minor unit where they are not two (ISO 4217)."""

SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "Rs.": "INR",
    "zł": "PLN",
    "R$": "BRL",
    "US$": "USD",
    "C$": "CAD",
    "CDN$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "MX$": "MXN",
    "S$": "SGD",
    "TL": "TRY",
    "₺": "TRY",
    "₩": "KRW",
}
"""Signs that mean one currency everywhere."""

SHARED = {
    "$": frozenset({"USD", "CAD", "AUD", "MXN", "SGD", "NZD", "HKD", "TWD", "CLP", "ARS"}),
    "¥": frozenset({"JPY", "CNY"}),
    "￥": frozenset({"JPY", "CNY"}),
    "円": frozenset({"JPY"}),
    "kr": frozenset({"SEK", "DKK", "NOK"}),
}
"""Signs of many currencies: there the site decides, if it sells in one of them."""

CODES = {
    *("USD", "EUR", "GBP", "JPY", "INR", "CAD", "AUD", "BRL", "MXN", "PLN", "SEK", "TRY", "SGD"),
    *("AED", "SAR", "EGP", "CHF", "CNY", "DKK", "NOK", "CZK", "HUF", "NZD", "HKD", "TWD", "KRW"),
    *("ZAR", "ILS", "RON", "BGN", "CLP", "ARS", "COP", "KWD", "BHD", "OMR", "JOD", "VND"),
}

_SIGN = "|".join(re.escape(s) for s in sorted({*SIGNS, *SHARED, *CODES}, key=len, reverse=True))
_RUN = r"[0-9](?:[0-9.,'\u2019\s]*[0-9])?"
_PRICE = re.compile(
    rf"(?P<before>{_SIGN})\s*(?P<run>{_RUN})|(?P<bare>{_RUN})(?:\s*(?P<after>{_SIGN}))?"
)
_DIGITS = re.compile(_RUN)
_PLAIN = re.compile(r"[0-9][0-9.,]{0,24}")
_SPACED = re.compile(r"[0-9]{1,3}(?:[\s'\u2019][0-9]{3})+(?:[.,][0-9]+)?")
_SPACES = re.compile(r"[\s'\u2019]")
_RANGE = re.compile(r"[0-9]\s*(?:-|\u2013|\u2014|~|\bto\b|\bbis\b)\s*[^0-9]{0,4}[0-9]")


def digits_of(currency: str) -> int:
    """How many digits the minor unit of a currency has."""
    return EXPONENTS.get(currency, 2)


def _plain(run: str, mark: str, digits: int) -> Decimal | None:
    """A run of digits read with one decimal mark, or None where it does not fit exactly."""
    group = "." if mark == "," else ","
    whole, _, fraction = run.partition(mark)
    if mark in fraction or (mark in run and not 1 <= len(fraction) <= digits):
        return None
    if group in fraction:
        return None
    if group in whole:
        first, *rest = whole.split(group)
        threes = all(len(part) == 3 for part in rest)
        lakhs = len(rest[-1]) == 3 and all(len(part) == 2 for part in rest[:-1])
        if not 1 <= len(first) <= 3 or not (threes or (group == "," and lakhs)):
            return None
    number = whole.replace(group, "") + (f".{fraction}" if fraction else "")
    return Decimal(number) if len(number) <= 16 else None


def number_in(run: str, mark: str, digits: int = 2) -> Decimal | None:
    """The number that a run of digits and marks means, where `mark` is the page's decimal mark.

    The other mark is tried only if the page's own does not fit at all: ``12.99`` on a German page
    is twelve, ``1.299`` is a thousand.
    """
    if _SPACES.search(run):
        if not _SPACED.fullmatch(run):
            return None
        run = _SPACES.sub("", run)
    if not _PLAIN.fullmatch(run):
        return None
    other = "." if mark == "," else ","
    found = _plain(run, mark, digits)
    return found if found is not None else _plain(run, other, digits)


def currency_of(sign: str, default: str) -> str | None:
    """The currency that a sign or code means on a site that sells in `default`; None if unsure."""
    if sign in CODES:
        return sign
    if sign in SIGNS:
        return SIGNS[sign]
    return default if default in SHARED[sign] else None


def money_of(amount: Decimal, currency: str) -> Money | None:
    """Money with exactly the currency's digits; None for nothing, less, or a finer amount."""
    digits = digits_of(currency)
    scaled = amount.scaleb(digits)
    if amount <= 0 or scaled != scaled.to_integral_value() or amount >= 10**12:
        return None
    return Money(f"{amount:.{digits}f}", currency)


def price_in(text: str, mark: str, currency: str) -> Money | None:
    """The one price that a text states, or None if it states none, several, a range, or zero.

    A number without a sign or code is no price; beside a price it makes the price doubtful
    (``3 for $10``), unless both say the same.
    """
    if len(text) > 80 or _RANGE.search(text):
        return None
    found: set[tuple[Decimal | None, str]] = set()
    for match in _PRICE.finditer(text):
        sign = match["before"] or match["after"]
        shown = currency_of(sign, currency) if sign else None
        if shown is None:
            return None
        found.add((number_in(match["run"] or match["bare"], mark, digits_of(shown)), shown))
    if len(found) != 1:
        return None
    amount, shown = found.pop()
    return money_of(amount, shown) if amount is not None else None


def is_range(text: str) -> bool:
    """Whether a text states a span of prices, which is the price of nothing in particular."""
    return len(text) <= 80 and _RANGE.search(text) is not None


def count_in(text: str) -> int | None:
    """A whole number with marks of thousands: ``(2 480)``, ``1.091``. ``1.2K`` is none."""
    match = _DIGITS.search(text)
    if match is None or re.match(r"\s*[KkMm万]", text[match.end() :]):
        return None
    digits = re.sub(r"[^0-9]", "", match.group())
    return int(digits) if len(digits) <= 10 else None
