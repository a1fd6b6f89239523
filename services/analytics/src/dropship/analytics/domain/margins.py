"""The share of what was sold that was earned."""

from decimal import ROUND_HALF_UP, Decimal

_FOUR_DIGITS = Decimal("0.0001")


def margin(profit_minor: int, sold_minor: int) -> str | None:
    """Profit as a share of what was sold, to four digits: ``0.1988``. None when nothing was."""
    if sold_minor <= 0:
        return None
    share = (Decimal(profit_minor) / Decimal(sold_minor)).quantize(_FOUR_DIGITS, ROUND_HALF_UP)
    return str(share) if share else "0.0000"
