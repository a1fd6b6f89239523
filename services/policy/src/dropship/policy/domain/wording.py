"""Figures as a seller reads them."""

from datetime import UTC, datetime
from decimal import Decimal

from dropship.pricing.money import Money, to_wire


def money(amount: Money) -> str:
    """``26.33 USD``."""
    wire = to_wire(amount)
    return f"{wire.amount} {wire.currency}"


def digits(amount: Money) -> str:
    """``26.33``, where the currency is already said."""
    return to_wire(amount).amount


def percent(share: str) -> str:
    """``0.20`` as ``20 %``, exactly."""
    return f"{(Decimal(share) * 100).normalize():f} %"


def clock_time(moment: datetime) -> str:
    """``2026-01-31 10:20:00 UTC``: to the second, because a resume is due to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
