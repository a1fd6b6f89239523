"""What a user wishes, checked before it is kept and said: amounts, names and texts."""

from dropship.contracts import money as wire
from dropship.pricing.money import Money, NotMoney, from_wire
from dropship.runtime.errors import Refused
from dropship.syncer.queries.reading import known_id


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


def key_reused(noun: str) -> Refused:
    """What an Idempotency-Key has made has its id from the key, for ever; the answer to the first
    wish is kept for two days only. Whoever comes later with the same key means something new.
    """
    detail = f"this Idempotency-Key has made a {noun} before; use a new key"
    return Refused("key_reused", detail, kind="key_reused", field="Idempotency-Key")


def consistent(price: Money | None, least: Money | None, most: Money | None) -> None:
    """A price lies between its bounds. Raises Refused, naming the bound that is contradicted."""
    if least is not None and most is not None and most < least:
        raise Refused("contradiction", "max_price is below min_price", field="max_price")
    if price is not None and least is not None and price < least:
        raise Refused("contradiction", "price is below min_price", field="price")
    if price is not None and most is not None and most < price:
        raise Refused("contradiction", "price is above max_price", field="price")


def policy_named(policy_id: str | None) -> str | None:
    """The policy's id as its owner writes it. Raises Refused for one that nobody could have made.

    It is said as it is kept: a name that its owner cannot read would hold up the whole product.
    """
    return str(known_id(policy_id, "policy")) if policy_id is not None else None


def storable(text: str | None) -> str | None:
    """Without the NUL characters that Postgres cannot hold."""
    return text.replace("\0", "") if text is not None else None
