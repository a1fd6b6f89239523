"""What a decision rests on and what it says, by value: together they are the record of it.

Everything here goes to JSON and back without loss, so that a decision of last year can be made
again from its row alone.
"""

from datetime import datetime

from msgspec import Struct

from dropship.contracts.alerts import AlertKind, Severity
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.policies import Rules
from dropship.policy.domain.differing import Outcome
from dropship.pricing.money import Money


class PolicyInForce(Struct, frozen=True):
    """The policy version that decides a listing. Which one that is, `scope.in_force` says."""

    policy_id: str
    version: int
    rules: Rules


class Last(Struct, frozen=True):
    """What the listing's newest decision came to."""

    price: Money | None
    quantity: int
    holds: tuple[str, ...]
    sold_here: bool = False

    @classmethod
    def of(cls, outcome: Outcome) -> "Last":
        """As the next evaluation of the same listing looks back on it."""
        holds = tuple(hold.value for hold in outcome.holds)
        return cls(outcome.price, outcome.quantity, holds, outcome.sold_here)


class Facts(Struct, frozen=True, kw_only=True):
    """All that `decide` may look at, besides the time.

    `override`, `min_price` and `max_price` are the listing's own; None means nobody typed one.
    `cost` is None while no price is known or there is no offer to buy. `previous_cost` is set only
    in the evaluation that a PriceChanged causes. `availability` is None before the first look.

    `sold` is how many the tenant's buyers ordered, and did not call off, since the supplier began
    to state the number that it states: the page may not have counted them yet.

    `sellable_since` is a memory of the listing, not of the product, because whether four pieces can
    be sold depends on its policy: keep what `Ruling.sellable_since` said and hand it in again,
    exactly as with `last`. Whoever drops it makes a listing wait anew for its resume.
    """

    listing_id: str
    product_id: str
    store_id: str
    currency: str
    fee_schedule: str
    override: Money | None = None
    min_price: Money | None = None
    max_price: Money | None = None
    policy: PolicyInForce | None = None
    cost: Money | None = None
    flags: tuple[str, ...] = ()
    availability: Availability | None = None
    stock: int | None = None
    quantity_kind: QuantityKind | None = None
    ships_in_days: int | None = None
    sold: int = 0
    vanished: bool = False
    sellable_since: datetime | None = None
    previous_cost: Money | None = None
    last: Last | None = None


class Condition(Struct, frozen=True, kw_only=True):
    """An alert that should stand now, at most one of each kind.

    A level stands until its condition is gone. An `edge` is a happening: the next one supersedes
    it. `raises=False` keeps a standing alert up but raises none: the band in between, where an
    alert that came and went with every piece of stock would be noise.
    """

    kind: AlertKind
    severity: Severity
    message: str
    threshold: str | None = None
    edge: bool = False
    raises: bool = True


class Ruling(Struct, frozen=True, kw_only=True):
    """What a listing should be, and why.

    `price` is None where none can be named: the marketplace then keeps the one that stands there,
    at quantity 0. A named price is never below a known `floor`. `floor` is None only where the
    cost is unknown, or where fees and VAT eat every price. `quantity` is 0 under any hold.

    `reasons` are short and hold every figure that matters to whoever compares two decisions;
    `rules` say the same to a seller. `revisit_at` is when time alone may change the ruling:
    evaluate again then, though nothing is heard. `sellable_since` is for the next `Facts`.

    `sold_here`: it is out of stock by our own sales alone. The supplier never ran out, so there is
    no return of his to be waited out.
    """

    price: Money | None
    floor: Money | None
    quantity: int
    holds: tuple[Hold, ...]
    reasons: tuple[str, ...]
    rules: tuple[RuleOutcome, ...]
    breakdown: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    revisit_at: datetime | None = None
    sellable_since: datetime | None = None
    fee_schedule: str | None = None
    sold_here: bool = False
