"""The last gate: asked right before every call that could make somebody buy at a price.

It trusts no decision. What it cannot work out it refuses: a blank floor is not a floor of 0, and a
cost nobody knows is not a cost of nothing.
"""

from datetime import datetime

from msgspec import Struct

from dropship.contracts.listings import Hold
from dropship.pricing.fees import UnknownSchedule, schedule
from dropship.pricing.money import CurrencyMismatch, Money
from dropship.pricing.solver import NO_LOSS, meets
from dropship.pricing.terms import Terms
from dropship.syncer.domain.facts import NO_TAXES, Product, Taxes, in_words
from dropship.syncer.domain.lease import fresh
from dropship.syncer.domain.listing import Listing
from dropship.syncer.domain.steps import Step, stake_of

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
        or losing(price, listing, product, fee_schedule, at)
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
        return Refusal(Hold.no_floor, f"no floor is known for {in_words(price)}")
    if price < floor:
        return Refusal(Hold.below_floor, f"{in_words(price)} is below the floor {in_words(floor)}")
    least = listing.min_price
    if least is not None and (least.currency != price.currency or price < least):
        return Refusal(
            Hold.below_floor, f"{in_words(price)} is below the minimum {in_words(least)}"
        )
    return None


def losing(
    price: Money, listing: Listing, product: Product, fee_schedule: str, at: datetime
) -> Refusal | None:
    """Whether a sale at this price loses money, whatever floor the decision names: by the cost that
    the syncer itself has heard of, after fees and the taxes that were told last.
    """
    if product.cost is None:
        return Refusal(Hold.no_floor, "no cost is known, so no break-even")
    taxes = (listing.decided and listing.decided.taxes) or NO_TAXES
    try:
        fees = schedule(fee_schedule, at.date())
        terms = Terms(product.cost, fees, buyer_tax=taxes.buyer_tax, vat=taxes.vat)
        pays = meets(terms, NO_LOSS, price)
    except (UnknownSchedule, CurrencyMismatch, ValueError) as error:
        return Refusal(Hold.no_floor, f"no break-even can be worked out: {error}")
    if not pays:
        detail = f"{in_words(price)} loses money at a cost of {in_words(product.cost)}"
        return Refusal(Hold.below_floor, f"{detail}{_after(taxes)}")
    return None


def _stale(listing: Listing, at: datetime) -> Refusal | None:
    if fresh(listing, at):
        return None
    return Refusal(Hold.stale, "nobody has seen the product lately")


def _after(taxes: Taxes) -> str:
    named = (("VAT", taxes.vat), ("buyer's tax", taxes.buyer_tax))
    told = [f"{name} of {rate}" for name, rate in named if rate.strip("0.")]
    return f" and {' and '.join(told)}" if told else ""
