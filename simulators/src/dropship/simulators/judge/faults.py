"""Faults to order: which requests go wrong, how, and how often."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from dropship.simulators.judge.book import Book
from dropship.simulators.world.dice import Dice

Mode = Literal[
    "captcha",
    "soft_block",
    "js_challenge",
    "403",
    "404",
    "410",
    "429",
    "500",
    "503",
    "timeout",
    "slow",
    "cut_off",
    "reset",
    "redirect_internal",
    "redirect_home",
    "huge",
    "gzip_bomb",
    "empty",
]
Route = Literal["product", "feed", "robots"]
Seconds = Annotated[float, Meta(ge=0, le=600)]


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order for trouble. Without `source`, `id` and `route` it meets products and feeds alike.

    robots.txt is met only by `route: robots`. With `count` it stops after so many requests; with
    `probability` it meets only that share of them. `delay_s` serves timeout and slow,
    `retry_after_s` 429 and 503, `declared_length` and `cut_at` (a share of the body) cut_off and
    reset, `location` the redirects, `size_mb` huge and gzip_bomb, `status` the pages of blocks.
    """

    mode: Mode
    source: str | None = None
    id: str | None = None
    route: Route | None = None
    count: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0
    delay_s: Seconds | None = None
    retry_after_s: Annotated[int, Meta(ge=0, le=31_536_000)] | None = None
    declared_length: bool = True
    cut_at: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    location: Annotated[str, Meta(max_length=2048, pattern=r"^[!-~]+$")] | None = None
    size_mb: Annotated[int, Meta(ge=1, le=512)] = 50
    status: Literal[200, 202, 403, 429, 503] | None = None


class FaultBook(Book[Fault]):
    """The trouble that suppliers have."""

    def __init__(self, seed: int) -> None:
        super().__init__(Dice(seed, "faults"))

    def strike(self, route: Route, source: str, id_: str | None) -> Fault | None:
        """The fault this request meets, if any."""
        return self.first(lambda fault: _fits(fault, route, source, id_))


def _fits(fault: Fault, route: Route, source: str, id_: str | None) -> bool:
    if fault.route is None and route == "robots":
        return False
    return (
        fault.route in {None, route} and fault.source in {None, source} and fault.id in {None, id_}
    )
