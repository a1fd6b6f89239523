"""Seeded schedules without any I/O: lost answers, late decisions, sales, illness, two workers.

The world below is a marketplace, a queue and a clock in memory. It drives the very functions that
the handlers drive, and judges by what reached the marketplace.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold, ListingStatus
from dropship.pricing.fees import schedule
from dropship.pricing.solver import NO_LOSS, meets
from dropship.pricing.terms import Terms
from dropship.syncer.domain import bringing, lease, listing, outcomes
from dropship.syncer.domain.bringing import Change
from dropship.syncer.domain.facts import Product, Reading
from dropship.syncer.domain.listing import There
from dropship.syncer.domain.outcomes import Ill, Intent, Moved
from dropship.syncer.domain.steps import Create, End, Look, Publish, SetPrice, SetQuantity, Step
from dropship.syncer.domain.weighing import weigh

STEPS = 150
COSTS = (8.0, 20.0, 21.0, 35.0)


class Stale(Exception):
    """The quantity moved since it was seen."""


class World:
    """One listing, its marketplace, and whoever works on it."""

    def __init__(self, make: Any, random: Any) -> None:
        self.make, self.random, self.clock = make, random, 0.0
        self.product: Product = make.looked_at(make.product())
        self.row = make.listing()
        self.there: There | None = None
        self.queue: list[str] = []
        self.done: set[str] = set()
        self.in_hand: tuple[str, Intent] | None = None
        self.settles_at: float | None = None
        self.sent: Step | None = None
        self.doubt: Step | None = None
        self.number = 0
        self.decisions: list[Any] = []
        self.creations = 0

    @property
    def at(self) -> Any:
        return self.make.at(self.clock)

    def write(self, change: Change) -> None:
        self.row = change.listing
        if change.order is not None:
            self.queue.append(str(change.order.command_id))

    def settle(self, row: Any) -> None:
        """Something was heard."""
        make = self.make
        row = weigh(row, self.product, make.live, make.fee_schedule, make.lease_s, self.at)
        self.write(bringing.settle(row, make.live, self.at))

    def cost_moves(self) -> None:
        cost = self.make.usd(self.random.choice(COSTS))
        stock = self.random.choice([Availability.in_stock] * 3 + [Availability.out_of_stock])
        self.product = replace(self.product, cost=cost, availability=stock)
        self.settle(self.row)

    def somebody_looks(self) -> None:
        look = Reading(self.at, self.product.cost, self.product.availability)
        self.product = self.product.looked_at(look)
        self.settle(self.row)

    def decide(self) -> None:
        self.number += 1
        cost = self.product.cost
        assert cost is not None
        gone = self.product.availability is Availability.out_of_stock
        mad = self.random.random() < 0.15
        price = self.make.usd(0.01 if mad else cost.minor / 100 * 1.3 + 0.5)
        floor = self.random.choice([price, None, self.make.usd(0.01)]) if mad else price
        self.decisions.append(
            self.make.decision(
                number=self.number,
                price=price.minor / 100,
                floor=floor,
                quantity=self.random.randint(1, 9),
                holds=(Hold.out_of_stock,) if gone else (),
                cost=cost,
                availability=self.product.availability,
            )
        )
        self.hear(self.decisions[-1])

    def hear_again(self) -> None:
        if self.decisions:
            self.hear(self.random.choice(self.decisions))

    def hear(self, decision: Any) -> None:
        self.settle(listing.decide(self.row, decision))

    def a_person_acts(self) -> None:
        act = self.random.choice(["pause", "resume", "resume"])
        row = self.row
        row = listing.hold(row, Hold.manual) if act == "pause" else listing.resume(row)
        self.settle(row)

    def somebody_buys(self) -> None:
        if self.there is not None and self.there.shown == "live" and self.there.quantity > 0:
            self.there = replace(self.there, quantity=self.there.quantity - 1)

    def time_passes(self) -> None:
        self.clock += self.random.choice([1, 5, 60, 4000])
        self.write(bringing.settle(lease.expire(self.row, self.at), self.make.live, self.at))
        self.round()

    def round(self) -> None:
        again = self.row.bring_again_at
        if again is not None and again <= self.at and self.row.bringing is None:
            row = replace(self.row, bring_again_at=None)
            self.write(bringing.settle(row, self.make.live, self.at))

    def a_worker_begins(self) -> None:
        """One at a time about a listing: the natural key. The queue may hand out any of them."""
        waiting = [command for command in self.queue if command not in self.done]
        if self.in_hand is not None or not waiting:
            return
        command = self.random.choice(waiting)
        begun = bringing.begin(self.row, command, self.make.scene(self.product), self.at)
        self.write(begun.change)
        if begun.step is None:
            self.done.add(command)
            return
        self.judge(begun.step)
        self.sent = begun.step
        step = self.doubt if isinstance(begun.step, Look) and self.doubt else begun.step
        self.in_hand = command, Intent(command, step, self.row.decision_no)

    def judge(self, step: Step) -> None:
        """What may be sent at this moment, by rules of the judge's own."""
        if self.row.holds:
            assert isinstance(step, SetQuantity | Look), step
            assert not isinstance(step, SetQuantity) or step.quantity == 0
            return
        price = getattr(step, "price", None)
        if price is None:
            return
        decided = self.row.decided
        assert decided is not None
        assert decided.number == self.number or decided.number in self.heard
        assert decided.floor is not None
        assert self.product.cost is not None
        assert price >= decided.floor
        terms = Terms(self.product.cost, schedule(self.make.fee_schedule, self.at.date()))
        assert meets(terms, NO_LOSS, price), (price, self.product.cost)

    @property
    def heard(self) -> set[int]:
        return {decision.number for decision in self.decisions}

    def a_worker_goes_on(self, faults: bool = True) -> None:
        if self.in_hand is None or self.settles_at is not None:
            return
        command, intent = self.in_hand
        kinds = ["ok", "ok", "ok", "lost before", "lost after", "ill"] if faults else ["ok"]
        kind = self.random.choice(kinds)
        if kind == "ill":
            self.ends(command, outcomes.failed(self.row, Ill(0, "ill"), intent, *self.now))
        elif kind == "lost before" and not isinstance(self.sent, Look):
            self.settles_at = self.clock + 5
        else:
            try:
                self.make_effect()
            except Stale:
                moved = outcomes.failed(self.row, Moved("stale"), intent, *self.now)
                self.ends(command, moved)
                return
            if kind == "lost after" and not isinstance(self.sent, Look):
                self.settles_at = self.clock + 5
            else:
                self.doubt = None
                self.ends(command, outcomes.seen(self.row, self.there, intent, *self.now))

    def a_worker_looks(self, faults: bool = True) -> None:
        """The runtime has the doubt looked up once it can be known."""
        if self.in_hand is None or self.settles_at is None or self.clock < self.settles_at:
            return
        command, intent = self.in_hand
        if faults and self.random.random() < 0.2:
            self.doubt = intent.step
            self.ends(command, outcomes.in_doubt(self.row, command, "ill", *self.now))
        else:
            self.ends(command, outcomes.seen(self.row, self.there, intent, *self.now))

    @property
    def now(self) -> tuple[Any, Any]:
        return self.make.live, self.at

    def ends(self, command: str, change: Change) -> None:
        self.in_hand, self.settles_at = None, None
        self.done.add(command)
        self.write(change)

    def make_effect(self) -> None:
        there: Any = self.there
        match self.sent:
            case Create(price=price, quantity=quantity):
                self.creations += there is None
                shown = there.shown if there else "draft"
                self.there = replace(self.make.there(shown=shown), price=price, quantity=quantity)
            case Publish():
                self.there = replace(there, shown="live")
            case SetPrice(price=price):
                self.there = replace(there, price=price)
            case SetQuantity(quantity=quantity):
                assert there is not None
                assert self.row.there is not None
                if there.quantity != self.row.there.quantity:
                    raise Stale
                self.there = replace(there, quantity=quantity)
            case End():
                self.there = replace(there, shown="ended")

    def lives(self) -> None:
        doings = [
            *(self.cost_moves, self.somebody_looks, self.decide, self.decide, self.hear_again),
            *(self.a_person_acts, self.somebody_buys, self.time_passes, self.time_passes),
            *[self.a_worker_begins] * 4,
            *[self.a_worker_goes_on] * 5,
            *[self.a_worker_looks] * 2,
        ]
        for _ in range(STEPS):
            self.random.choice(doings)()
            assert len([c for c in self.queue if c not in self.done]) <= 3
            assert self.creations <= 1

    def heals(self) -> None:
        """The faults are over, policy is sane, a person resumes, and a look agrees."""
        self.product = replace(self.product, availability=Availability.in_stock)
        self.number += 1
        cost = self.product.cost
        sane = self.make.decision(
            number=self.number, price=60, floor=self.make.usd(50), quantity=4, cost=cost
        )
        self.decisions.append(sane)
        self.product = self.product.looked_at(Reading(self.at, cost, Availability.in_stock))
        self.hear(sane)
        self.settle(listing.resume(self.row))
        for _ in range(60):
            self.clock += 6
            self.round()
            if Hold.breaker in self.row.own_holds:
                self.settle(listing.resume(self.row))
            self.a_worker_begins()
            self.a_worker_goes_on(faults=False)
            self.a_worker_looks(faults=False)


@settings(max_examples=300, deadline=None)
@given(random=st.randoms(use_true_random=True))
def test_whatever_happens_nothing_wrong_is_sent_and_in_the_end_it_is_as_wanted(
    make: Any, random: Any
) -> None:
    world = World(make, random)
    world.lives()
    world.heals()
    assert world.there is not None
    stands = world.there.shown, world.there.price, world.there.quantity
    assert stands == ("live", make.usd(60), 4), repr(world.row)
    assert (world.row.there, world.row.status) == (world.there, ListingStatus.Active)
    assert world.row.bringing is None
