"""Repeatable chance: one stream of numbers per seed and name, the same on every machine."""

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1


class Dice:
    """A splitmix64 stream. Streams of different names are independent.

    A product drawn from its own stream moves the same whatever else is in the world, and however
    the clock is stepped.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int, *names: str) -> None:
        digest = blake2b("/".join((str(seed), *names)).encode(), digest_size=8).digest()
        self._state = int.from_bytes(digest, "big")

    def bits(self) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def unit(self) -> float:
        """Uniform in [0, 1)."""
        return (self.bits() >> 11) / (1 << 53)

    def between(self, low: int, high: int) -> int:
        """Uniform among low..high, both included."""
        return low + self.bits() % (high - low + 1)

    def pick(self, things: Sequence[T]) -> T:
        return things[self.bits() % len(things)]

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def wait(self, mean_s: float) -> float:
        """An exponential waiting time: what passes before the next of many independent buyers."""
        return -mean_s * math.log(1.0 - self.unit())

    def bell(self) -> float:
        """Roughly normal with mean 0 and deviation 1, never beyond 3.5."""
        return (sum(self.unit() for _ in range(4)) - 2.0) * math.sqrt(3.0)
