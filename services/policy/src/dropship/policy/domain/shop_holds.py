"""What holds a listing besides our decisions: the syncer's own holds, as far as it told of them."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from msgspec import Struct

from dropship.contracts.alerts import AlertKind, Severity
from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.policy.domain.facts import Condition


class Meaning(Struct, frozen=True):
    """What a hold means to a seller: `short` in a list of holds, the rest as an alert. A hold by
    hand is no news to who did it, so it has no `kind`.
    """

    short: str
    kind: AlertKind | None = None
    severity: Severity = "warning"
    message: str = ""


MEANINGS: MappingProxyType[Hold, Meaning] = MappingProxyType(
    {
        Hold.manual: Meaning("somebody paused it by hand"),
        Hold.stale: Meaning(
            "nobody has seen the supplier's offer for too long",
            AlertKind.listing_stale,
            "warning",
            "Nobody has seen the supplier's offer for too long; it is held until somebody does.",
        ),
        Hold.below_floor: Meaning(
            "the price would lose money",
            AlertKind.gate_refused,
            "critical",
            "The last gate refused a price that would lose money.",
        ),
        Hold.no_floor: Meaning(
            "no floor is known",
            AlertKind.gate_refused,
            "critical",
            "The last gate refused to write without a known floor.",
        ),
        Hold.breaker: Meaning(
            "a price would have moved too far at once",
            AlertKind.gate_refused,
            "critical",
            "Prices moved too far too fast; it is held until you have looked.",
        ),
        Hold.rejected: Meaning(
            "the marketplace refuses it as it is",
            AlertKind.listing_rejected,
            "critical",
            "The marketplace refuses it as it is.",
        ),
        Hold.drifted: Meaning(
            "someone else changed it on the marketplace",
            AlertKind.listing_drifted,
            "warning",
            "Someone else changed it on the marketplace;"
            " it is held at quantity 0 until you have looked.",
        ),
    }
)


class ShopHold(Struct, frozen=True, omit_defaults=True):
    """`detail` has the figures, where the syncer told any. `because` is the cause of the event that
    told them: what else comes of that same cause does not end the hold.
    """

    hold: Hold
    detail: str = ""
    because: str | None = None


ShopHolds = tuple[ShopHold, ...]


def told(before: ShopHolds, new: ShopHold) -> ShopHolds:
    """The syncer told of a trouble, with its figures."""
    return (*(each for each in before if each.hold is not new.hold), new)


def paused(before: ShopHolds, holds: Iterable[Hold]) -> ShopHolds:
    """A pause names all that holds the listing, without figures: those told before are kept."""
    known = {each.hold: each for each in before}
    return tuple(known.get(hold, ShopHold(hold)) for hold in sorted(holds) if hold in MEANINGS)


def published(before: ShopHolds, because: str | None) -> ShopHolds:
    """It is on offer, so what held it is over; but not what was found in the very same step."""
    return tuple(each for each in before if because is not None and each.because == because)


def conditions_of(holds: ShopHolds) -> list[Condition]:
    """The alerts that these holds stand for, one of a kind."""
    found: dict[AlertKind, Condition] = {}
    for each in holds:
        meaning = MEANINGS[each.hold]
        if meaning.kind is not None:
            detail = f" ({each.detail})" if each.detail else ""
            condition = Condition(
                kind=meaning.kind, severity=meaning.severity, message=f"{meaning.message}{detail}"
            )
            found.setdefault(meaning.kind, condition)
    return list(found.values())


def shown_with(rules: Sequence[RuleOutcome], holds: ShopHolds) -> list[RuleOutcome]:
    """A decision's rules, and what holds the listing besides. That nothing keeps it from selling is
    then not said, though it is true of the rules.
    """
    if not holds:
        return list(rules)
    named = ", ".join(f"{each.hold.value} ({_in_short(each)})" for each in holds)
    held = RuleOutcome(rule="syncer", outcome="held", said=f"The shop holds it: {named}.")
    return [*(each for each in rules if (each.rule, each.outcome) != ("pause", "free")), held]


def _in_short(each: ShopHold) -> str:
    short = MEANINGS[each.hold].short
    return f"{short}; {each.detail}" if each.detail else short
