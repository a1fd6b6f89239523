"""The judge: told what was heard, wished, sent and what stands there; it asks no domain function.

What it holds against the syncer is written down here once more, on purpose, from the rules of the
house: whoever shares code with the judged judges nothing.
"""

from dataclasses import dataclass, field
from uuid import UUID

from campaign.clockwork import START, Clockwork
from campaign.shop import READ_LAG_S, Item, Shop
from campaign.watched import Facts, Watched, loses
from dropship.contracts.availability import Availability
from dropship.contracts.listings import (
    Hold,
    ListingDrifted,
    ListingRepriced,
    ListingRestocked,
    ListingStatus,
)
from dropship.contracts.messages import LANES, Event
from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.pricing.money import Money, from_wire
from dropship.syncer.domain.bringing import Order
from dropship.syncer.domain.facts import Reading
from dropship.syncer.domain.listing import Decided, Listing, There
from dropship.syncer.domain.outcomes import Ill, Trouble
from dropship.syncer.domain.steps import (
    Create,
    End,
    Publish,
    SetPrice,
    SetQuantity,
    Standing,
    Step,
)

EXPOSED_AT_MOST_S = 300.0
EXPOSED_IN_FAIR_WEATHER_S = 5.0
"""How long something may stay for sale after it is known that it must not."""
WINDOW_S = 600.0
ORDERS_LAG_S = 10.0


class Broken(AssertionError):
    """A rule of the house is broken."""


