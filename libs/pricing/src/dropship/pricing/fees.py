"""What a channel charges for a sale, as dated data: never a constant in the code.

One TOML file in `schedules/` is one schedule: what held for one kind of seller from one day on,
where that was read, and when. A change of fees is a new file; a decision of last year is decided
again with the fees of last year.
"""

from datetime import date
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import pairwise
from tomllib import loads
from typing import Literal

from msgspec import Struct, convert

from dropship.contracts import money as wire
from dropship.pricing.money import Money, from_wire
from dropship.pricing.rounding import ratio

Part = Literal["item", "shipping", "tax"]
"""What the buyer pays: the item's price, the shipping charged, and the tax added on top of both."""

Tiering = Literal["marginal", "cliff"]
"""`marginal`: each rate falls on its own slice. `cliff`: the rate of the last slice, on all."""


class NotASchedule(ValueError):
    """A fee schedule that contradicts itself; nothing can be priced with it."""


class UnknownSchedule(LookupError):
    """No schedule has this name, or none of that name had begun on that day."""


class Tier(Struct, frozen=True):
    """A rate, as decimal text, for a base of `up_to` and less; None: for all above."""

    rate: str
    up_to: Money | None = None


class Fixed(Struct, frozen=True):
    """An amount per order whose base is `up_to` or less; None: for all above."""

    amount: Money
    up_to: Money | None = None


class Component(Struct, frozen=True, kw_only=True):
    """One fee of a schedule: rates on its base plus a fixed amount, not below `minimum`, not above
    `cap`, and then rounded once.

    A fee that would show as two lines in a breakdown is two components. All are charged once for an
    order: one of several units pays them once, so reckoning with one unit is the safe side.
    `refundable` says whether it comes back, in proportion, when the buyer is refunded.
    """

    name: str
    base: tuple[Part, ...]
    tiers: tuple[Tier, ...] = ()
    tiering: Tiering = "marginal"
    fixed: tuple[Fixed, ...] = ()
    minimum: Money | None = None
    cap: Money | None = None
    refundable: bool = False

    def __post_init__(self) -> None:
        if "item" not in self.base or len(set(self.base)) != len(self.base):
            raise NotASchedule(f"{self.name}: the base is the item, and more at most once each")
        _climbing(self.name, [tier.up_to for tier in self.tiers])
        _climbing(self.name, [step.up_to for step in self.fixed])
        for tier in self.tiers:
            ratio(tier.rate)
        if self.minimum is not None and self.cap is not None and self.cap < self.minimum:
            raise NotASchedule(f"{self.name}: the cap lies below the minimum")

    def ends(self) -> list[Money]:
        """Where one of its steps ends."""
        ends = [*(tier.up_to for tier in self.tiers), *(step.up_to for step in self.fixed)]
        return [end for end in ends if end is not None]

    def amounts(self) -> list[Money]:
        """Every sum of money named in it."""
        limits = [limit for limit in (self.minimum, self.cap) if limit is not None]
        return [*self.ends(), *(step.amount for step in self.fixed), *limits]


class FeeSchedule(Struct, frozen=True, kw_only=True):
    """All fees of one kind of seller on one channel, from `effective_from` until the next schedule
    of the same name.

    `verified_at` is the day on which the figures were last seen at their `source`, which says where
    they are from at second hand or from memory. Raises NotASchedule.
    """

    id: str
    name: str
    channel: str
    currency: str
    effective_from: date
    source: str
    verified_at: date
    components: tuple[Component, ...]

    def __post_init__(self) -> None:
        for component in self.components:
            for amount in component.amounts():
                if amount.currency != self.currency or amount.minor < 0:
                    raise NotASchedule(f"{self.id}: {component.name} has an amount that cannot be")


