"""Faults to order of one shop: which operation goes wrong, how, and how often."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dropship.simulators.world.dice import Dice

Mode = Literal[
    "drop_after_commit",
    "drop_before",
    "500_after_commit",
    "500",
    "503",
    "429",
    "402",
    "403",
    "423",
    "throttled",
    "malformed",
    "slow",
    "revoke_token",
    "read_lag",
]
Seconds = Annotated[float, Meta(ge=0, le=600)]
TOKEN = "token"  # noqa: S105
_GRAPH_ONLY = frozenset({"throttled", "revoke_token", "read_lag", "402"})


class ShopFault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order for trouble. `op` is a root field of GraphQL, `token`, or `*` for all of them.

    With `listing` it meets only operations on the product of that customId value. `delay_s` is
    the silence of `slow` (3) and of the drops (0), and how far `read_lag` looks back (5).
    """

    op: str = "*"
    mode: Mode
    count: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0
    delay_s: Seconds | None = None
    retry_after_s: Annotated[float, Meta(ge=0, le=86_400)] | None = None
    listing: str | None = None


class ArmedFault(Struct, kw_only=True):
    """A fault in force: how often it has struck, and how often it still will (None: for ever)."""

    number: int
    fault: ShopFault
    struck: int = 0
    left: int | None = None


class ShopFaults:
    """The first that fits strikes, in the order they were ordered; a lag can come with it."""

    def __init__(self, seed: int, shop: str) -> None:
        self._dice = Dice(seed, "shopify", shop, "faults")
        self._next_number = 1
        self.armed: list[ArmedFault] = []

    def order(self, fault: ShopFault) -> ArmedFault:
        armed = ArmedFault(number=self._next_number, fault=fault, left=fault.count)
        self._next_number += 1
        self.armed.append(armed)
        return armed

    def clear(self) -> int:
        count = len(self.armed)
        self.armed = []
        return count

    def strike(self, ops: set[str], listings: set[str]) -> ShopFault | None:
        """The fault this request meets, if any."""
        return self._first(ops, listings, lag=False)

    def lag(self, ops: set[str], listings: set[str]) -> float:
        """How many seconds this query looks back."""
        fault = self._first(ops, listings, lag=True)
        if fault is None:
            return 0.0
        return 5.0 if fault.delay_s is None else fault.delay_s

    def _first(self, ops: set[str], listings: set[str], *, lag: bool) -> ShopFault | None:
        for armed in self.armed:
            fault = armed.fault
            if (fault.mode == "read_lag") is lag and _fits(fault, ops, listings):
                if not self._dice.chance(fault.probability):
                    continue
                armed.struck += 1
                if armed.left is not None:
                    armed.left -= 1
                    if armed.left == 0:
                        self.armed.remove(armed)
                return fault
        return None


def _fits(fault: ShopFault, ops: set[str], listings: set[str]) -> bool:
    if TOKEN in ops and fault.mode in _GRAPH_ONLY:
        return False
    return (fault.op == "*" or fault.op in ops) and (
        fault.listing is None or fault.listing in listings
    )
