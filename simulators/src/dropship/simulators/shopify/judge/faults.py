"""Faults to order of one shop: which operation goes wrong, how, and how often."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dropship.simulators.judge.book import Book
from dropship.simulators.world.dice import Dice

Mode = Literal[
    "drop_after_commit",
    "drop_before",
    "500_after_commit",
    "500",
    "500_echo",
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


class ShopFaults(Book[ShopFault]):
    """The trouble that one shop has; a lag can come together with another fault."""

    def __init__(self, seed: int, shop: str) -> None:
        super().__init__(Dice(seed, "shopify", shop, "faults"))

    def strike(self, ops: set[str], listings: set[str]) -> ShopFault | None:
        """The fault this request meets, if any."""
        return self.first(lambda fault: fault.mode != "read_lag" and _fits(fault, ops, listings))

    def lag(self, ops: set[str], listings: set[str]) -> float:
        """How many seconds this query looks back."""
        fault = self.first(lambda fault: fault.mode == "read_lag" and _fits(fault, ops, listings))
        if fault is None:
            return 0.0
        return 5.0 if fault.delay_s is None else fault.delay_s


def _fits(fault: ShopFault, ops: set[str], listings: set[str]) -> bool:
    if TOKEN in ops and fault.mode in _GRAPH_ONLY:
        return False
    return (fault.op == "*" or fault.op in ops) and (
        fault.listing is None or fault.listing in listings
    )
