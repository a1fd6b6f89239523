"""Owner: policy. What each listing should be, and why; and why it is not otherwise."""

from typing import Any, ClassVar

from msgspec import Struct

from dropship.contracts.availability import Availability
from dropship.contracts.ids import Id
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Money
from dropship.contracts.policies import Rate


class DecisionMade(Event, frozen=True, kw_only=True):
    """The desired state of a listing, when it or its reasons differ from the last one.

    `decision_no` grows with every one of a listing: the highest holds, a lower one is stale.
    `cost`, `availability` and `stock` are the facts it rests on, by value; `reasons` are the short
    codes of the rules that shaped it. `price` is None when none can be given (then it is on hold).

    `buyer_tax` and `vat` are the rates that its policy names: whoever brings it works out by them,
    and not by `floor`, whether a sale would lose. None: not told, which is not the same as none.
    """

    owner: ClassVar[str] = "policy"
    listing_id: Id
    product_id: Id
    store_id: Id
    decision_no: int
    price: Money | None
    floor: Money | None
    quantity: int
    holds: tuple[Hold, ...]
    reasons: tuple[str, ...]
    cost: Money | None
    availability: Availability | None
    stock: int | None
    policy_id: Id | None
    policy_version: int | None
    fee_schedule: str | None
    buyer_tax: Rate | None = None
    vat: Rate | None = None
    decided_at: Moment


class RuleOutcome(Struct, frozen=True, kw_only=True):
    """What one rule found. `said` is a sentence with the figures in it."""

    rule: str
    outcome: str
    said: str


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One link in a chain of causes, the earliest first: an event, when it was said, by whom."""

    event_id: Id
    type: str
    by: str
    at: Moment
    said: str
    caused_by: Id | None = None


class Why(Struct, frozen=True, kw_only=True):
    """Why a listing is as it is: the decision with its inputs, rules, and chain of causes."""

    listing_id: Id
    decision_no: int
    decided_at: Moment
    price: Money | None
    floor: Money | None
    quantity: int
    holds: list[Hold]
    reasons: list[str]
    rules: list[RuleOutcome]
    breakdown: list[str]
    policy_id: Id | None
    policy_version: int | None
    fee_schedule: str | None
    chain: list[Link]
    confirmations: int
    last_confirmed_at: Moment


class WhyNot(Struct, frozen=True, kw_only=True):
    """Why nothing changed lately: the evaluations that came to the same, counted, and the rules
    that keep the listing as it is.
    """

    listing_id: Id
    decision_no: int
    unchanged_since: Moment
    confirmations: int
    last_confirmed_at: Moment
    because: list[RuleOutcome]


class ListingWhy(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a listing of the asking tenant is as it is; by an earlier decision if one is named."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = Why
    listing_id: Id
    decision_no: int | None = None


class ListingWhyNot(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a listing of the asking tenant has not changed."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = WhyNot
    listing_id: Id
