"""What callers write about stores, listings, policies, alerts, reports and API keys."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from dropship.contracts.ids import Id
from dropship.contracts.listings import ListingStatus, Title
from dropship.contracts.moments import Moment
from dropship.contracts.money import Currency
from dropship.contracts.policies import PolicyName, Rules
from dropship.contracts.reports import Day, Days, Top
from dropship.contracts.stores import StoreMode
from dropship.gateway.http.shapes import Page

Description = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        max_length=10_000,
        description="at most 10000 characters, tabs and line breaks among them",
    ),
]
PriceAmount = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$",
        description="a decimal number that is not negative",
        examples=["348.99"],
    ),
]
DecisionNo = Annotated[int, Meta(ge=1, le=2**53, description="of which decision; else the newest")]
KeyName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="what the key is for, in one line",
        examples=["night shift"],
    ),
]
KeyScopes = Annotated[
    list[Literal["read", "write"]],
    Meta(min_length=1, max_length=2, description='["read"], or ["read", "write"]'),
]


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in major units, and its ISO 4217 currency."""

    amount: PriceAmount
    currency: Currency


class StoreChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`mode` switches between dry run and live; `resume` lifts a suspension."""

    mode: StoreMode | UnsetType = UNSET
    resume: bool = False


class ListingWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which product to offer in which store; `price` overrides the policy's.

    Below the floor it pauses; a blank `min_price` means break-even. Above `max_price` it pauses
    rather than to cost more.
    """

    store_id: Id
    product_id: Id
    title: Title | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    policy_id: Id | UnsetType | None = UNSET
    price: Price | UnsetType | None = UNSET
    min_price: Price | UnsetType | None = UNSET
    max_price: Price | UnsetType | None = UNSET


class ListingChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; null takes a policy or a price away."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    policy_id: Id | UnsetType | None = UNSET
    price: Price | UnsetType | None = UNSET
    min_price: Price | UnsetType | None = UNSET
    max_price: Price | UnsetType | None = UNSET


class ListingsOf(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which listings, and which part of the list."""

    store_id: Id | UnsetType = UNSET
    status: ListingStatus | UnsetType = UNSET


class OrdersOf(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which orders, and which part of the list."""

    store_id: Id | UnsetType = UNSET


class WhichDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which decision on a listing is to be explained."""

    decision_no: DecisionNo | UnsetType = UNSET


class PolicyText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy in full. Without `store_id` it holds for all stores."""

    name: PolicyName
    rules: Rules
    store_id: Id | UnsetType | None = UNSET


class PolicyTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules to be tried: as a new policy, or as the next version of `policy_id`."""

    rules: Rules
    policy_id: Id | UnsetType | None = UNSET
    store_id: Id | UnsetType | None = UNSET


class AlertsOf(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts, and which part of the list; `open` leaves out those that are resolved."""

    open: bool = False
    listing_id: Id | UnsetType = UNSET


class AlertChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mark as read, or acknowledge as well."""

    read: bool = True
    acknowledge: bool = False


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From day to day in UTC, both included; without them the last 30 days."""

    since: Day | UnsetType = UNSET
    until: Day | UnsetType = UNSET
    store_id: Id | UnsetType = UNSET


class TrendOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of how many days, today included."""

    days: Days = 30
    store_id: Id | UnsetType = UNSET


class BestOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of how many days, how many products, and in which currency."""

    days: Days = 30
    limit: Top = 10
    currency: Currency | UnsetType = UNSET


class KeyWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API key as you want it. Without `expires_at` it is good until you revoke it."""

    name: KeyName
    scopes: KeyScopes
    expires_at: Moment | UnsetType | None = UNSET


class KeyMade(Struct, frozen=True, kw_only=True):
    """A new API key. `key` is shown here and never again."""

    id: Id
    name: str
    scopes: list[str]
    key: str
    created_at: datetime
    expires_at: datetime | None
