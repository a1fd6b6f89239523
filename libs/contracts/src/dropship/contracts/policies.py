"""Owner: policy. A tenant's rules for its listings, versioned: what was decided under a version can
be decided again.
"""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from dropship.contracts.ids import Id
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.money import Money
from dropship.contracts.products import Cursor, Limit

Basis = Literal["margin_on_price", "markup_on_cost", "roi", "fixed_profit"]
"""What a target is a part of. There is no default: 20 % means four different prices."""

Rate = Annotated[
    str,
    Meta(
        pattern=r"^0(\.[0-9]{1,6})?$(?!\n)",
        description="a share under 1 as a decimal number: 0.20 is 20 %",
        examples=["0.20"],
    ),
]
TargetValue = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,6}(\.[0-9]{1,4})?$(?!\n)",
        description="0.20 for 20 %, or an amount in the store's currency for fixed_profit",
        examples=["0.20"],
    ),
]
Ending = Annotated[
    str, Meta(pattern=r"^[0-9]{1,3}$(?!\n)", description="the digits after the point: 99")
]
Count = Annotated[int, Meta(ge=0, le=100_000)]
Seconds = Annotated[int, Meta(ge=0, le=2_592_000)]


class PriceRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a sale shall earn. `endings` are tried upwards only, never at the target's expense."""

    basis: Basis
    value: TargetValue
    endings: list[Ending] = []
    buyer_tax: Rate = "0"
    vat: Rate = "0"


class FloorRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Below this nothing is offered. A blank `min_price` leaves the margin alone to decide; the
    floor is never below break-even.
    """

    margin: Rate = "0"
    min_price: Money | None = None


class StockRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the supplier's stock is offered: `percent` of it, less `buffer`, at most `cap`.

    `assumed_quantity` stands in where the supplier only says "in stock".
    """

    buffer: Count = 0
    cap: Annotated[int, Meta(ge=1, le=100_000)] = 10
    percent: Annotated[int, Meta(ge=1, le=100)] = 100
    min_quantity: Annotated[int, Meta(ge=1, le=100_000)] = 1
    assumed_quantity: Annotated[int, Meta(ge=1, le=1_000)] = 1
    low_stock: Count = 3
    max_ships_in_days: Annotated[int, Meta(ge=0, le=90)] | None = None


class PauseRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a pause ends: in stock for `resume_after_s` without a break, and `resume_margin` above
    the floor's margin, so that a supplier who wavers does not make the listing flap.
    """

    resume_after_s: Seconds = 600
    resume_margin: Rate = "0.01"
    third_party_ok: bool = False


class CostMoveRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert when the cost moves by at least this share in one step, in either direction."""

    share: Rate = "0.10"


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All the rules of one policy version; only the price target has no default."""

    price: PriceRule
    floor: FloorRule = FloorRule()
    stock: StockRule = StockRule()
    pause: PauseRule = PauseRule()
    cost_move: CostMoveRule = CostMoveRule()


class PolicyDefined(Event, frozen=True, kw_only=True):
    """A version of a policy holds from now on. `store_id` narrows it to one store; None: all."""

    owner: ClassVar[str] = "policy"
    policy_id: Id
    policy_version: int
    store_id: Id | None
    rules: Rules


class PolicyRetired(Event, frozen=True, kw_only=True):
    """The policy decides nothing any more; listings that it held fall to the next wider one."""

    owner: ClassVar[str] = "policy"
    policy_id: Id


class Policy(Struct, frozen=True, kw_only=True):
    """A policy as its tenant sees it: its newest version."""

    id: Id
    version: int
    name: str
    store_id: Id | None
    rules: Rules
    created_at: Moment
    updated_at: Moment
    retired_at: Moment | None


class PolicyPage(Struct, frozen=True, kw_only=True):
    items: list[Policy]
    next_cursor: str | None


PolicyName = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$(?!\n)")
]


class DefinePolicy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new policy, or with `policy_id` the next version of one. Applies at once to every listing
    in scope that names no other: the listing's own, then the store's, then the tenant's.
    """

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = Policy
    name: PolicyName
    rules: Rules
    policy_id: Id | None = None
    store_id: Id | None = None


class RetirePolicy(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Take a policy out of use."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = None
    policy_id: Id


class PolicyDetails(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One policy of the asking tenant."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = Policy
    policy_id: Id


class TenantPolicies(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's policies that are not retired, newest first."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = PolicyPage
    cursor: Cursor | None = None
    limit: Limit = 50


class Outlook(Struct, frozen=True, kw_only=True):
    """What a listing is, or would be, brought to."""

    price: Money | None
    floor: Money | None
    quantity: int
    holds: list[Hold]


class PreviewedListing(Struct, frozen=True, kw_only=True):
    """One listing that would change: as decided now, and as it would be."""

    listing_id: Id
    product_id: Id
    now: Outlook | None
    then: Outlook


class Preview(Struct, frozen=True, kw_only=True):
    """What a policy would do if it were defined now: how many listings it decides, and every one
    of them that would change.
    """

    decided: int
    changed: int
    items: list[PreviewedListing]


class PolicyPreview(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `DefinePolicy` with these fields would change, without changing anything."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = Preview
    rules: Rules
    policy_id: Id | None = None
    store_id: Id | None = None
