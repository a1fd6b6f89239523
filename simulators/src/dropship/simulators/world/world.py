"""The world: every product's truth, moved along virtual time in one repeatable order."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from dropship.simulators.world.catalogue import Beginning
from dropship.simulators.world.dice import Dice
from dropship.simulators.world.product import Product, State, Truth
from dropship.simulators.world.walk import Move, moves_of, step, wait_s


@dataclass(frozen=True, slots=True)
class Change:
    """From virtual second `t` on, this is true of the product."""

    t: float
    id: str
    truth: Truth


class WantedTruth(TypedDict, total=False):
    """The parts of a truth that can be set; what is not named stays as it is."""

    price_minor: int
    quantity: int
    state: State
    held: bool


class World:
    """Same seed and products, same history: however the time is cut into steps."""

    def __init__(self, seed: int, beginnings: Sequence[Beginning]) -> None:
        self.seed = seed
        self.t = 0.0
        self.products = {product.id: product for product, _ in beginnings}
        self.truths = {product.id: truth for product, truth in beginnings}
        self._dice = {p.id: Dice(seed, "walk", p.source, p.id) for p, _ in beginnings}
        self._due: list[tuple[float, str, Move]] = []
        for product, truth in beginnings:
            for move in moves_of(product):
                self._schedule(move, product, truth, 0.0)
        self.beginning = [Change(0.0, id_, truth) for id_, truth in self.truths.items()]

    def advance_to(self, t: float) -> list[Change]:
        """All changes until virtual second `t`, in order. An earlier `t` does nothing."""
        changes: list[Change] = []
        while self._due and self._due[0][0] <= t:
            at, id_, move = heapq.heappop(self._due)
            change = self._move(at, id_, move)
            if change is not None:
                changes.append(change)
        self.t = max(self.t, t)
        return changes

    def set(self, id_: str, **wanted: Unpack[WantedTruth]) -> Change:
        """Make this true from now on. What is held stays so until it is let go."""
        old = self.truths[id_]
        new = replace(old, **wanted, version=old.version + 1)
        self.truths[id_] = new
        return Change(self.t, id_, new)

    def _move(self, at: float, id_: str, move: Move) -> Change | None:
        product, old = self.products[id_], self.truths[id_]
        new = old if old.held else step(move, product, old, self._dice[id_])
        self._schedule(move, product, new, at)
        if new == old:
            return None
        self.truths[id_] = replace(new, version=old.version + 1)
        return Change(at, id_, self.truths[id_])

    def _schedule(self, move: Move, product: Product, truth: Truth, t: float) -> None:
        delay_s = wait_s(move, product, truth, self._dice[product.id])
        heapq.heappush(self._due, (t + delay_s, product.id, move))
