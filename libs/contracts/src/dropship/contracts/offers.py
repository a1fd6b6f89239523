"""Owner: scraper. What a supplier's page or feed said at one moment, and the wish to look.

Observations know neither tenant nor job: one look serves everyone who watches the product.
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.ids import ExternalId, Id, Source
from dropship.contracts.messages import Command, Event, Stream
from dropship.contracts.moments import Moment
from dropship.contracts.money import Money


class Flag(StrEnum):
    """What else is true of an offer and may make it unfit to sell."""

    used_only = "used_only"
    no_featured_offer = "no_featured_offer"
    third_party = "third_party"
    members_only_price = "members_only_price"
    price_range = "price_range"
    other_product = "other_product"


class FailureReason(StrEnum):
    """Why a look yielded no reading: a closed list. None of these changes a price or a stock."""

    blocked_captcha = "blocked_captcha"
    blocked_soft = "blocked_soft"
    blocked_challenge = "blocked_challenge"
    rate_limited = "rate_limited"
    forbidden = "forbidden"
    robots_disallowed = "robots_disallowed"
    not_found = "not_found"
    gone = "gone"
    redirected = "redirected"
    truncated = "truncated"
    too_large = "too_large"
    timeout = "timeout"
    unreachable = "unreachable"
    refused_address = "refused_address"
    server_error = "server_error"
    unknown_layout = "unknown_layout"
    not_a_product = "not_a_product"
    supplier_unknown = "supplier_unknown"
    too_late = "too_late"


class Evidence(Struct, frozen=True, kw_only=True):
    """Where a reading comes from, so that it can be doubted and read again."""

    method: str
    parser: str
    content_sha256: str


class OfferObserved(Event, frozen=True, kw_only=True):
    """A readable look at one product.

    `price` is what one new unit costs now, or None when there is no such offer (never zero).
    `quantity` is None unless the supplier states a number. `locale` and `currency` context matter:
    observations of different `ship_to` are never compared.
    """

    owner: ClassVar[str] = "scraper"
    stream: ClassVar[Stream] = "OBSERVATIONS"
    product_id: Id
    source: Source
    external_id: ExternalId
    variant: str = ""
    title: str
    price: Money | None
    list_price: Money | None = None
    availability: Availability
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
    observed_at: Moment
    evidence: Evidence


class ObservationFailed(Event, frozen=True, kw_only=True):
    """A look that yielded nothing. Said once the scraper has given up on this command."""

    owner: ClassVar[str] = "scraper"
    stream: ClassVar[Stream] = "OBSERVATIONS"
    product_id: Id
    source: Source
    external_id: ExternalId
    variant: str = ""
    reason: FailureReason
    detail: str = ""
    observed_at: Moment


class ScrapeProduct(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Look at one product and say what is there.

    Dropped unperformed after `not_after`; `job_id` is the import that waits for it, if one does.
    """

    owner: ClassVar[str] = "scraper"
    product_id: Id
    source: Source
    external_id: ExternalId
    variant: str = ""
    job_id: Id | None = None
    not_after: Moment | None = None
