"""The port to suppliers: what a plugin promises, and what it is given.

A plugin is one file with a function ``plugin(tools) -> Supplier``, one line that names it under
``[project.entry-points."dropship.suppliers"]``, a folder of recorded answers, and a test class of
three lines that inherits `dropship.scraper.adapters.conformance.SupplierConformance`.
"""

from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from dropship.contracts.offers import FailureReason
from dropship.scraper.domain.reading import Look, NoReading, Page, Reading

GROUP = "dropship.suppliers"
"""The entry point group, for first-party plugins and all others."""

LASTING = frozenset(
    {
        FailureReason.refused_address,
        FailureReason.robots_disallowed,
        FailureReason.too_large,
        FailureReason.not_found,
        FailureReason.supplier_unknown,
    }
)
"""Reasons that will be there at the next look too."""


class Unreached(Exception):
    """A fetch that brought no page. The host retries it unless the reason lasts.

    `detail` is shown to tenants and in logs: no address, no credential, nothing from the wire.
    """

    def __init__(self, reason: FailureReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail

    @property
    def is_passing(self) -> bool:
        return self.reason not in LASTING


class Terms(Struct, frozen=True, kw_only=True):
    """What others must know of a supplier; said to all as `SupplierRegistered` when it changes.

    `parser` changes whenever the reading of equal bytes may change. `sources` are the shared ones;
    with `per_tenant` each tenant has instances of its own besides. `id_pattern` is what an external
    id must match in full. `looks_per_minute` bounds each source over all replicas together.
    """

    name: str
    parser: str
    sources: tuple[str, ...]
    default_source: str | None
    per_tenant: bool
    id_pattern: str
    id_example: str
    looks_per_minute: int


class Transport(Protocol):
    """A way to the outside for a plugin: every address is checked, every answer bounded."""

    async def get(self, url: str, *, etag: str | None = None) -> Page:
        """One answer of any status, after at most five redirects; 304 if it still has that `etag`.

        Raises Unreached when there is none: refused address, timeout, connection, size, robots.txt.
        Nothing is retried here.
        """


@dataclass(frozen=True)
class Tools:
    """What a plugin is given at start.

    `browser` looks like a common browser and obeys robots.txt: for pages made for people. `plain`
    says who we are: for feeds and interfaces made for machines. `base_url` replaces the supplier's
    own address in development; a plugin then also lifts its budget, as nobody is there to annoy.
    """

    browser: Transport
    plain: Transport
    base_url: str | None = None
    looks_per_minute: int | None = None


class Supplier(Protocol):
    """One supplier, as the host sees it. One object per process, used by many looks at once."""

    @property
    def terms(self) -> Terms:
        """What it is and what may be asked of it. The same for the life of the process."""

    def recognise(self, url: str) -> Look | None:
        """The product that an address means, or None if it is not this supplier's. Pure."""

    async def fetch(self, look: Look) -> Page:
        """Ask the supplier once: at most one product's worth of requests, changing nothing there.

        May be called again for the same look at any time. Raises Unreached; a page that says no
        (robot check, 429, 404, 503) is a page and is returned. Never sleeps, never retries: pace,
        cool-down and repetition belong to the host.
        """

    def read(self, page: Page, look: Look) -> Reading | NoReading:
        """What the page says of the product. Pure, and total: any bytes yield a value.

        Runs in a thread, for at most some 50 ms. A wrong price is the worst answer; what is not
        certain is left out, and what is missing never means out of stock.
        """