@dataclass
class Judge:
    """Raises Broken in the very step that breaks a rule."""

    clock: Clockwork
    lease_s: float
    exposed_at_most_s: float
    shop: Shop = field(init=False)
    standing: Standing = field(init=False)
    listings: dict[str, Watched] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    moves: list[tuple[float, str]] = field(default_factory=list)
    lifted_s: float = -WINDOW_S
    writes: int = 0
    _believed: int = 0

    # -- what the syncer hears

    def requested(self, id_: str, product_id: str) -> None:
        self.clock.note("requested", id_)
        self.listings[id_] = Watched(id_, product_id)

    def hears_decision(self, id_: str, decision: Decided) -> None:
        self.clock.note("decision", id_, decision.number)
        one = self.listings[id_]
        if one.newest is None or decision.number > one.newest.number:
            one.newest, one.refused = decision, False
        self._renew(one)
        self.watch(id_)

    def hears_facts(
        self, product_id: str, cost: Money | None, availability: Availability | None, gone: bool
    ) -> None:
        self.clock.note("facts", product_id, cost and cost.minor, availability, gone)
        facts = self.facts[product_id]
        facts.cost, facts.availability, facts.vanished = cost, availability, gone
        for id_ in self._of(product_id):
            self.listings[id_].refused = False
            self._renew(self.listings[id_])
            self.watch(id_)

    def hears_look(self, product_id: str, look: Reading) -> None:
        facts = self.facts[product_id]
        if facts.look is None or look.at >= facts.look.at:
            facts.look, facts.vanished = look, False
        for id_ in self._of(product_id):
            self._renew(self.listings[id_])
            self.watch(id_)

    def _of(self, product_id: str) -> list[str]:
        return [id_ for id_, one in self.listings.items() if one.product_id == product_id]

    def _renew(self, one: Watched) -> None:
        """A lease lasts from a look that says what the tracker said and the decision rests on."""
        facts, decision = self.facts[one.product_id], one.newest
        look = facts.look
        if look is None or decision is None:
            return
        same = look.cost == facts.cost == decision.cost
        if same and look.availability == facts.availability == decision.availability:
            until_s = (look.at - START).total_seconds() + self.lease_s
            if until_s > one.fresh_until_s:
                one.fresh_until_s = until_s
                self.clock.after(until_s - self.clock.now, lambda: self.watch(one.id))

    def wished(self, id_: str, wish: str) -> None:
        self.clock.note("wish", id_, wish)
        one = self.listings[id_]
        one.not_before_s = 0.0
        match wish:
            case "pause":
                one.personal.add(Hold.manual)
            case "resume":
                seen = one.personal & {Hold.breaker, Hold.drifted}
                if seen and one.newest is not None:
                    one.cleared = one.newest.price
                one.personal.clear()
            case _:
                one.ending = True
        self.watch(id_)

    def amended(self, id_: str, least: Money | None) -> None:
        self.clock.note("least", id_, least and least.minor)
        self.listings[id_].least = least

    def store_is(self, standing: Standing) -> None:
        self.clock.note("store", standing.mode, standing.status, standing.reason)
        if standing.status is StoreStatus.connected:
            if self.standing.reason == "breaker":
                self.lifted_s = self.clock.now
            for one in self.listings.values():
                one.not_before_s = 0.0
        self.standing = standing

    # -- what holds a listing, by the judge's own reckoning

    def holds(self, id_: str) -> list[str]:
        """Every reason for which it must not sell now."""
        one = self.listings[id_]
        facts, newest = self.facts[one.product_id], one.newest
        found = [f"{hold} (a person's)" for hold in sorted(one.personal)]
        if newest is None:
            return [*found, "undecided"]
        found += [f"{hold} (decision {newest.number})" for hold in newest.holds]
        if newest.price is not None and newest.price.currency != "USD":
            found.append("another currency")
        if not facts.for_sale:
            found.append("the supplier has none")
        if self.clock.now >= one.fresh_until_s:
            found.append("stale")
        if one.refused:
            found.append("refused by the last gate")
        return found

    # -- what it sends

    def sends(self, id_: str, command_id: UUID, step: Step, there: There | None) -> None:
        """A changing call is about to be made: this is the moment at which it must be right."""
        self.writes += 1
        self._believed = there.quantity if there is not None else 0
        self.clock.note("sends", id_, *_brief(step))
        one = self.listings[id_]
        self._may_call(id_, one)
        if isinstance(step, End):
            self._demand(one.ending, id_, "it is ended, and nobody wanted that")
        elif not (isinstance(step, SetQuantity) and step.quantity == 0):
            self._may_sell(id_, one, step)
        one.open_call, one.last_sent = command_id, step

    def _may_call(self, id_: str, one: Watched) -> None:
        self._demand(self.standing.mode is StoreMode.live, id_, "a dry run sends something")
        under_way = self.shop.busy_until(id_) > self.clock.now
        self._demand(not under_way, id_, "a second call while the first may still land")
        self._demand(one.open_call is None, id_, "a call after one in doubt, and no look between")

    def _may_sell(self, id_: str, one: Watched, step: Step) -> None:
        connected = self.standing.status is StoreStatus.connected
        self._demand(connected, id_, "a suspended store is written to")
        self._demand(not one.ending, id_, "it is written to though it shall end")
        holds = self.holds(id_)
        self._demand(not holds, id_, f"a write under holds: {', '.join(holds)}")
        too_soon = step == one.last_sent and self.clock.now < one.not_before_s
        self._demand(not too_soon, id_, "it comes back sooner than the marketplace asked for")
        assert one.newest is not None
        price = _price_of(step)
        self._is_decided(id_, one, one.newest, step, price)
        self._pays(id_, one, one.newest, price)
        self._moves_gently(id_, one, step)
        if isinstance(step, SetQuantity) and one.left is not None:
            right = step.quantity <= one.left
            self._demand(right, id_, "what was bought is on offer again, and nobody has counted it")

    def _is_decided(
        self, id_: str, one: Watched, newest: Decided, step: Step, price: Money
    ) -> None:
        """Every write traces to the newest decision that was heard; a price stands before the
        quantity that sells at it.
        """
        if isinstance(step, Create | SetQuantity):
            right = step.quantity in (newest.quantity, one.kept_to)
            self._demand(right, id_, f"{step.quantity} is not decision {newest.number}'s quantity")
        item = self.shop.items.get(id_)
        if item is not None and (item.meddled or self._raises_nothing(step, item)):
            return
        right = newest.price is None or newest.price == price
        self._demand(right, id_, f"{price.minor} is sent, decision {newest.number} said otherwise")
        if isinstance(step, SetQuantity | Publish) and item is not None:
            right = item.price == price
            self._demand(right, id_, f"{item.price.minor} still stands there, not {price.minor}")

    def _raises_nothing(self, step: Step, item: Item) -> bool:
        """Whether a change of quantity cannot make more sell: fewer, or counted from a number that
        the shop does not have any more, which it refuses.
        """
        return isinstance(step, SetQuantity) and (
            step.quantity <= item.quantity or self._believed != item.quantity
        )

    def _pays(self, id_: str, one: Watched, newest: Decided, price: Money) -> None:
        floor, cost = newest.floor, self.facts[one.product_id].cost
        self._demand(floor is not None and floor.minor > 0, id_, "a price without a floor")
        assert floor is not None
        self._demand(price.minor >= floor.minor, id_, f"{price.minor} is below {floor.minor}")
        typed = one.least is None or price.minor >= one.least.minor
        self._demand(typed, id_, f"{price.minor} is below the minimum that a person typed")
        self._demand(not loses(price, cost), id_, f"{price.minor} loses money at {cost}")

    def _moves_gently(self, id_: str, one: Watched, step: Step) -> None:
        """No price halves or triples by itself, and no store moves all its prices at once."""
        item = self.shop.items.get(id_)
        if not isinstance(step, SetPrice) or item is None or item.shown != "live" or item.meddled:
            return
        old, new = item.price.minor, step.price.minor
        cleared = one.cleared.minor if one.cleared is not None else None
        falls = new * 10 < old * 6 and (cleared is None or new < cleared)
        self._demand(not falls, id_, f"the price falls from {old} to {new}")
        rises = new > old * 3 and (cleared is None or new > cleared)
        self._demand(not rises, id_, f"the price rises from {old} to {new}")
        if abs(new - old) * 4 > old:
            self.moves.append((self.clock.now, id_))
            since_s = max(self.clock.now - WINDOW_S, self.lifted_s + WINDOW_S)
            moved = {other for moved_s, other in self.moves if moved_s > since_s}
            active = sum(x.status is ListingStatus.Active for x in self.listings.values())
            self._demand(len(moved) <= max(5, active // 5), id_, f"{len(moved)} prices move")

    def answered(self, id_: str, command_id: UUID, trouble: Trouble | None) -> None:
        """The outcome of a command's own call is known, and written down."""
        one = self.listings[id_]
        if one.open_call != command_id:
            return
        one.open_call = None
        if trouble is None:
            one.not_before_s = 0.0
        elif isinstance(trouble, Ill):
            one.not_before_s = self.clock.now + trouble.after_s

    def has_read(self, id_: str, began_s: float) -> None:
        """A look counts if it began when nothing could land or be unseen any more."""
        if began_s >= self.shop.busy_until(id_) + READ_LAG_S:
            self.listings[id_].open_call = None

    # -- what it writes and says

    def ordered(self, before: Listing, order: Order, by: UUID | None) -> None:
        """One BringListing at a time, but for one that is more urgent."""
        self.clock.note("orders", before.id, order.lane)
        if order.lane == "now":
            self.listings[before.id].not_before_s = 0.0
        current = before.bringing
        if current is None or current.command_id == str(by):
            return
        more_urgent = LANES.index(order.lane) < LANES.index(current.lane)
        self._demand(more_urgent, before.id, "two BringListings are outstanding")

    def is_told(self, id_: str, fact: Event) -> None:
        """The syncer says something of a listing."""
        self.clock.note("says", id_, type(fact).__name__)
        if isinstance(fact, ListingDrifted):
            meddled = id_ in self.shop.meddled_with
            self._demand(meddled, id_, f"its {fact.what} is said to have drifted; nobody meddled")
        one = self.listings[id_]
        made = one.last_sent.price if isinstance(one.last_sent, SetPrice) else None
        if isinstance(fact, ListingRepriced) and from_wire(fact.new) == made:
            one.cleared = None
        if isinstance(fact, ListingRestocked):
            self._is_bought(one, fact)
        one.fold(fact)

    def _is_bought(self, one: Watched, fact: ListingRestocked) -> None:
        """Fewer, and not because of us."""
        sent = one.last_sent
        ours = isinstance(sent, Create | SetQuantity) and sent.quantity == fact.new
        if fact.new >= fact.old or ours:
            return
        down_to = sent.quantity if isinstance(sent, SetQuantity) else fact.old
        one.bought += max(min(fact.old, down_to) - fact.new, 0)
        right = one.bought <= self.shop.bought.get(one.id, 0) or one.id in self.shop.meddled_with
        self._demand(right, one.id, f"{fact.new} are said to be left; nobody bought so many")
        if one.left is None or fact.new < one.left:
            one.left, one.left_s = fact.new, self.clock.now

    def sales_are_told(self, id_: str) -> None:
        """The store's orders were read, and policy has counted them."""
        one = self.listings[id_]
        if self.clock.now >= one.left_s + ORDERS_LAG_S:
            one.left = None

    def committed(self, before: Listing, listing: Listing) -> None:
        """A transaction has ended: the row says what the events said and what was heard."""
        id_ = listing.id
        self._demand(listing.decision_no >= before.decision_no, id_, "decision_no goes back")
        self.listings[id_].kept_to = listing.cap.quantity if listing.cap is not None else None
        wrong = self.listings[id_].differs_from(listing)
        self._demand(not wrong, id_, wrong)
        self.watch(id_)

    # -- what stands there

    def shop_changed(self, id_: str) -> None:
        product_id = self.listings[id_].product_id
        live = [
            item.key
            for item in self.shop.items.values()
            if item.product_id == product_id and item.shown != "ended"
        ]
        self._demand(len(live) <= 1, id_, f"one product is listed twice: {live}")
        self.watch(id_)

    def overwrites(self, id_: str) -> None:
        """A quantity was set that was counted from another one than stood there."""
        self._demand(False, id_, "a sale is overwritten by a quantity counted before it")

    def watch(self, id_: str) -> None:
        """Something that must not sell may do so for a while only, whatever the weather."""
        one = self.listings[id_]
        if not self._exposed(id_, one):
            one.exposed_since_s = None
        elif one.exposed_since_s is None:
            one.exposed_since_s = self.clock.now
            self.clock.after(self.exposed_at_most_s, lambda: self._still(id_, one))

    def _exposed(self, id_: str, one: Watched) -> bool:
        item = self.shop.items.get(id_)
        if item is None or not item.sells or item.meddled or not self._reachable():
            return False
        return bool(self.holds(id_)) or loses(item.price, self.facts[one.product_id].cost)

    def _reachable(self) -> bool:
        shut = self.standing.status is StoreStatus.suspended and self.standing.reason != "breaker"
        return self.standing.mode is StoreMode.live and not shut

    def _still(self, id_: str, one: Watched) -> None:
        self.watch(id_)
        since_s = one.exposed_since_s
        if since_s is not None:
            late = self.clock.now - since_s > self.exposed_at_most_s - 0.001
            why = ", ".join(self.holds(id_)) or "at a loss"
            self._demand(not late, id_, f"for sale since second {since_s:.0f}, though {why}")

    def _demand(self, right: bool, id_: str, wrong: str) -> None:
        if not right:
            raise Broken(f"{id_}, second {self.clock.now:.2f}: {wrong}")


def _price_of(step: Step) -> Money:
    assert isinstance(step, Create | SetPrice | Publish | SetQuantity)
    return step.price


def _brief(step: Step) -> tuple[object, ...]:
    match step:
        case Create():
            return "create", step.price.minor, step.quantity
        case SetPrice() | Publish():
            return type(step).__name__, step.price.minor
        case SetQuantity():
            return "quantity", step.quantity
        case _:
            return (type(step).__name__,)
