"""What a rule hands back: a sentence for the seller, reasons, and what speaks against selling."""

from msgspec import Struct

from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.policy.domain.facts import Condition


class Trouble(Struct, frozen=True):
    """Why a listing must not sell now; `said` becomes the alert's message."""

    hold: Hold
    said: str


class Finding(Struct, frozen=True, kw_only=True):
    """What every rule finds; a rule with more to tell extends it."""

    outcome: RuleOutcome
    reasons: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    conditions: tuple[Condition, ...] = ()
