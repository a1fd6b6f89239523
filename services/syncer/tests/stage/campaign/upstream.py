"""What the syncer hears of: suppliers that move, a tracker that concludes, a policy that decides.

Tracker and policy are their own domains, driven here; between them lie logs that keep the order of
each product, and are slow, and deliver old decisions once more.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import convert
from msgspec.structs import replace

from campaign.clockwork import Clockwork
from campaign.hands import FEES, STORE, Hands
from campaign.weather import Weather
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import Evidence, FailureReason, ObservationFailed, OfferObserved
from dropship.contracts.policies import Rules
from dropship.contracts.products import PriceChanged, ProductVanished, StockChanged
from dropship.policy.domain.deciding import decide
from dropship.policy.domain.differing import differs
from dropship.policy.domain.facts import Facts, Last, PolicyInForce, Ruling
from dropship.pricing.money import Money, from_wire, to_wire
from dropship.syncer.domain.facts import Reading
from dropship.syncer.domain.listing import Decided
from dropship.tracker.domain import observing
from dropship.tracker.domain.observing import Asked, Concluded, State

USD = "USD"
NAP_S = 120.0
BLIND_S = 450.0
SOURCE = "feed-campaign"
EVIDENCE = Evidence(method="feed", parser="campaign", content_sha256="0" * 64)
Said = Callable[[], None]


@dataclass
class Truth:
    """What a supplier has, now."""

    cost: int = 2000
    stock: int = 40
    gone: bool = False
    shows_price_when_out: bool = True


@dataclass
class Ears:
    """One reader of the log: it hears a product's events in their order, sooner or later."""

    clock: Clockwork
    weather: Weather
    calm: bool = False
    naps_until_s: float = 0.0
    _heard_s: dict[str, float] = field(default_factory=dict)

    def hear(self, product_id: str, act: Said) -> None:
        late = not self.calm and self.clock.happens(self.weather.late_hearing)
        delay_s = self.clock.between(1, 60) if late else self.clock.between(0.01, 0.3)
        soonest_s = max(self._heard_s.get(product_id, 0.0), self.naps_until_s)
        when_s = max(self.clock.now + delay_s, soonest_s)
        self._heard_s[product_id] = when_s
        self.clock.upon(when_s, act)

    def has_heard_all(self) -> bool:
        return all(when_s < self.clock.now for when_s in self._heard_s.values())


@dataclass
class Opinion:
    """What policy remembers of one listing."""

    product_id: str
    ruling: Ruling | None = None
    least: Money | None = None
    said: list[Decided] = field(default_factory=list)
    sane: bool = True


@dataclass
class Known:
    """What policy remembers of one product."""

    cost: Money | None = None
    availability: Availability | None = None
    stock: int | None = None
    vanished: bool = False


