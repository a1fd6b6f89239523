"""What became of a listing on its marketplace: for the chain of causes, and for its alerts."""

from dropship.contracts.alerts import AlertKind
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
from dropship.policy.domain.shop_holds import (
    MEANINGS,
    ShopHold,
    ShopHolds,
    conditions_of,
    paused,
    published,
    told,
)
from dropship.policy.handlers.raising_alerts import Judged, end_all, settle
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections import decisions, listings
from dropship.policy.projections.alerts import About
from dropship.policy.projections.causes import link_of_outcome
from dropship.runtime.errors import Retry
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction

KINDS = frozenset(meaning.kind for meaning in MEANINGS.values() if meaning.kind is not None)
OVER = "the listing is over"
ENDED_THERE = {
    "gone": "Somebody deleted it in the shop",
    "marketplace": "Somebody ended it in the shop",
}
"""Ends that nobody asked us for."""


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
    if isinstance(event, ListingRepriced | ListingRestocked):
        return
    before = await _shop_holds(tx, event.listing_id, tenant)
    match event:
        case ListingPublished():
            now = published(before, heard.envelope.causationid)
        case ListingPaused(holds=holds):
            now = paused(before, holds)
        case ListingResumed():
            now = ()
    is_paused = isinstance(event, ListingPaused)
    status = ListingStatus.Paused if is_paused else ListingStatus.Active
    await listings.move(tx, event.listing_id, tenant, status, now)
    await settle(tx, [Judged(_about(tenant, event), conditions_of(now), tx.cause)], KINDS)


async def hear_trouble(heard: Heard[ListingRejected | ListingDrifted], tx: Transaction) -> None:
    """Somebody must look. The alert stands until the listing sells again."""
    event, tenant = heard.event, tenant_of(heard)
    before = await _shop_holds(tx, event.listing_id, tenant)
    found = _found(event, heard.envelope.causationid)
    await listings.hold(tx, event.listing_id, tenant, told(before, found))
    conditions = conditions_of((found,))
    kinds = {condition.kind for condition in conditions}
    await settle(tx, [Judged(_about(tenant, event), conditions, tx.cause)], kinds)


async def hear_end(heard: Heard[ListingEnded | ListingDelisted], tx: Transaction) -> None:
    """It is over: nothing is decided any more, and nothing about it needs attention. But if nobody
    here wanted that, its owner must know.
    """
    event, tenant = heard.event, tenant_of(heard)
    ended = isinstance(event, ListingEnded)
    status = ListingStatus.Ended if ended else ListingStatus.Delisted
    if not await listings.move(tx, event.listing_id, tenant, status, ()):
        raise Retry(0.2, "listing_unknown")
    about = _about(tenant, event)
    await end_all(tx, about, OVER)
    if ended and event.reason in ENDED_THERE:
        judged = Judged(about, [_ended(ENDED_THERE[event.reason])], tx.cause)
        await settle(tx, [judged], {AlertKind.listing_ended})


def _ended(what: str) -> Condition:
    return Condition(
        kind=AlertKind.listing_ended,
        severity="warning",
        message=(
            f"{what}, not here; it sells no more, and nothing is brought there any more."
            " List the product again if it is to be sold, or acknowledge this."
        ),
        edge=True,
    )


def _found(event: ListingRejected | ListingDrifted, because: str | None) -> ShopHold:
    if isinstance(event, ListingDrifted):
        figures = f"{event.what}: ours {event.ours}, theirs {event.theirs}"
        return ShopHold(Hold.drifted, figures, because)
    if event.reason in MEANINGS:
        return ShopHold(Hold(event.reason), event.detail, because)
    detail = f"{event.reason}: {event.detail}" if event.detail else event.reason
    return ShopHold(Hold.rejected, detail, because)


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


async def _shop_holds(tx: Transaction, listing: str, tenant: str) -> ShopHolds:
    found = await listings.shop_holds(tx, listing, tenant)
    if found is None:
        raise Retry(0.2, "listing_unknown")
    return found
