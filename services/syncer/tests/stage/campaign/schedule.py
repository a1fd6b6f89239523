"""One schedule from one seed: a shop in bad weather, and the calm in which it must come to rest."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from campaign.bring import Worker
from campaign.clockwork import Clockwork
from campaign.hands import Hands
from campaign.judge import EXPOSED_AT_MOST_S, EXPOSED_IN_FAIR_WEATHER_S, Broken, Judge
from campaign.shop import STORM_S, Shop
from campaign.upstream import BLIND_S, NAP_S, Upstream, policy_of
from campaign.watched import Facts
from campaign.weather import fair, weather_of
from campaign.work import Queue
from dropship.contracts.listings import Hold, SyncState
from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.pricing.money import Money
from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.steps import Standing

NAMES = UUID("00000000-0000-5000-8000-00000000ca11")
AT_REST_WITHIN_S = 1200.0
"""Virtual seconds from the end of all faults until the shop must be as it is wanted."""
LOOKED_AT_EVERY_S = 20.0
COMPARED_EVERY_S = 20.0


@dataclass(frozen=True)
class Lived:
    """How a schedule went. `steps` counts the entries of its history."""

    seed: int
    steps: int
    writes: int
    rest_s: float
    fingerprint: str


class Schedule:
    """Everybody who takes part, wired; see `run`."""

    def __init__(self, seed: int, *, in_fair_weather: bool = False) -> None:
        self.seed = seed
        self.clock = Clockwork(seed)
        drawn = weather_of(self.clock.chance)
        self.weather = fair(drawn) if in_fair_weather else drawn
        live = self.weather.rehearses_s == 0
        standing = Standing(StoreMode.live if live else StoreMode.dry_run, StoreStatus.connected)
        exposed_s = EXPOSED_IN_FAIR_WEATHER_S if in_fair_weather else EXPOSED_AT_MOST_S
        self.judge = Judge(self.clock, self.weather.lease_s, exposed_s)
        self.judge.standing = standing
        self.shop = Shop(self.clock, self.weather, self.judge.shop_changed, self.judge.overwrites)
        self.judge.shop = self.shop
        self.queue = Queue(self.clock, self.weather)
        self.hands = Hands(
            self.clock, self.weather, self.judge, self.queue, standing, self._is_published
        )
        self.worker = Worker(self.clock, self.hands, self.shop, self.queue)
        self.queue.attend = self.worker.attend
        policy = policy_of(self.weather.resume_after_s)
        self.upstream = Upstream(self.clock, self.weather, self.hands, policy)
        self.paused_by_hand: set[str] = set()
        self.requests = 0

    def run(self) -> Lived:
        """Live through it. Raises Broken, or whatever else goes wrong."""
        for number in range(self.weather.listings):
            self._opens(f"product-{number}")
        self._plan_the_trouble()
        self.clock.run(self.weather.stormy_s)
        self._calms()
        began_s = self.clock.now
        while wrong := self._unrest():
            if self.clock.now - began_s > AT_REST_WITHIN_S:
                raise Broken(f"never at rest: {'; '.join(wrong)}")
            self.clock.run(self.clock.now + LOOKED_AT_EVERY_S)
        return Lived(
            seed=self.seed,
            steps=len(self.clock.history),
            writes=self.judge.writes,
            rest_s=self.clock.now - began_s,
            fingerprint=self.clock.fingerprint(),
        )

    def _opens(self, product_id: str) -> None:
        self.hands.products[product_id] = Product()
        self.judge.facts[product_id] = Facts()
        self.upstream.supplies(product_id)
        self.clock.after(self.clock.between(1, 30), lambda: self._requests(product_id))

    def _requests(self, product_id: str) -> None:
        """A person wants it listed: refused while it is."""
        if any(row.product_id == product_id and not row.over for row in self.hands.rows.values()):
            return
        self.requests += 1
        id_ = str(uuid5(NAMES, f"{product_id}/{self.requests}"))
        self.hands.requests(id_, product_id)
        self.upstream.is_asked(id_, product_id)

    def _is_published(self, id_: str) -> None:
        self.clock.after(self.clock.between(5, COMPARED_EVERY_S), lambda: self._compares(id_))

    def _compares(self, id_: str) -> None:
        if not self.hands.rows[id_].over:
            self.clock.follow(self.worker.compare(id_))
            self.clock.after(COMPARED_EVERY_S, lambda: self._compares(id_))

    # -- trouble

    def _plan_the_trouble(self) -> None:
        weather = self.weather
        self._at_random(weather.moves, self._a_supplier_moves)
        self._at_random(weather.old_decisions, self.upstream.repeats_an_old_one)
        self._at_random(weather.wishes, self._somebody_wishes)
        self._at_random(weather.meddling, self._somebody_meddles)
        self._at_random(weather.throttling_storms, self._storm)
        self._at_random(weather.policy_naps, self._policy_naps)
        self._at_random(weather.blind_spells, self._nobody_sees)
        self._at_random(int(weather.penny_prices), self._a_penny)
        self._at_random(int(weather.wave), self.upstream.costs_more_everywhere)
        if weather.rehearses_s:
            self.clock.after(weather.rehearses_s, self.hands.goes_live)
        if weather.buyers:
            self.clock.after(10.0, self._buyers_come)
        self.clock.after(30.0, self._somebody_minds_the_store)

    def _at_random(self, times: int, act: object) -> None:
        assert callable(act)
        for _ in range(times):
            self.clock.after(self.clock.between(20, self.weather.stormy_s - 1), act)

    def _a_product(self) -> str:
        return self.clock.chance.choice(list(self.upstream.truths))

    def _a_supplier_moves(self) -> None:
        self.upstream.moves(self._a_product())

    def _a_penny(self) -> None:
        self.upstream.costs_a_penny(self._a_product())

    def _storm(self) -> None:
        self.shop.stormy_until_s = self.clock.now + self.clock.between(5, STORM_S)
        self.clock.note("storm")

    def _policy_naps(self) -> None:
        self.upstream.of_policy.naps_until_s = self.clock.now + self.clock.between(10, NAP_S)

    def _nobody_sees(self) -> None:
        self.upstream.blind_until_s = self.clock.now + self.clock.between(30, BLIND_S)

    def _somebody_wishes(self) -> None:
        if not self.hands.rows:
            return
        chance = self.clock.chance
        id_ = chance.choice(list(self.hands.rows))
        match chance.choice(("pause", "resume", "resume", "end", "list", "least")):
            case "pause":
                self.hands.pauses(id_)
                self.paused_by_hand.add(id_)
            case "resume":
                self._resumes(id_)
            case "end":
                self.hands.ends(id_)
            case "least":
                least = Money(chance.randint(100, 9000), "USD") if chance.random() < 0.7 else None
                self.hands.amends(id_, least)
                self.upstream.is_told_of_a_minimum(id_, least)
            case _:
                self._requests(self.hands.rows[id_].product_id)

    def _resumes(self, id_: str) -> None:
        self.hands.resumes(id_)
        self.paused_by_hand.discard(id_)

    def _somebody_meddles(self) -> None:
        if self.shop.items:
            self.shop.meddle(self.clock.chance.choice(list(self.shop.items)))

    def _buyers_come(self) -> None:
        if self.shop.ill:
            for id_ in self.shop.items:
                if self.clock.happens(self.weather.buyers * 4):
                    self.shop.sell_one(id_)
            self.clock.after(10.0, self._buyers_come)

    def _somebody_minds_the_store(self) -> None:
        """A person lifts suspensions, and in the calm what else waits for a person."""
        calm = self.queue.calm
        if self.hands.standing.status is StoreStatus.suspended and (
            calm or self.clock.happens(0.5)
        ):
            self.hands.resumes_store()
        if calm:
            for id_, watched in self.judge.listings.items():
                if watched.personal - {Hold.manual} and not self.hands.rows[id_].over:
                    self._resumes(id_)
        self.clock.after(30.0, self._somebody_minds_the_store)

    def _calms(self) -> None:
        self.clock.note("calm")
        self.shop.ill = False
        self.shop.stormy_until_s = 0.0
        self.queue.calm = True
        self.upstream.becomes_calm()

    # -- rest

    def _unrest(self) -> list[str]:
        """What is not yet as it is wanted."""
        wrong = [found for id_ in self.hands.rows if (found := self._differs(id_))]
        wrong += [
            f"policy does not know what {product_id} is"
            for product_id in self.upstream.truths
            if not self.upstream.knows_the_truth(product_id)
        ]
        if self.queue.unfinished:
            wrong.append(f"{self.queue.unfinished} commands are not at their end")
        if not self.upstream.is_settled():
            wrong.append("not everything is heard")
        if self.hands.standing.status is not StoreStatus.connected:
            wrong.append("the store is suspended")
        return wrong

    def _differs(self, id_: str) -> str:
        listing, item = self.hands.rows[id_], self.shop.items.get(id_)
        if listing.over:
            there = item is not None and item.shown != "ended"
            return f"{id_} is over and still there" if there else ""
        opinion = self.upstream.opinions[id_]
        newest = opinion.said[-1] if opinion.said else None
        if listing.ending is not None or newest is None or not opinion.sane:
            return f"{id_} is undecided, or shall end"
        if newest != listing.decided:
            return f"{id_} is not decided as policy wants it"
        if newest.holds or self.judge.listings[id_].personal:
            return f"{id_} sells under holds" if item is not None and item.sells else ""
        shown = item and (item.shown, item.price, item.quantity)
        if shown != ("live", newest.price, newest.quantity):
            wanted = (newest.price, newest.quantity)
            return f"{id_}: {shown} instead of {wanted}; {listing.holds}, {listing.sync}"
        return "" if listing.sync is SyncState.in_sync else f"{id_} is {listing.sync}"


def run(seed: int, *, in_fair_weather: bool = False) -> Lived:
    """Live through one schedule; what goes wrong says how to see it again."""
    schedule = Schedule(seed, in_fair_weather=in_fair_weather)
    try:
        return schedule.run()
    except Exception as error:
        error.add_note(f"replay: just campaign-replay {seed}")
        raise
