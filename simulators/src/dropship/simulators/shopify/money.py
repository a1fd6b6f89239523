"""Amounts as Shopify writes them: exact inside, two spellings outside."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_NO_CENTS = frozenset({"CLP", "HUF", "ISK", "JPY", "KRW", "VND", "XAF", "XOF"})
MAX_AMOUNT = Decimal(10) ** 12


def amount_in(written: Any) -> Decimal | None:
    """The number in a `Money` or `Decimal` input, or None where there is none."""
    if isinstance(written, bool) or not isinstance(written, str | int | float | Decimal):
        return None
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) <= MAX_AMOUNT else None


def to_cents(amount: Decimal, currency: str) -> Decimal:
    """A price as a shop keeps it; what lies beyond the smallest coin is rounded half up."""
    return amount.quantize(_coin(currency), ROUND_HALF_UP)


def fee_of(total: Decimal, rate: Decimal, fixed: Decimal, currency: str) -> Decimal:
    """What the payment costs the merchant: rounded half-even, never more than the payment."""
    return min(total, (total * rate + fixed).quantize(_coin(currency), ROUND_HALF_EVEN))


def as_money(amount: Decimal) -> str:
    """The `Money` scalar: `12.30`."""
    return f"{amount:.2f}"


def as_decimal(amount: Decimal) -> str:
    """The `Decimal` scalar, which drops zeros at the end but the first: `12.3`, `12.0`."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def _coin(currency: str) -> Decimal:
    return Decimal(1) if currency in _NO_CENTS else Decimal("0.01")
