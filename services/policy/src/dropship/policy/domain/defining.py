"""What a policy may not say, because no listing could ever be sold under it."""

from decimal import Decimal

from msgspec import Struct

from dropship.contracts import money as wire
from dropship.contracts.policies import FloorRule, Rules
from dropship.pricing.money import NotMoney, from_wire


class Fault(Struct, frozen=True):
    """A field that cannot stand as it is, by its path in `Rules`, and why."""

    field: str
    detail: str


def faults(rules: Rules) -> tuple[Fault, ...]:
    """All that is wrong with the rules at once: senseless figures that are each well formed.

    A policy with a fault decides safely (its listings are held); refusing it spares the tenant a
    shop on hold.
    """
    return (*_price(rules), *_floor(rules.floor, rules.pause.resume_margin), *_stock(rules))


def _price(rules: Rules) -> list[Fault]:
    if rules.price.basis == "margin_on_price" and Decimal(rules.price.value) >= 1:
        return [Fault("price.value", "a margin on the price is under 1: 0.20 is 20 %")]
    return []


def _floor(floor: FloorRule, resume_margin: str) -> list[Fault]:
    found = []
    if Decimal(floor.margin) >= 1:
        found.append(Fault("floor.margin", "a margin is under 1: 0.05 is 5 %"))
    elif Decimal(floor.margin) + Decimal(resume_margin) >= 1:
        found.append(Fault("pause.resume_margin", "with the floor's margin it is under 1"))
    if floor.min_price is not None:
        found += _minimum(floor.min_price)
    return found


def _minimum(typed: wire.Money) -> list[Fault]:
    try:
        amount = from_wire(typed)
    except NotMoney as error:
        return [Fault("floor.min_price", str(error))]
    if amount.minor <= 0:
        return [Fault("floor.min_price", "more than nothing; leave it out for break-even")]
    return []


def _stock(rules: Rules) -> list[Fault]:
    if rules.stock.min_quantity > rules.stock.cap:
        return [Fault("stock.min_quantity", "not over the cap: no quantity would ever do")]
    return []
