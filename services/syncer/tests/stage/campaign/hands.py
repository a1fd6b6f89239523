"""The syncer: its rows in memory, and its transactions around the very functions of its domain.

Each method is one transaction and does what the handler of that name does with rows: nothing is
decided here. What the handlers in `dropship.syncer.handlers` change in this, must be changed here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from campaign.clockwork import Clockwork
from campaign.judge import Judge
from campaign.shop import READ_LAG_S
from campaign.weather import Weather
from campaign.work import Queue
from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold, ListingStatus
from dropship.contracts.stores import StoreMode, StoreStatus, SuspendReason
from dropship.pricing.money import Money
from dropship.syncer.domain import breaker, bringing, capping, lease, outcomes, weighing
from dropship.syncer.domain import listing as listings
from dropship.syncer.domain.bringing import Change, Scene
from dropship.syncer.domain.facts import Product, Reading
from dropship.syncer.domain.listing import Decided, Listing, There
from dropship.syncer.domain.outcomes import Intent, Trouble
from dropship.syncer.domain.steps import Look, Standing, Step

FEES = "shopify-basic"
STORE = "00000000-0000-5000-8000-000000000001"
LOST_AFTER_S = 600.0
POLLED_AFTER_S = 60.0


@dataclass
class Called:
    """One row of `intents`."""

    listing_id: str
    step: Step
    decision_no: int
    outcome: str | None = None


@dataclass(frozen=True)
class Begun:
    """A call that is about to be made, and the listing as it was believed to stand."""

    intent: Intent
    step: Step
    listing: Listing


@dataclass
class Hands:
    """Everything the syncer remembers, for both of its replicas: they share one database."""

    clock: Clockwork
    weather: Weather
    judge: Judge
    queue: Queue
    standing: Standing
    on_published: Callable[[str], None]
    rows: dict[str, Listing] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    intents: dict[UUID, Called] = field(default_factory=dict)
    moves: list[tuple[datetime, str]] = field(default_factory=list)
    breaker_lifted_at: datetime | None = None

    # -- what it hears

    def hears_decision(self, id_: str, decision: Decided) -> None:
        self.judge.hears_decision(id_, decision)
        listing = self.rows[id_]
        if listing.over:
            return
        self._take_in(listings.decide(listing, decision))

    def hears_price(self, product_id: str, cost: Money | None) -> None:
        before = self.products[product_id]
        self._learns(product_id, replace(before, cost=cost, vanished=False))

    def hears_stock(self, product_id: str, availability: Availability) -> None:
        before = self.products[product_id]
        self._learns(product_id, replace(before, availability=availability, vanished=False))

    def hears_vanished(self, product_id: str) -> None:
        self._learns(product_id, replace(self.products[product_id], vanished=True))

    def hears_look(self, product_id: str, look: Reading) -> None:
        product = self.products[product_id]
        seen = product.looked_at(look)
        self.judge.hears_look(product_id, look)
        if seen is not product:
            self._learns(product_id, seen)

    def _learns(self, product_id: str, product: Product) -> None:
        self.products[product_id] = product
        self.judge.hears_facts(product_id, product.cost, product.availability, product.vanished)
        for listing in list(self.rows.values()):
            if listing.product_id == product_id and not listing.over:
                self._take_in(listing)

    def _take_in(self, listing: Listing) -> None:
        product, at = self.products[listing.product_id], self.clock.at
        lease_s = self.weather.lease_s
        weighed = weighing.weigh(listing, product, self.standing, FEES, lease_s, at)
        self.apply(bringing.settle(weighed, self.standing, at))

    # -- its rounds

    def expires_lease(self, id_: str) -> None:
        listing, at = self.rows[id_], self.clock.at
        until = listing.fresh_until
        if listing.status is ListingStatus.Active and until is not None and until <= at:
            self._round(listing, lease.expire(listing, at))

    def brings_again(self, id_: str) -> None:
        listing, due = self.rows[id_], self.rows[id_].bring_again_at
        if due is not None and due <= self.clock.at and listing.bringing is None:
            self._round(listing, replace(listing, bring_again_at=None))

    def recovers(self, id_: str, command_id: str) -> None:
        """A BringListing that nobody has begun for ten minutes is ordered again."""
        listing = self.rows[id_]
        doing = any(
            row.key == f"listing:{id_}" and row.state == "doing"
            for row in self.queue.claims.rows.values()
        )
        current = listing.bringing
        if current is not None and current.command_id == command_id and not doing:
            self._round(listing, replace(listing, bringing=None), by=UUID(command_id))

    def polls(self, id_: str) -> None:
        """The orders were read: any sale is told, and decided upon if anything changes by it."""
        listing, at = self.rows[id_], self.clock.at
        self.judge.sales_are_told(id_)
        self._round(listing, capping.lifted(listing, at, None, at))

    def _round(self, listing: Listing, changed: Listing, by: UUID | None = None) -> None:
        if changed != listing:
            self.apply(bringing.settle(changed, self.standing, self.clock.at), by=by)

    # -- what people want

    def requests(self, id_: str, product_id: str) -> None:
        listing = Listing(id=id_, tenant="t", store_id=STORE, product_id=product_id, currency="USD")
        self.rows[id_] = listing
        self.judge.requested(id_, product_id)

    def pauses(self, id_: str) -> None:
        self._wish(id_, "pause", lambda listing: listings.hold(listing, Hold.manual))

    def resumes(self, id_: str) -> None:
        self._wish(id_, "resume", listings.resume)

    def ends(self, id_: str) -> None:
        self._wish(id_, "end", lambda listing: listings.end(listing, "user"))

    def amends(self, id_: str, least: Money | None) -> None:
        """A person types a minimum; policy hears of it later."""
        listing = self.rows[id_]
        if not listing.over:
            self.judge.amended(id_, least)
            amended = replace(listing, min_price=least)
            self.apply(bringing.settle(amended, self.standing, self.clock.at))

    def _wish(self, id_: str, wish: str, change: Callable[[Listing], Listing]) -> None:
        listing = self.rows[id_]
        if listing.over:
            return
        self.judge.wished(id_, wish)
        self.apply(bringing.settle(change(listing), self.standing, self.clock.at))

    def resumes_store(self) -> None:
        if self.standing.status is StoreStatus.suspended:
            if self.standing.reason == SuspendReason.breaker:
                self.breaker_lifted_at = self.clock.at
            self.standing = Standing(self.standing.mode, StoreStatus.connected)
        self._look_anew()

    def goes_live(self) -> None:
        self.standing = replace(self.standing, mode=StoreMode.live)
        self._look_anew()

    def _look_anew(self) -> None:
        self.judge.store_is(self.standing)
        for id_, listing in self.rows.items():
            if not listing.over:
                self.rows[id_] = replace(listing, bring_again_at=self.clock.at)
                self._plan_again(id_, 0.0)

    def suspends(self, reason: SuspendReason) -> None:
        """A marketplace that refuses us outweighs the breaker; else the first reason stays."""
        now = self.standing
        breaker_only = now.reason == SuspendReason.breaker and reason is not SuspendReason.breaker
        if now.status is StoreStatus.connected or breaker_only:
            self.standing = replace(now, status=StoreStatus.suspended, reason=reason.value)
            self.judge.store_is(self.standing)

    # -- what it does

    def begins(self, id_: str, command_id: UUID) -> Begun | None:
        """The first transaction of a call: the gate, under the locks of store and listing."""
        listing = self.rows[id_]
        begun = bringing.begin(listing, str(command_id), self._scene(listing), self.clock.at)
        if begun.change.suspend is not None:
            self.suspends(begun.change.suspend.reason)
        self.apply(begun.change, by=command_id)
        if begun.moved_bp is not None:
            self.moves.append((self.clock.at, id_))
        step = begun.step
        if step is None:
            return None
        if isinstance(step, Look):
            return Begun(self._doubtful(id_, command_id), step, listing)
        self.intents[command_id] = Called(id_, step, listing.decision_no)
        self.judge.sends(id_, command_id, step, listing.there)
        return Begun(Intent(str(command_id), step, listing.decision_no), step, listing)

    def _scene(self, listing: Listing) -> Scene:
        since = self.clock.at - timedelta(seconds=breaker.WINDOW_S)
        lifted = self.breaker_lifted_at is not None and self.breaker_lifted_at > since
        active = sum(one.status is ListingStatus.Active for one in self.rows.values())
        return Scene(
            standing=self.standing,
            product=self.products[listing.product_id],
            fee_schedule=FEES,
            moved=frozenset() if lifted else {id_ for at, id_ in self.moves if at > since},
            active=active,
            read_lag_s=READ_LAG_S,
        )

    def _doubtful(self, id_: str, command_id: UUID) -> Intent:
        last = next((row for row in reversed(self.intents.values()) if row.listing_id == id_), None)
        if last is None or last.outcome not in (None, "in_doubt"):
            return Intent(str(command_id), Look(), last.decision_no if last else 0)
        return Intent(str(command_id), last.step, last.decision_no)

    def intent_of(self, command_id: UUID) -> Intent | None:
        row = self.intents.get(command_id)
        if row is None or row.outcome is not None:
            return None
        return Intent(str(command_id), row.step, row.decision_no)

    def has_seen(self, id_: str, command_id: UUID, there: There | None, intent: Intent) -> None:
        """The outcome of an answer, or of a look."""
        listing = capping.noted(self.rows[id_], there, intent.step, self.clock.at)
        change = outcomes.seen(listing, there, intent, self.standing, self.clock.at)
        self._outcome(change, command_id, "seen")
        for row in self.intents.values():
            if row.listing_id == id_ and row.outcome == "in_doubt":
                row.outcome = "seen"

    def has_failed(self, id_: str, command_id: UUID, trouble: Trouble) -> None:
        listing = self.rows[id_]
        intent = self.intent_of(command_id)
        if intent is None:
            step = capping.allowed_step(listing, self.standing) or Look()
            intent = Intent(str(command_id), step, listing.decision_no)
        change = outcomes.failed(listing, trouble, intent, self.standing, self.clock.at)
        self._outcome(change, command_id, "failed")

    def is_in_doubt(self, id_: str, command_id: UUID, detail: str) -> None:
        change = outcomes.in_doubt(
            self.rows[id_], str(command_id), detail, self.standing, self.clock.at
        )
        self._outcome(change, command_id, "in_doubt")

    def _outcome(self, change: Change, command_id: UUID, word: str) -> None:
        self.apply(change, by=command_id)
        if command_id in self.intents:
            self.intents[command_id].outcome = word

    def is_quiet(self, listing: Listing) -> bool:
        """Whether a look tells what stands there."""
        return listings.quiet(listing, READ_LAG_S, self.clock.at)

    def has_checked(self, before: Listing, there: There | None) -> None:
        """Reconciliation: the marketplace was read while nothing of ours was under way."""
        listing = self.rows[before.id]
        if self.is_quiet(listing) and listing.brings == before.brings:
            listing = capping.noted(listing, there, Look(), self.clock.at)
            self.apply(outcomes.checked(listing, there, self.standing, self.clock.at))

    # -- what every transaction ends with

    def apply(self, change: Change, by: UUID | None = None) -> None:
        """Write the listing, say its facts, order what it orders; see `voice.Voice.apply`.

        `by` is the command whose transaction this is.
        """
        listing = change.listing
        before = self.rows[listing.id]
        facts = (*change.facts, *bringing.held_otherwise(before, listing))
        if listing == before and not facts:
            return
        self.rows[listing.id] = listing
        for fact in facts:
            self.judge.is_told(listing.id, fact)
        if change.order is not None:
            self.judge.ordered(before, change.order, by)
            self.queue.order(change.order.command_id, listing.id, change.order.lane)
            command_id = str(change.order.command_id)
            self.clock.after(LOST_AFTER_S, lambda: self.recovers(listing.id, command_id))
        self.judge.committed(before, listing)
        self._plan(before, listing)

    def _plan(self, before: Listing, listing: Listing) -> None:
        """The rounds come by every second or so: plan only those that find something."""
        now = self.clock.at
        if listing.fresh_until is not None and listing.fresh_until != before.fresh_until:
            left_s = (listing.fresh_until - now).total_seconds()
            late_s = left_s + self.clock.between(0, 1)
            self.clock.after(max(late_s, 0), lambda: self.expires_lease(listing.id))
        elif listing.sells and not lease.fresh(listing, now):
            self.clock.after(self.clock.between(0, 1), lambda: self.expires_lease(listing.id))
        if listing.bring_again_at is not None:
            left_s = (listing.bring_again_at - now).total_seconds()
            self._plan_again(listing.id, max(left_s, 0))
        if listing.published and not before.published:
            self.on_published(listing.id)
        if listing.cap is not None and listing.cap != before.cap:
            self.clock.after(POLLED_AFTER_S, lambda: self.polls(listing.id))

    def _plan_again(self, id_: str, left_s: float) -> None:
        late_s = left_s + self.clock.between(0, 0.5)
        self.clock.after(late_s, lambda: self.brings_again(id_))
