"""What every question needs: ids as we store them, money as it travels."""

from uuid import UUID

from dropship.contracts import money as wire
from dropship.pricing.money import Money, to_wire
from dropship.runtime.errors import Refused


def known_id(text: str, noun: str) -> UUID:
    """The id as we store it. Raises Refused (`not_found`) for one that we could not have made."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found(text, noun) from None


def not_found(text: str, noun: str) -> Refused:
    """The one answer for unknown and foreign things alike."""
    return Refused(
        f"unknown_{noun}", f"you have no {noun} {text}", kind="not_found", field=f"{noun}_id"
    )


def amount_of(minor: int | None, currency: str | None) -> wire.Money | None:
    """A stored amount in its wire form."""
    return to_wire(Money(minor, currency)) if minor is not None and currency else None