@dataclass
class Upstream:
    """Suppliers, scraper, tracker and policy; `hands` hear of what they say."""

    clock: Clockwork
    weather: Weather
    hands: Hands
    policy: PolicyInForce
    truths: dict[str, Truth] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    opinions: dict[str, Opinion] = field(default_factory=dict)
    calm: bool = False
    blind_until_s: float = 0.0
    of_syncer: Ears = field(init=False)
    of_looks: Ears = field(init=False)
    of_policy: Ears = field(init=False)

    def __post_init__(self) -> None:
        self.of_syncer, self.of_looks, self.of_policy = (
            Ears(self.clock, self.weather) for _ in range(3)
        )

    # -- looking

    def supplies(self, product_id: str) -> None:
        """From now on this product exists, and is looked at."""
        cost = self.clock.chance.randint(500, 6000)
        shows = self.clock.happens(0.5)
        self.truths[product_id] = Truth(cost, shows_price_when_out=shows)
        self.states[product_id] = Asked()
        self.known[product_id] = Known()
        self._look(product_id)
        first_s = self.clock.between(0, self.weather.look_every_s)
        self.clock.after(first_s, lambda: self._looks(product_id))

    def _looks(self, product_id: str) -> None:
        self.clock.after(self.weather.look_every_s, lambda: self._looks(product_id))
        blind = self.clock.now < self.blind_until_s
        if self.calm or not (blind or self.clock.happens(self.weather.unreadable)):
            self._look(product_id)

    def _look(self, product_id: str) -> None:
        at = self.clock.at
        if self.truths[product_id].gone:
            self._concludes(
                product_id,
                lambda state: observing.miss(
                    state, _missing(product_id, at), stored_at=at, gap_s=1.0
                ),
            )
            return
        offer = _offer(product_id, self.truths[product_id], at)
        look = Reading(at, from_wire(offer.price) if offer.price else None, offer.availability)
        self.of_looks.hear(product_id, lambda: self.hands.hears_look(product_id, look))
        self._concludes(product_id, lambda state: observing.observe(state, offer, stored_at=at))

    def _concludes(self, product_id: str, conclude: Callable[[State], Concluded]) -> None:
        concluded = conclude(self.states[product_id])
        self.states[product_id] = concluded.state
        for fact in concluded.facts:
            if isinstance(fact, PriceChanged | StockChanged | ProductVanished):
                self._says(product_id, fact)

    def _says(self, product_id: str, fact: PriceChanged | StockChanged | ProductVanished) -> None:
        self.of_policy.hear(product_id, lambda: self._policy_hears(product_id, fact))
        hands = self.hands
        match fact:
            case PriceChanged(new=new):
                cost = from_wire(new) if new else None
                self.of_syncer.hear(product_id, lambda: hands.hears_price(product_id, cost))
            case StockChanged(new=availability):
                self.of_syncer.hear(product_id, lambda: hands.hears_stock(product_id, availability))
            case _:
                self.of_syncer.hear(product_id, lambda: hands.hears_vanished(product_id))

    # -- deciding

    def is_asked(self, id_: str, product_id: str) -> None:
        """A listing is requested: policy hears of it and decides."""
        self.opinions[id_] = Opinion(product_id)
        self.of_policy.hear(product_id, lambda: self.decides(id_))

    def is_told_of_a_minimum(self, id_: str, least: Money | None) -> None:
        opinion = self.opinions[id_]

        def hears() -> None:
            opinion.least = least
            self.decides(id_)

        self.of_policy.hear(opinion.product_id, hears)

    def _policy_hears(
        self, product_id: str, fact: PriceChanged | StockChanged | ProductVanished
    ) -> None:
        known = self.known[product_id]
        match fact:
            case PriceChanged(new=new):
                known.cost, known.vanished = (from_wire(new) if new else None), False
            case StockChanged(new=availability, new_quantity=quantity):
                known.availability, known.stock = availability, quantity
                known.vanished = False
            case _:
                known.vanished = True
        for id_, opinion in self.opinions.items():
            if opinion.product_id == product_id:
                self.decides(id_)

    def decides(self, id_: str) -> None:
        """Evaluate one listing; say it where it is news."""
        opinion, at = self.opinions[id_], self.clock.at
        if self.hands.rows[id_].over:
            return
        facts = self._facts(id_, opinion)
        ruling = decide(facts, at)
        news = not opinion.sane or differs(opinion.ruling, ruling)
        opinion.ruling, opinion.sane = ruling, True
        if ruling.revisit_at is not None:
            left_s = (ruling.revisit_at - at).total_seconds()
            self.clock.after(max(left_s, 0) + self.clock.between(0, 1), lambda: self.decides(id_))
        if news:
            self._decided(id_, opinion, ruling, facts, at)

    def _facts(self, id_: str, opinion: Opinion) -> Facts:
        known, last = self.known[opinion.product_id], opinion.ruling
        return Facts(
            listing_id=id_,
            product_id=opinion.product_id,
            store_id=STORE,
            currency=USD,
            fee_schedule=FEES,
            policy=self.policy,
            min_price=opinion.least,
            cost=known.cost,
            availability=known.availability,
            stock=known.stock,
            quantity_kind=QuantityKind.exact if known.stock is not None else None,
            vanished=known.vanished,
            sellable_since=last.sellable_since if last else None,
            last=Last.of(last) if last else None,
        )

    def _decided(
        self, id_: str, opinion: Opinion, ruling: Ruling, facts: Facts, at: datetime
    ) -> None:
        decision = Decided(
            number=len(opinion.said) + 1,
            price=ruling.price,
            floor=ruling.floor,
            quantity=ruling.quantity,
            holds=ruling.holds,
            cost=facts.cost,
            availability=facts.availability,
            at=at,
        )
        if not self.calm and self.clock.happens(self.weather.mad_decisions):
            decision = self._mad(decision)
            opinion.sane = False
            self.clock.after(self.clock.between(5, 90), lambda: self.decides(id_))
        opinion.said.append(decision)
        self._tells(id_, decision)
        if self.clock.happens(self.weather.duplicates):
            self.clock.after(self.clock.between(0, 200), lambda: self._tells(id_, decision))

    def _tells(self, id_: str, decision: Decided) -> None:
        product_id = self.opinions[id_].product_id
        self.of_syncer.hear(product_id, lambda: self.hands.hears_decision(id_, decision))

    def _mad(self, decision: Decided) -> Decided:
        """A decision that no policy should make: the last gate is there for these."""
        chance = self.clock.chance
        price = decision.price or Money(chance.randint(1, 9000), USD)
        penny = Money(chance.randint(1, 50), USD)
        free = replace(decision, price=price, holds=(), quantity=3)
        lower = Money(price.minor * 3 // 4 + 1, USD)
        cheaper = Money(price.minor // 2 + 1, USD)
        return chance.choice(
            (
                replace(free, floor=None),
                replace(free, price=penny),
                replace(free, price=penny, floor=Money(1, USD)),
                replace(free, price=penny, floor=Money(1, USD), cost=Money(1, USD)),
                replace(free, price=cheaper, floor=Money(1, USD)),
                replace(free, price=lower, floor=Money(1, USD), cost=cheaper),
                replace(free, price=lower, floor=Money(1, USD), cost=cheaper),
                replace(free, floor=Money(price.minor + 1, USD)),
                replace(free, price=Money(price.minor, "EUR")),
                replace(free, floor=Money(0, USD)),
                free,
            )
        )

    def repeats_an_old_one(self) -> None:
        """A decision of long ago is published once more."""
        told = [(id_, one) for id_, opinion in self.opinions.items() for one in opinion.said]
        if told:
            self._tells(*self.clock.chance.choice(told))

    # -- trouble of its own

    def moves(self, product_id: str) -> None:
        """The supplier's truth moves."""
        truth, chance = self.truths[product_id], self.clock.chance
        what = chance.choice(("price",) * 6 + ("up", "down", "out", "out", "few", "back", "gone"))
        match what:
            case "price":
                truth.cost = max(1, int(truth.cost * chance.uniform(0.85, 1.18)))
            case "up":
                truth.cost = int(truth.cost * chance.uniform(1.3, 1.8)) + 1
            case "down":
                truth.cost = max(1, int(truth.cost * chance.uniform(0.3, 0.6)))
            case "out":
                truth.stock = 0
            case "few":
                truth.stock = chance.randint(1, 6)
            case "back":
                truth.stock, truth.gone = 40, False
            case _:
                truth.gone = not truth.gone
        self.clock.note("truth", product_id, truth.cost, truth.stock, truth.gone)

    def costs_a_penny(self, product_id: str) -> None:
        """An hour of penny prices, in five minutes."""
        truth = self.truths[product_id]
        before, truth.cost = truth.cost, 1
        self.clock.note("penny", product_id)

        def back() -> None:
            truth.cost = before

        self.clock.after(self.clock.between(60, 300), back)

    def costs_more_everywhere(self) -> None:
        for truth in self.truths.values():
            truth.cost = int(truth.cost * self.clock.chance.uniform(1.35, 1.6))
        self.clock.note("wave")

    def is_settled(self) -> bool:
        """Whether everything that was said has been heard."""
        return all(ears.has_heard_all() for ears in (self.of_syncer, self.of_looks, self.of_policy))

    def knows_the_truth(self, product_id: str) -> bool:
        """Whether policy knows of a product what a careful reader can see."""
        truth, known = self.truths[product_id], self.known[product_id]
        if truth.gone:
            return known.vanished or known.availability is Availability.discontinued
        offer = _offer(product_id, truth, self.clock.at)
        cost = from_wire(offer.price) if offer.price else None
        return (known.cost, known.availability, known.vanished) == (cost, offer.availability, False)

    def becomes_calm(self) -> None:
        self.calm = True
        for ears in (self.of_syncer, self.of_looks, self.of_policy):
            ears.calm = True


def policy_of(resume_after_s: int) -> PolicyInForce:
    """Twenty percent, and a pause that ends as this schedule wants."""
    rules = {
        "price": {"basis": "margin_on_price", "value": "0.20"},
        "stock": {"cap": 5, "assumed_quantity": 3},
        "pause": {"resume_after_s": resume_after_s, "third_party_ok": True},
    }
    return PolicyInForce("policy", 1, convert(rules, Rules))


def _offer(product_id: str, truth: Truth, at: datetime) -> OfferObserved:
    out = truth.stock <= 0
    price = None if out and not truth.shows_price_when_out else Money(truth.cost, USD)
    low = truth.stock <= 5
    seen = Availability.low if low else Availability.in_stock
    return OfferObserved(
        product_id=product_id,
        source=SOURCE,
        external_id="x",
        title="A thing",
        price=to_wire(price) if price else None,
        availability=Availability.out_of_stock if out else seen,
        quantity=truth.stock if low else None,
        quantity_kind=QuantityKind.exact if low else None,
        observed_at=at,
        evidence=EVIDENCE,
    )


def _missing(product_id: str, at: datetime) -> ObservationFailed:
    return ObservationFailed(
        product_id=product_id,
        source=SOURCE,
        external_id="x",
        reason=FailureReason.not_found,
        observed_at=at,
    )
