"""What a look at a supplier yields: a page as it came, then a reading of it or a reason why not."""

from enum import StrEnum

from msgspec import Struct

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.money import Money
from dropship.contracts.offers import FailureReason, Flag


class PageKind(StrEnum):
    """What kind of page came back, decided before any field is read.

    A status code alone proves nothing: suppliers send their robot checks with 200, 202 and 503.
    """

    ok = "ok"
    captcha = "captcha"
    soft_block = "soft_block"
    js_challenge = "js_challenge"
    rate_limited = "rate_limited"
    forbidden = "forbidden"
    not_found = "not_found"
    gone = "gone"
    redirected_home = "redirected_home"
    search = "search"
    truncated = "truncated"
    empty_shell = "empty_shell"
    server_error = "server_error"
    unknown_layout = "unknown_layout"


BLOCKS = frozenset(
    {
        PageKind.captcha,
        PageKind.soft_block,
        PageKind.js_challenge,
        PageKind.rate_limited,
        PageKind.forbidden,
    }
)
"""Kinds by which a supplier says that it wants fewer looks: they cool the whole source down."""

PASSING = BLOCKS | {PageKind.truncated, PageKind.empty_shell, PageKind.server_error}
"""Kinds that may be gone at the next look, and so are worth one."""

REASONS = {
    PageKind.captcha: FailureReason.blocked_captcha,
    PageKind.soft_block: FailureReason.blocked_soft,
    PageKind.js_challenge: FailureReason.blocked_challenge,
    PageKind.rate_limited: FailureReason.rate_limited,
    PageKind.forbidden: FailureReason.forbidden,
    PageKind.not_found: FailureReason.not_found,
    PageKind.gone: FailureReason.gone,
    PageKind.redirected_home: FailureReason.redirected,
    PageKind.search: FailureReason.not_a_product,
    PageKind.truncated: FailureReason.truncated,
    PageKind.empty_shell: FailureReason.truncated,
    PageKind.server_error: FailureReason.server_error,
    PageKind.unknown_layout: FailureReason.unknown_layout,
}

BUYABLE = frozenset(
    {
        Availability.in_stock,
        Availability.low,
        Availability.backorder,
        Availability.preorder,
        Availability.made_to_order,
    }
)

WITHOUT_PRICE = frozenset({Flag.no_featured_offer, Flag.used_only, Flag.price_range})
"""Flags that explain why a thing on offer has no price of a new unit."""


class Look(Struct, frozen=True, kw_only=True):
    """What to look at. `address` is a tenant's own feed, opened from its seal: never log it."""

    source: str
    external_id: str
    variant: str = ""
    address: str | None = None
    format: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """One answer. `url` is where it came from in the end; header names are lower case."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


class Reading(Struct, frozen=True, kw_only=True):
    """What one page says of one product, in context.

    `price` belongs to the offer that a visitor would buy: of a used copy where `used_only` is
    flagged, of members where `members_only_price` is. None means that no price is certain.
    """

    external_id: str
    title: str
    availability: Availability
    price: Money | None = None
    list_price: Money | None = None
    quantity: int | None = None
    quantity_kind: QuantityKind | None = None
    ships_in_days: int | None = None
    flags: tuple[Flag, ...] = ()
    seller: str | None = None
    rating: str | None = None
    review_count: int | None = None
    images: tuple[str, ...] = ()
    url: str | None = None
    locale: str | None = None
    ship_to: str | None = None
    method: str = ""

    @property
    def is_conclusive(self) -> bool:
        """Whether it may be told to others as a fact.

        On offer without a price is as unknown as no word about stock at all, unless a flag says
        why: a reading that is not conclusive must change nothing.
        """
        if self.availability is Availability.unknown:
            return False
        if self.availability in BUYABLE and self.price is None:
            return bool(WITHOUT_PRICE.intersection(self.flags))
        return True


class NoReading(Struct, frozen=True, kw_only=True):
    """A page that says nothing certain of the product, by kind."""

    kind: PageKind
    detail: str = ""
