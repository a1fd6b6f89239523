"""Whether the offer is one to resell at all: new, of this product, at a price that anyone pays."""

from types import MappingProxyType

from dropship.contracts.decisions import RuleOutcome
from dropship.contracts.listings import Hold
from dropship.contracts.offers import Flag
from dropship.contracts.policies import PauseRule
from dropship.policy.domain.facts import Facts
from dropship.policy.domain.finding import Finding, Trouble

SAID = MappingProxyType(
    {
        Flag.used_only.value: "it is offered only used",
        Flag.no_featured_offer.value: "no seller's offer is the featured one",
        Flag.other_product.value: "the page shows another product",
        Flag.members_only_price.value: "the price is for members only",
        Flag.price_range.value: "the price is a range, not one figure",
        Flag.third_party.value: "a third party sells it, not the supplier",
    }
)


def fit_of(facts: Facts, rule: PauseRule) -> Finding:
    """What speaks against the offer. A flag that is new to us speaks against it as well."""
    against = sorted(
        flag
        for flag in set(facts.flags)
        if not (flag == Flag.third_party.value and rule.third_party_ok)
    )
    if not against:
        said = "Nothing speaks against the supplier's offer."
        return Finding(outcome=RuleOutcome(rule="fit", outcome="fit", said=said))
    named = "; ".join(SAID.get(flag, flag) for flag in against)
    said = f"The supplier's offer is not fit to resell: {named}."
    return Finding(
        outcome=RuleOutcome(rule="fit", outcome="unfit", said=said),
        reasons=(f"unfit {', '.join(against)}",),
        troubles=(Trouble(Hold.unfit, said),),
    )
