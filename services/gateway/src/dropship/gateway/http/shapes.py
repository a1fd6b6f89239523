"""What callers write and read, where the contracts have no word for it: fields, not rules."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from dropship.contracts.ids import Id
from dropship.contracts.products import CheckEvery, Limit
from dropship.contracts.suppliers import FeedName
from dropship.gateway.domain.accounts import ADDRESS_LENGTH_MAX, ADDRESS_PATTERN

Email = Annotated[
    str,
    Meta(
        pattern=ADDRESS_PATTERN,
        max_length=ADDRESS_LENGTH_MAX,
        description="an e-mail address",
        examples=["seller@example.com"],
    ),
]
Password = Annotated[
    str, Meta(min_length=8, max_length=256, description="8 to 256 characters of your choice")
]
RefreshToken = Annotated[
    str, Meta(max_length=256, description="the refresh_token of your newest answer")
]
Cursor = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_=-]{1,200}$", description="next_cursor of the page before")
]
Asin = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z0-9]{10}$",
        description="ten capital letters or digits as in the product's address",
        examples=["B0DGHRT7PQ"],
    ),
]
Site = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]{2,3}([.-][a-z]{2})?$",
        description="the end of the Amazon site's name",
        examples=["co.uk"],
    ),
]
SupplierName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=128,
        description="a supplier plugin, or one of its sources",
        examples=["amazon-de"],
    ),
]
ExternalId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,128}$",
        description="the supplier's own name for the product",
        examples=["SKU-1001"],
    ),
]
Variant = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{1,128}$",
        description="the supplier's own name for a variant of the product",
    ),
]
Label = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f]*$",
        max_length=200,
        description="your own note, at most 200 characters in one line",
    ),
]

FeedUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\x00-\x20\x7f-\xa0]+$",
        max_length=2048,
        description="an http or https address; it stays sealed, and user:password@ is refused",
        examples=["https://example.com/products.csv"],
    ),
]


class NoQuery(Struct, frozen=True):
    """No query parameters."""


class NoBody(Struct, frozen=True):
    """No body."""


class Credentials(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user signs up and in with."""

    email: Email
    password: Password


class Refresh(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refresh token to be exchanged for a new one; it works once."""

    refresh_token: RefreshToken


class Logout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which session to end; without it, that of the access token."""

    refresh_token: RefreshToken | UnsetType = UNSET


class Tokens(Struct, frozen=True, kw_only=True):
    """Proof of who you are. `expires_in` is the life of the access token in seconds."""

    access_token: str
    refresh_token: str
    token_type: Annotated[str, Meta(pattern="^Bearer$")]
    expires_in: int


class ImportWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which product to import: `asin` (and `site`), or `supplier` and `id` (and `variant`)."""

    asin: Asin | UnsetType = UNSET
    site: Site | UnsetType = UNSET
    supplier: SupplierName | UnsetType = UNSET
    id: ExternalId | UnsetType = UNSET
    variant: Variant | UnsetType = UNSET


class JobQueued(Struct, frozen=True, kw_only=True):
    """The wish is kept; look at the job to see what becomes of it."""

    job_id: Id
    status: Annotated[str, Meta(pattern="^queued$")]


class Page(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list."""

    cursor: Cursor | UnsetType = UNSET
    limit: Limit = 50


class Notes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Your own notes on a product you watch; what is left out stays as it is."""

    label: Label | UnsetType | None = UNSET
    check_every_s: CheckEvery | UnsetType = UNSET


class FeedAddress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a feed of yours is fetched from, and under which name it is known to you."""

    name: FeedName
    url: FeedUrl
    format: Annotated[str, Meta(pattern="^(csv|json)$", description="csv or json")] = "csv"
