"""What became of a listing on its marketplace: for the chain of causes, and for its alerts."""

from collections.abc import Sequence
from types import MappingProxyType

from dropship.contracts.alerts import AlertKind, Severity
from dropship.contracts.listings import (
    Hold,
    ListingDelisted,
    ListingDrifted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRejected,
    ListingRepriced,
    ListingRestocked,
    ListingResumed,
    ListingStatus,
)
from dropship.policy.domain.facts import Condition
from dropship.policy.handlers.raising_alerts import Judged, end_all, settle
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections import decisions, listings
from dropship.policy.projections.alerts import About
from dropship.policy.projections.causes import link_of_outcome
from dropship.runtime.errors import Retry
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction

Trouble = tuple[AlertKind, Severity, str]

TROUBLES: MappingProxyType[str, Trouble] = MappingProxyType(
    {
        Hold.stale: (
            AlertKind.listing_stale,
            "warning",
            "Nobody has seen the supplier's offer for too long; it is held until somebody does.",
        ),
        Hold.below_floor: (
            AlertKind.gate_refused,
            "critical",
            "The last gate refused a price that would lose money.",
        ),
        Hold.no_floor: (
            AlertKind.gate_refused,
            "critical",
            "The last gate refused to write without a known floor.",
        ),
        Hold.breaker: (
            AlertKind.gate_refused,
            "critical",
            "Prices moved too far too fast; it is held until you have looked.",
        ),
        Hold.rejected: (
            AlertKind.listing_rejected,
            "critical",
            "The marketplace refuses it as it is.",
        ),
        Hold.drifted: (
            AlertKind.listing_drifted,
            "warning",
            "Someone else changed it on the marketplace; it is left as it is.",
        ),
    }
)
"""What holds that are not policy's mean to a seller. A hold by hand is no news to who did it."""

KINDS = frozenset(kind for kind, _, _ in TROUBLES.values())
OVER = "the listing is over"


async def hear_progress(
    heard: Heard[
        ListingPublished | ListingRepriced | ListingRestocked | ListingPaused | ListingResumed
    ],
    tx: Transaction,
) -> None:
    """A decision was carried out, or the syncer held the listing by itself."""
    event, tenant = heard.event, tenant_of(heard)
    key = (tenant, event.listing_id, event.decision_no)
    await decisions.bring(tx, key, link_of_outcome(heard))
    match event:
        case ListingPublished() | ListingResumed():
            await _stands(tx, event, tenant, ListingStatus.Active, ())
        case ListingPaused(holds=holds):
            await _stands(tx, event, tenant, ListingStatus.Paused, holds)


async def hear_trouble(heard: Heard[ListingRejected | ListingDrifted], tx: Transaction) -> None:
    """Somebody must look. The alert stands until the listing sells again."""
    event, tenant = heard.event, tenant_of(heard)
    if not await listings.exists(tx, event.listing_id, tenant):
        raise Retry(0.2, "listing_unknown")
    condition = _rejected(event) if isinstance(event, ListingRejected) else _drifted(event)
    await settle(tx, [Judged(_about(tenant, event), [condition], tx.cause)], {condition.kind})


async def hear_end(heard: Heard[ListingEnded | ListingDelisted], tx: Transaction) -> None:
    """It is over: nothing is decided any more, and nothing about it needs attention."""
    event, tenant = heard.event, tenant_of(heard)
    ended = isinstance(event, ListingEnded)
    status = ListingStatus.Ended if ended else ListingStatus.Delisted
    await _move(tx, event.listing_id, tenant, status)
    await end_all(tx, _about(tenant, event), OVER)


def conditions_of(holds: Sequence[Hold]) -> list[Condition]:
    """The alerts that these holds stand for, one of a kind."""
    found: dict[AlertKind, Condition] = {}
    for hold in sorted(holds):
        if hold in TROUBLES:
            kind, severity, message = TROUBLES[hold]
            found.setdefault(kind, Condition(kind=kind, severity=severity, message=message))
    return list(found.values())


def _rejected(event: ListingRejected) -> Condition:
    kind, severity, message = TROUBLES.get(event.reason, TROUBLES[Hold.rejected])
    told = f"{message} ({event.reason}{': ' + event.detail if event.detail else ''})"
    return Condition(kind=kind, severity=severity, message=told)


def _drifted(event: ListingDrifted) -> Condition:
    kind, severity, message = TROUBLES[Hold.drifted]
    told = f"{message} ({event.what}: ours {event.ours}, theirs {event.theirs})"
    return Condition(kind=kind, severity=severity, message=told)


def _about(
    tenant: str,
    event: ListingPublished
    | ListingPaused
    | ListingResumed
    | ListingRejected
    | ListingDrifted
    | ListingEnded
    | ListingDelisted,
) -> About:
    return About(
        tenant=tenant,
        name=event.listing_id,
        listing_id=event.listing_id,
        product_id=event.product_id,
        store_id=event.store_id,
    )


async def _stands(
    tx: Transaction,
    event: ListingPublished | ListingResumed | ListingPaused,
    tenant: str,
    status: ListingStatus,
    holds: Sequence[Hold],
) -> None:
    await _move(tx, event.listing_id, tenant, status)
    await settle(tx, [Judged(_about(tenant, event), conditions_of(holds), tx.cause)], KINDS)


async def _move(tx: Transaction, listing: str, tenant: str, status: ListingStatus) -> None:
    if not await listings.move(tx, listing, tenant, status):
        raise Retry(0.2, "listing_unknown")
