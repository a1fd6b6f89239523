"""Bugs that somebody could write any day, planted one at a time so that the judge is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from campaign.bring import Worker
from campaign.shop import Shop
from campaign.work import Claims
from dropship.contracts.listings import Hold, ListingRepriced, SyncState
from dropship.runtime.claims import Claim
from dropship.syncer.adapters.errors import MarketplaceError, Throttled
from dropship.syncer.domain import bringing, capping, gate, lease, outcomes, steps, weighing
from dropship.syncer.domain import listing as listings
from dropship.syncer.domain.listing import Decided, Listing, There
from dropship.syncer.domain.steps import Create, End, Publish, SetPrice, SetQuantity, Standing

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Plant:
    """A bug, and what the judge may say of it: any of these words."""

    name: str
    plant: Callable[[Patch], None]
    seen_as: tuple[str, ...]


# -- what is wanted


def lower_number_accepted(patch: Patch) -> None:
    real = listings.decide

    def decide(listing: Listing, decision: Decided) -> Listing:
        return real(replace(listing, decided=None), decision)

    patch.setattr(listings, "decide", decide)


def manual_forgotten(patch: Patch) -> None:
    patch.setattr(weighing, "OF_FACTS", listings.OF_FACTS | {Hold.manual})


def breaker_forgotten(patch: Patch) -> None:
    patch.setattr(weighing, "OF_FACTS", listings.OF_FACTS | {Hold.breaker})


# -- the order of steps


def quantity_before_price(patch: Patch) -> None:
    def towards(decided: Decided, there: There) -> steps.Step | None:
        price = decided.price or there.price
        if decided.quantity != there.quantity:
            return SetQuantity(decided.quantity, there.price)
        if price != there.price:
            return SetPrice(price)
        return Publish(there.price) if there.shown == "draft" and there.quantity > 0 else None

    patch.setattr(steps, "_towards", towards)


def price_raised_under_a_hold(patch: Patch) -> None:
    real = steps._wanted

    def wanted(listing: Listing) -> steps.Step | None:
        decided, there = listing.decided, listing.there
        price = decided.price if decided else None
        sure = there is not None and listing.sync is not SyncState.unknown
        if sure and there and there.shown == "live" and price and there.price < price:
            return SetPrice(price)
        return real(listing)

    patch.setattr(steps, "_wanted", wanted)


def dry_run_forgotten(patch: Patch) -> None:
    patch.setattr(Standing, "rehearses", property(lambda self: False))


def suspension_forgotten(patch: Patch) -> None:
    patch.setattr(Standing, "writable", property(lambda self: self.reachable))


def ended_while_in_doubt(patch: Patch) -> None:
    real = bringing._quietly

    def quietly(listing: Listing) -> Any:
        if listing.ending is None:
            return real(listing)
        sure = replace(listing, bringing=None, sync=SyncState.pending)
        kept, facts = real(sure)
        return replace(kept, bringing=listing.bringing, sync=listing.sync), facts

    patch.setattr(bringing, "_quietly", quietly)


def sale_offered_again(patch: Patch) -> None:
    patch.setattr(capping, "_fell", lambda listing, there, sent: False)


def two_outstanding(patch: Patch) -> None:
    patch.setattr(bringing, "_may_order", lambda listing, lane, at: True)


# -- the last gate


def gate_open_without_a_floor(patch: Patch) -> None:
    real = gate._under_its_floor

    def under(price: Any, listing: Listing) -> Any:
        return real(price, listing) if listing.decided and listing.decided.floor else None

    patch.setattr(gate, "_under_its_floor", under)


def floor_compared_the_other_way(patch: Patch) -> None:
    def under(price: Any, listing: Listing) -> Any:
        floor = listing.decided.floor if listing.decided else None
        wrong = floor is None or price > floor
        return gate.Refusal(Hold.below_floor, "the wrong way") if wrong else None

    patch.setattr(gate, "_under_its_floor", under)


def floor_not_compared(patch: Patch) -> None:
    patch.setattr(gate, "_under_its_floor", lambda price, listing: None)


def break_even_at_the_decided_cost(patch: Patch) -> None:
    real = gate.refusal

    def refusal(step: Any, listing: Listing, product: Any, *more: Any) -> Any:
        cost = listing.decided.cost if listing.decided else None
        return real(step, listing, replace(product, cost=cost), *more)

    patch.setattr(bringing, "refusal", refusal)


def staleness_not_asked(patch: Patch) -> None:
    patch.setattr(gate, "_stale", lambda listing, at: None)


def sold_out_not_asked(patch: Patch) -> None:
    patch.setattr(gate, "unbuyable", lambda product: None)


def price_may_jump(patch: Patch) -> None:
    patch.setattr(bringing, "_jump", lambda listing, step: None)


def all_prices_may_move_at_once(patch: Patch) -> None:
    patch.setattr(bringing, "_breaks", lambda listing, scene, moved_bp: False)


# -- the lease


def renewed_by_a_look_that_disagrees(patch: Patch) -> None:
    real = lease.renew

    def renew(listing: Listing, product: Any, *more: Any) -> Listing:
        look, decided = product.reading, listing.decided
        if look is None or decided is None:
            return listing
        facts = (look.cost, look.availability)
        agreed = replace(product, cost=facts[0], availability=facts[1])
        believed = replace(listing, decided=replace(decided, cost=facts[0], availability=facts[1]))
        return replace(real(believed, agreed, *more), decided=decided)

    patch.setattr(weighing, "renew", renew)


def lease_never_ends(patch: Patch) -> None:
    patch.setattr(lease, "expire", lambda listing, at: listing)


# -- doubt


def repeated_blindly(patch: Patch) -> None:
    def nobody_looks(self: Worker, message: Any, claim: Claim, limit_s: float) -> Any:
        yield 0.0
        return False

    patch.setattr(Worker, "_look_first", nobody_looks)


def doubt_forgotten(patch: Patch) -> None:
    real = outcomes.in_doubt

    def in_doubt(listing: Listing, *more: Any) -> bringing.Change:
        change = real(listing, *more)
        return replace(change, listing=replace(change.listing, sync=SyncState.pending))

    patch.setattr(outcomes, "in_doubt", in_doubt)


def settling_not_waited_for(patch: Patch) -> None:
    patch.setattr(Claims, "is_settled", lambda self, row, at: None)


def natural_key_not_held(patch: Patch) -> None:
    patch.setattr(Claims, "_key_is_free", lambda self, id_, key: None)


def outcome_without_comparing(patch: Patch) -> None:
    def finish(self: Claims, id_: Any, attempt: int, state: Any) -> None:
        self.rows[id_].state = state

    patch.setattr(Claims, "finish", finish)
    patch.setattr(Claims, "hold", lambda self, id_, attempt: None)


def looked_at_too_early(patch: Patch) -> None:
    patch.setattr("dropship.syncer.domain.listing.shows_at", lambda listing, lag_s: None)
    patch.setattr("dropship.syncer.domain.bringing.shows_at", lambda listing, lag_s: None)


def unreadable_taken_for_gone(patch: Patch) -> None:
    real = Shop.find

    def find(self: Shop, key: str, limit_s: float) -> Any:
        try:
            return (yield from real(self, key, limit_s))
        except MarketplaceError:
            return None

    patch.setattr(Shop, "find", find)


def throttled_taken_for_done(patch: Patch) -> None:
    real = Worker._calls

    def calls(self: Worker, begun: Any, limit_s: float) -> Any:
        try:
            return (yield from real(self, begun, limit_s))
        except Throttled:
            return _as_wished(begun.step, begun.listing.there)

    patch.setattr(Worker, "_calls", calls)


def _as_wished(step: steps.Step, there: There | None) -> There | None:
    """What would stand there if the call had worked."""
    if isinstance(step, Create):
        return There("gid", "draft", step.price, step.quantity)
    if there is not None and isinstance(step, SetPrice):
        return replace(there, price=step.price)
    if there is not None and isinstance(step, SetQuantity):
        return replace(there, quantity=step.quantity)
    if there is not None and isinstance(step, Publish | End):
        return replace(there, shown="live" if isinstance(step, Publish) else "ended")
    return there


def quantity_sent_without_the_one_before(patch: Patch) -> None:
    patch.setattr(Shop, "_compares", lambda self, item, there: None)


def comes_back_at_once(patch: Patch) -> None:
    patch.setattr(outcomes, "_later", lambda listing, step, after_s, at: listing)


def pause_waits_for_its_turn(patch: Patch) -> None:
    patch.setattr(outcomes, "LONGEST_WAIT_TO_PAUSE_S", 3600.0)
    patch.setattr(outcomes, "FIRST_WAIT_S", 60.0)


# -- what is said


def repricing_unsaid(patch: Patch) -> None:
    real = outcomes._moved

    def moved(*given: Any, **more: Any) -> Any:
        now, facts = real(*given, **more)
        return now, tuple(x for x in facts if not isinstance(x, ListingRepriced))

    patch.setattr(outcomes, "_moved", moved)


PLANTS = (
    Plant("a lower number is accepted", lower_number_accepted, ("goes back", "said otherwise")),
    Plant("a manual hold is forgotten", manual_forgotten, ("manual",)),
    Plant("the breaker's hold is forgotten", breaker_forgotten, ("breaker",)),
    Plant("quantity before price", quantity_before_price, ("still stands there", "said otherwise")),
    Plant("a price raised under a hold", price_raised_under_a_hold, ("under holds",)),
    Plant("a dry run is forgotten", dry_run_forgotten, ("dry run",)),
    Plant("a suspension is forgotten", suspension_forgotten, ("suspended store",)),
    Plant("ended while in doubt", ended_while_in_doubt, ("over and still there", "twice")),
    Plant("two outstanding", two_outstanding, ("two BringListings",)),
    Plant("no floor, no gate", gate_open_without_a_floor, ("without a floor",)),
    Plant("the floor's wrong side", floor_compared_the_other_way, ("is below", "not there")),
    Plant("the floor is not compared", floor_not_compared, ("is below", "without a floor")),
    Plant("break-even at the decided cost", break_even_at_the_decided_cost, ("loses money",)),
    Plant("staleness is not asked", staleness_not_asked, ("stale",)),
    Plant("sold out is not asked", sold_out_not_asked, ("the supplier has none",)),
    Plant("a price may jump", price_may_jump, ("the price falls", "the price rises")),
    Plant("all prices may move", all_prices_may_move_at_once, ("prices move",)),
    Plant("renewed by disagreement", renewed_by_a_look_that_disagrees, ("stale",)),
    Plant("a lease never ends", lease_never_ends, ("stale",)),
    Plant("repeated blindly", repeated_blindly, ("no look between",)),
    Plant("a doubt is forgotten", doubt_forgotten, ("no look between",)),
    Plant("settling is not waited for", settling_not_waited_for, ("no look", "may still land")),
    Plant("the natural key is not held", natural_key_not_held, ("no look", "may still land")),
    Plant("outcome without comparing", outcome_without_comparing, ("",)),
    Plant(
        "looked at too early",
        looked_at_too_early,
        ("nobody meddled", "nobody bought", "instead of"),
    ),
    Plant(
        "unreadable taken for gone",
        unreadable_taken_for_gone,
        ("still there", "twice", "for sale since"),
    ),
    Plant(
        "throttled taken for done",
        throttled_taken_for_done,
        ("still stands", "instead of", "nobody meddled"),
    ),
    Plant("a sale overwritten", quantity_sent_without_the_one_before, ("overwritten",)),
    Plant("a sale on offer again", sale_offered_again, ("on offer again",)),
    Plant("it comes back at once", comes_back_at_once, ("sooner",)),
    Plant("a pause waits for its turn", pause_waits_for_its_turn, ("for sale since",)),
    Plant("a repricing is unsaid", repricing_unsaid, ("its events said",)),
)
