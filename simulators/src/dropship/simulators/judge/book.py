"""A book of ordered trouble: what is in force, and which of it a request meets."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from dropship.simulators.world.dice import Dice


class Ordered(Protocol):
    """What every order for trouble says, whatever goes wrong: how often, and with which chance."""

    @property
    def count(self) -> int | None: ...
    @property
    def probability(self) -> float: ...


F = TypeVar("F", bound=Ordered)


class Armed(Struct, Generic[F], kw_only=True):
    """A fault in force: how often it has struck, and how often it still will (None: for ever)."""

    number: int
    fault: F
    struck: int = 0
    left: int | None = None


class Book(Generic[F]):
    """Faults in the order they were ordered; the first that fits a request strikes it.

    So two orders with `count` 1 make a script: the first request meets one, the second the other.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._next_number = 1
        self.armed: list[Armed[F]] = []

    def order(self, fault: F) -> Armed[F]:
        armed = Armed(number=self._next_number, fault=fault, left=fault.count)
        self._next_number += 1
        self.armed.append(armed)
        return armed

    def clear(self) -> int:
        """Forget all faults and say how many there were."""
        count = len(self.armed)
        self.armed = []
        return count

    def first(self, fits: Callable[[F], bool]) -> F | None:
        """The fault that strikes, if any. One whose count is used up is forgotten."""
        for armed in self.armed:
            if fits(armed.fault) and self._dice.chance(armed.fault.probability):
                armed.struck += 1
                if armed.left is not None:
                    armed.left -= 1
                    if armed.left == 0:
                        self.armed.remove(armed)
                return armed.fault
        return None
