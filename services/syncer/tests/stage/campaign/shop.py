"""A marketplace with a memory of its own: it finds listings by key, loses answers, and sells.

What is told to the caller and what has happened are two things here: an effect lands at its own
moment, before its answer, after it, or without one.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from msgspec.structs import replace as told

from campaign.clockwork import Clockwork
from campaign.weather import Weather
from dropship.pricing.money import Money
from dropship.runtime.errors import Unknown
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Invalid,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    Stale,
    Throttled,
    Unavailable,
)
from dropship.syncer.domain.listing import Shown, There
from dropship.syncer.domain.steps import Create, End, Publish, SetPrice, SetQuantity, Step

DEADLINE_S = 20.0
READ_LAG_S = 2.0
STORM_S = 60.0
Answering = Generator[float, None, There]
Finding = Generator[float, None, There | None]


@dataclass(frozen=True)
class Item:
    """A product of the shop. `meddled`: someone changed it since we last looked."""

    key: str
    product_id: str
    shown: Shown
    price: Money
    quantity: int
    meddled: bool = False

    @property
    def sells(self) -> bool:
        return self.shown == "live" and self.quantity > 0

    def there(self) -> There:
        return There(f"gid-{self.key}", self.shown, self.price, self.quantity)


@dataclass
class Shop:
    """The shop itself. `on_change` is told after everything that happens in it."""

    clock: Clockwork
    weather: Weather
    on_change: Callable[[str], None]
    on_overwriting: Callable[[str], None]
    items: dict[str, Item] = field(default_factory=dict)
    stormy_until_s: float = 0.0
    ill: bool = True
    meddled_with: set[str] = field(default_factory=set)
    bought: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    _past: dict[str, list[tuple[float, Item | None]]] = field(default_factory=dict)
    _landing: dict[str, float] = field(default_factory=dict)

    def busy_until(self, key: str) -> float:
        """Until when an effect of an earlier call may land."""
        return self._landing.get(key, 0.0)

    def send(
        self, key: str, product_id: str, step: Step, there: There | None, limit_s: float
    ) -> Answering:
        """One changing call. Raises the errors of the port, or Unknown when its time is up."""
        self.calls += 1
        clock, weather = self.clock, self.weather
        took_s = clock.between(0.05, 0.6)
        yield from self._refuses(step, took_s, limit_s)
        if self._strikes(weather.lost_request):
            yield from self._silence(limit_s)
        answers: list[There | MarketplaceError] = []
        late = self._strikes(weather.late_effect)
        left_s = max(limit_s - clock.now, 0.0)
        lands_s = min(left_s, (left_s if late else took_s) * clock.chance.random())
        self._landing[key] = max(self.busy_until(key), clock.now + lands_s)
        clock.after(lands_s, lambda: answers.append(self._land(key, product_id, step, there)))
        if late or self._strikes(weather.lost_answer):
            yield from self._silence(limit_s)
        yield from self._until(took_s, limit_s)
        if self._strikes(weather.error_after_effect):
            raise OutcomeUnknown("HTTP 502")
        (answer,) = answers
        if isinstance(answer, MarketplaceError):
            raise answer
        return answer

    def find(self, key: str, limit_s: float) -> Finding:
        """Read one. What was changed a moment ago may not show yet."""
        self.calls += 1
        yield from self._until(self.clock.between(0.05, 0.4), limit_s)
        if self._throttles():
            raise Throttled("THROTTLED", after_s=self.clock.between(1, 5))
        if self._strikes(self.weather.revoked):
            raise AuthRevoked("the token is refused")
        if self._strikes(max(self.weather.unavailable, self.weather.lost_answer)):
            raise Unavailable("HTTP 503", after_s=self.clock.chance.choice((0.0, 5.0)))
        lag_s = (
            READ_LAG_S * self.clock.chance.random() if self._strikes(self.weather.read_lag) else 0
        )
        item = self._as_of(key, self.clock.now - lag_s)
        current = self.items.get(key)
        if current is not None and item is current and current.meddled:
            self.items[key] = replace(current, meddled=False)
        return item.there() if item is not None else None

    def _refuses(self, step: Step, took_s: float, limit_s: float) -> Generator[float]:
        """What comes to nothing, and is said to."""
        if self._throttles():
            yield from self._until(took_s, limit_s)
            raise Throttled("THROTTLED", after_s=self.clock.between(1, 20))
        if self._strikes(self.weather.unavailable):
            yield from self._until(took_s, limit_s)
            raise Unavailable("nothing answers there", after_s=self.clock.chance.choice((0.0, 5.0)))
        if isinstance(step, Create | SetPrice) and self._strikes(self.weather.refused):
            yield from self._until(took_s, limit_s)
            raise Invalid("the price is not liked")
        if self._strikes(self.weather.revoked):
            yield from self._until(took_s, limit_s)
            raise AuthRevoked("the token is refused")

    def _throttles(self) -> bool:
        if self.clock.now < self.stormy_until_s:
            return self.clock.happens(0.9)
        return self._strikes(self.weather.throttled)

    def _strikes(self, share: float) -> bool:
        return self.ill and self.clock.happens(share)

    def _silence(self, limit_s: float) -> Generator[float]:
        """No answer: the connection breaks, or nothing comes until the time is up."""
        if self.clock.happens(0.7):
            yield from self._until(self.clock.between(0.1, 3.0), limit_s)
            raise OutcomeUnknown("the connection broke")
        yield from self._until(limit_s - self.clock.now + 1.0, limit_s)

    def _until(self, delay_s: float, limit_s: float) -> Generator[float]:
        """Wait for an answer, until the caller's time is up."""
        yield max(min(delay_s, limit_s - self.clock.now), 0.0)
        if self.clock.now >= limit_s:
            raise Unknown("timeout")

    def _land(
        self, key: str, product_id: str, step: Step, there: There | None
    ) -> There | MarketplaceError:
        try:
            answer = self._carried_out(key, product_id, step, there)
        except MarketplaceError as error:
            self.clock.note("refused there", key, type(error).__name__)
            return error
        self.on_change(key)
        return answer

    def _carried_out(self, key: str, product_id: str, step: Step, there: There | None) -> There:
        item = self.items.get(key)
        if isinstance(step, Create):
            made = Item(key, product_id, "draft", step.price, step.quantity)
            self._becomes(made)
            return made.there()
        if item is None or there is None:
            raise NotFound("NOT_FOUND")
        match step:
            case SetPrice(price=price):
                self._becomes(replace(item, price=price))
                return _echo(there, price=price)
            case SetQuantity(quantity=quantity):
                if quantity:
                    self._compares(item, there)
                    if item.quantity != there.quantity:
                        self.on_overwriting(key)
                self._becomes(replace(item, quantity=quantity))
                return _echo(there, quantity=quantity)
            case Publish():
                self._becomes(replace(item, shown="live"))
                return _echo(there, shown="live")
            case End():
                self._becomes(replace(item, shown="ended"))
                return _echo(there, shown="ended")
            case _:
                raise AssertionError(f"no call: {step}")

    def _compares(self, item: Item, there: There) -> None:
        """The quantity that the caller names must still stand there; of a pause, none is named."""
        if item.quantity != there.quantity:
            raise Stale("CHANGE_FROM_QUANTITY_STALE")

    def _becomes(self, item: Item) -> None:
        self._past.setdefault(item.key, []).append((self.clock.now, self.items.get(item.key)))
        self.items[item.key] = item
        self.clock.note("shop", item.key, item.shown, item.price.minor, item.quantity)

    def _as_of(self, key: str, then_s: float) -> Item | None:
        """The item as it stood then: the state before the first change since."""
        for changed_s, before in self._past.get(key, ()):
            if changed_s > then_s:
                return before
        return self.items.get(key)

    def sell_one(self, key: str) -> None:
        """A buyer takes one."""
        item = self.items.get(key)
        if item is not None and item.sells:
            self._becomes(replace(item, quantity=item.quantity - 1))
            self.bought[key] = self.bought.get(key, 0) + 1
            self.on_change(key)

    def meddle(self, key: str) -> None:
        """Someone else changes something."""
        item = self.items.get(key)
        if item is None or item.shown != "live":
            return
        what = self.clock.chance.choice(("price", "quantity", "draft", "ended"))
        changed = replace(item, meddled=True)
        self.meddled_with.add(key)
        match what:
            case "price":
                price = Money(max(item.price.minor // 2, 1), item.price.currency)
                changed = replace(changed, price=price)
            case "quantity":
                changed = replace(changed, quantity=item.quantity + 3)
            case "draft":
                changed = replace(changed, shown="draft")
            case _:
                changed = replace(changed, shown="ended")
        self._becomes(changed)
        self.on_change(key)


def _echo(there: There, **changed: object) -> There:
    """The answer to a change tells only of that change; the rest is as the caller believed."""
    return told(there, **changed)
