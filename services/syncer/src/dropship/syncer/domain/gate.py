"""The last gate: asked right before every call that could make somebody buy at a price.

It trusts no decision. What it cannot work out it refuses: a blank floor is not a floor of 0, and a
cost nobody knows is not a cost of nothing.
"""

from datetime import datetime

from msgspec import Struct

from dropship.contracts.listings import Hold
from dropship.pricing.fees import UnknownSchedule, schedule
from dropship.pricing.money import CurrencyMismatch, Money, to_wire
from dropship.pricing.solver import meets
from dropship.pricing.terms import Basis, Target, Terms
from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.lease import fresh
from dropship.syncer.domain.listing import Listing
from dropship.syncer.domain.steps import Step, stake_of

NO_LOSS = Target(Basis.fixed_profit, "0")
NEEDS_A_PERSON = frozenset({Hold.no_floor, Hold.below_floor, Hold.breaker})
"""The refusals that nothing will undo by itself unless a new decision comes."""


class Refusal(Struct, frozen=True):
    """Why a call is not made: the hold it puts on the listing, and a sentence with the figures."""

    hold: Hold
    detail: str


def refusal(
    step: Step, listing: Listing, product: Product, fee_schedule: str, at: datetime
) -> Refusal | None:
    """Why this step must not be sent, or None. What cannot make somebody buy always may be."""
    price = stake_of(step)
    if price is None:
        return None
    return unsound(price, listing, product, fee_schedule, at) or _stale(listing, at)


def unsound(
    price: Money, listing: Listing, product: Product, fee_schedule: str, at: datetime
) -> Refusal | None:
    """Why nobody should buy it at this price, whenever the product was last seen."""
    return (
        unbuyable(product)
        or _under_its_floor(price, listing)
        or losing(price, product, fee_schedule, at)
    )


def unbuyable(product: Product) -> Refusal | None:
    """Whether there is nothing that we could sell on."""
    if product.vanished:
        return Refusal(Hold.vanished, "the supplier's page is gone")
    if not product.buyable:
        return Refusal(Hold.out_of_stock, "the supplier has none to sell")
    return None


def _under_its_floor(price: Money, listing: Listing) -> Refusal | None:
    decided = listing.decided
    floor = decided.floor if decided else None
    if floor is None or floor.minor <= 0 or floor.currency != price.currency:
        return Refusal(Hold.no_floor, f"no floor is known for {_text(price)}")
    if price < floor:
        return Refusal(Hold.below_floor, f"{_text(price)} is below the floor {_text(floor)}")
    least = listing.min_price
    if least is not None and (least.currency != price.currency or price < least):
        return Refusal(Hold.below_floor, f"{_text(price)} is below the minimum {_text(least)}")
    return None


def losing(price: Money, product: Product, fee_schedule: str, at: datetime) -> Refusal | None:
    """Whether a sale at this price loses money by the cost the syncer itself has heard of."""
    if product.cost is None:
        return Refusal(Hold.no_floor, "no cost is known, so no break-even")
    try:
        terms = Terms(product.cost, schedule(fee_schedule, at.date()))
        pays = meets(terms, NO_LOSS, price)
    except (UnknownSchedule, CurrencyMismatch, ValueError) as error:
        return Refusal(Hold.no_floor, f"no break-even can be worked out: {error}")
    if not pays:
        detail = f"{_text(price)} loses money at a cost of {_text(product.cost)}"
        return Refusal(Hold.below_floor, detail)
    return None


def _stale(listing: Listing, at: datetime) -> Refusal | None:
    if fresh(listing, at):
        return None
    return Refusal(Hold.stale, "nobody has seen the product lately")


def _text(price: Money) -> str:
    amount = to_wire(price)
    return f"{amount.amount} {amount.currency}"
