"""What may be asked of the judge, and a clear no, naming the field, to everything else."""

import re
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from dropship.simulators.world.product import LOW_STOCK, Product, State, Truth
from dropship.simulators.world.world import WantedTruth

MAX_MINOR = 10**11
_ENOUGH = 25
_FIELD = re.compile(r"`\$\.?([A-Za-z_]\w*)|unknown field `(\w+)`|required field `(\w+)`")
S = TypeVar("S")

Availability = Literal[
    "in_stock", "low", "out_of_stock", "no_featured_offer", "used_only", "discontinued"
]
_STATE_OF: dict[str, State] = {
    "in_stock": State.buyable,
    "low": State.buyable,
    "out_of_stock": State.buyable,
    "no_featured_offer": State.no_featured_offer,
    "used_only": State.used_only,
    "discontinued": State.gone,
}


class Rejected(Exception):
    """The order makes no sense: what is wrong, and in which field."""

    def __init__(self, status: int, error: str, field: str | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.field = field


class PriceOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    amount: Decimal
    currency: str | None = None


class TruthOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new truth. What is not named stays as it is, but a price or a quantity makes it buyable."""

    price: PriceOrder | Decimal | None = None
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    availability: Availability | None = None
    state: State | None = None
    hold: bool | None = None


class ClockOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Applied in this order: speed, pause, advance. At most a virtual year at once."""

    speed: Annotated[float, Meta(gt=0, le=1_000_000)] | None = None
    pause: bool | None = None
    advance_s: Annotated[float, Meta(ge=0, le=31_536_000)] | None = None


class RobotsOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    body: Annotated[str, Meta(max_length=1_000_000)] = ""
    status: Literal[200, 401, 403, 404, 410, 429, 500, 503] = 200


def read(body: bytes, kind: type[S]) -> S:
    """The order in a request's body, or `Rejected`."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as error:
        found = _FIELD.search(str(error))
        name = next(filter(None, found.groups()), None) if found else None
        raise Rejected(422, str(error), name) from None
    except msgspec.DecodeError as error:
        raise Rejected(400, f"the body is no JSON: {error}") from None


def wanted_truth(order: TruthOrder, product: Product, old: Truth) -> WantedTruth:
    """The order as the world can carry it out. What is set is held, unless the order says not."""
    if order == TruthOrder():
        raise Rejected(422, "say price, quantity, availability, state or hold")
    wanted = WantedTruth(held=True if order.hold is None else order.hold)
    if order.price is not None:
        wanted["price_minor"] = _minor(order.price, product)
    if (state := _state(order)) is not None:
        wanted["state"] = state
    if (quantity := _quantity(order, old)) is not None:
        wanted["quantity"] = quantity
    return wanted


def _state(order: TruthOrder) -> State | None:
    if order.availability is not None:
        implied = _STATE_OF[order.availability]
        if order.state not in {None, implied}:
            raise Rejected(422, f"a product that is {order.state} is not that", "availability")
        return implied
    if order.state is not None:
        return order.state
    names_offer = order.price is not None or order.quantity is not None
    return State.buyable if names_offer else None


def _quantity(order: TruthOrder, old: Truth) -> int | None:
    asked = old.quantity if order.quantity is None else order.quantity
    match order.availability:
        case "out_of_stock":
            fits, otherwise = asked == 0, 0
        case "low":
            fits, otherwise = 0 < asked <= LOW_STOCK, 3
        case "in_stock":
            fits, otherwise = asked > 0, _ENOUGH
        case _:
            return order.quantity
    if fits:
        return asked
    if order.quantity is not None:
        raise Rejected(422, f"{order.quantity} is not {order.availability}", "quantity")
    return otherwise


def _minor(price: PriceOrder | Decimal, product: Product) -> int:
    order = price if isinstance(price, PriceOrder) else PriceOrder(amount=price)
    if order.currency not in {None, product.currency}:
        raise Rejected(422, f"this product is sold in {product.currency}", "price.currency")
    if not order.amount.is_finite() or order.amount <= 0:
        raise Rejected(422, "a price is more than zero", "price")
    minor = order.amount * 100
    if minor != minor.to_integral_value() or minor > MAX_MINOR:
        raise Rejected(422, "a price has two decimals and is at most 1000000000", "price")
    return int(minor)