def _climbing(name: str, limits: list[Money | None]) -> None:
    """Each step reaches higher than the one before, and only the last has no end."""
    ends = [0, *(limit.minor for limit in limits if limit is not None)]
    if limits and (limits[-1] is not None or limits.count(None) > 1):
        raise NotASchedule(f"{name}: the last step, and no other, is without an end")
    if any(lower >= upper for lower, upper in pairwise(ends)):
        raise NotASchedule(f"{name}: the steps do not climb")


def schedule(name: str, on: date) -> FeeSchedule:
    """The schedule of that name that holds on that day: the newest that has begun.

    Raises UnknownSchedule. A day before the first schedule has none: a guess backwards in time
    would look like knowledge.
    """
    found = None
    for candidate in _by_name().get(name, ()):
        if candidate.effective_from <= on:
            found = candidate
    if found is None:
        raise UnknownSchedule(f"no fee schedule {name!r} holds on {on.isoformat()}")
    return found


@cache
def schedules() -> tuple[FeeSchedule, ...]:
    """Every schedule there is, by name and then by day."""
    folder = resources.files("dropship.pricing") / "schedules"
    found = [
        read(file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.effective_from)))


def for_channel(channel: str) -> tuple[str, ...]:
    """The names of the schedules a store on this channel can have, the highest rate first.

    So whoever takes the first one without asking the seller errs towards too high a price.
    """
    newest = [dated[-1] for dated in _by_name().values() if dated[-1].channel == channel]
    return tuple(each.name for each in sorted(newest, key=_highest_rate, reverse=True))


def _highest_rate(schedule: FeeSchedule) -> Fraction:
    rates = [Fraction(tier.rate) for each in schedule.components for tier in each.tiers]
    return max(rates, default=Fraction(0))


@cache
def _by_name() -> dict[str, tuple[FeeSchedule, ...]]:
    names = dict.fromkeys(each.name for each in schedules())
    return {name: tuple(each for each in schedules() if each.name == name) for name in names}


class _Tier(Struct, forbid_unknown_fields=True):
    rate: str
    up_to: str | None = None


class _Fixed(Struct, forbid_unknown_fields=True):
    amount: str
    up_to: str | None = None


class _Component(Struct, forbid_unknown_fields=True):
    name: str
    base: tuple[Part, ...]
    refundable: bool
    tiers: tuple[_Tier, ...] = ()
    tiering: Tiering = "marginal"
    fixed: tuple[_Fixed, ...] = ()
    minimum: str | None = None
    cap: str | None = None


class _Schedule(Struct, forbid_unknown_fields=True):
    name: str
    channel: str
    currency: str
    effective_from: date
    source: str
    verified_at: date
    components: tuple[_Component, ...]


def read(text: str) -> FeeSchedule:
    """A schedule from the text of its file. Amounts are decimal texts in the schedule's currency.

    Raises NotASchedule, msgspec.ValidationError for an unknown or missing field, NotMoney and
    NotARate: a file that is not wholly understood prices nothing.
    """
    file = convert(loads(text), _Schedule)
    return FeeSchedule(
        id=f"{file.name}/{file.effective_from.isoformat()}",
        name=file.name,
        channel=file.channel,
        currency=file.currency,
        effective_from=file.effective_from,
        source=file.source,
        verified_at=file.verified_at,
        components=tuple(_component(each, file.currency) for each in file.components),
    )


def _component(file: _Component, currency: str) -> Component:
    def money(amount: str) -> Money:
        return from_wire(wire.Money(amount=amount, currency=currency))

    def maybe(amount: str | None) -> Money | None:
        return None if amount is None else money(amount)

    return Component(
        name=file.name,
        base=file.base,
        tiers=tuple(Tier(each.rate, maybe(each.up_to)) for each in file.tiers),
        tiering=file.tiering,
        fixed=tuple(Fixed(money(each.amount), maybe(each.up_to)) for each in file.fixed),
        minimum=maybe(file.minimum),
        cap=maybe(file.cap),
        refundable=file.refundable,
    )
