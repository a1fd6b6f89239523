"""Amounts as rows keep them: minor units, and beside them the currency."""

from dropship.pricing.money import Money


def money_of(minor: int | None, currency: str | None) -> Money | None:
    """The stored amount, None where there is none."""
    return Money(minor, currency) if minor is not None and currency else None
