"""The amounts in a user's wish, checked against the store they are meant for."""

from dropship.contracts import money as wire
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.runtime.errors import Refused


def payable(amount: wire.Money | None, currency: str, field: str) -> Money | None:
    """An amount above 0 in the store's currency, or none. Raises Refused, naming the field."""
    if amount is None:
        return None
    if amount.currency != currency:
        detail = f"the store sells in {currency}, not in {amount.currency}"
        raise Refused("wrong_currency", detail, field=field)
    try:
        money = from_wire(amount)
    except NotMoney as error:
        raise Refused("invalid", str(error), field=field) from None
    if money.minor <= 0:
        detail = "give an amount above 0, or leave it out: no minimum means break-even"
        raise Refused("not_positive", detail, field=field)
    return money


def consistent(price: Money | None, least: Money | None, most: Money | None) -> None:
    """A price lies between its bounds. Raises Refused, naming the bound that is contradicted."""
    if least is not None and most is not None and most < least:
        raise Refused("contradiction", "max_price is below min_price", field="max_price")
    if price is not None and least is not None and price < least:
        raise Refused("contradiction", "price is below min_price", field="price")
    if price is not None and most is not None and most < price:
        raise Refused("contradiction", "price is above max_price", field="price")
