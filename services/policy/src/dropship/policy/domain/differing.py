"""When a ruling is news: only then is it said, so that a quiet shop makes a quiet log."""

from typing import Protocol

from dropship.contracts.listings import Hold
from dropship.pricing.money import Money


class Outcome(Protocol):
    """A ruling, or what is remembered of one."""

    @property
    def price(self) -> Money | None: ...
    @property
    def floor(self) -> Money | None: ...
    @property
    def quantity(self) -> int: ...
    @property
    def holds(self) -> tuple[Hold, ...]: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def sold_here(self) -> bool: ...


def differs(last: Outcome | None, now: Outcome) -> bool:
    """Whether a listing's ruling says anything that its last one did not.

    The reasons name the cost and the availability it rests on, so the same price from another cost
    is news: the syncer keeps nothing on sale by facts that are not today's. Of a stock that fills
    the cap they do not name the number, or every sale of the supplier's would be news.
    """
    return last is None or _gist(last) != _gist(now)


def _gist(of: Outcome) -> tuple[object, ...]:
    return of.price, of.floor, of.quantity, of.holds, of.reasons
