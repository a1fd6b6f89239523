"""A store that nothing is written to needs its owner: one alert for as long as that lasts."""

from dropship.contracts.alerts import AlertKind
from dropship.contracts.stores import StoreDisconnected, StoreResumed, StoreSuspended, SuspendReason
from dropship.policy.domain.facts import Condition
from dropship.policy.handlers.raising_alerts import Judged, end_all, settle
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections.alerts import About
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction

WORDS = {
    SuspendReason.auth_revoked: "The marketplace no longer accepts the store's credentials.",
    SuspendReason.scope_missing: "The store's credentials lack a right that is needed.",
    SuspendReason.frozen: "The shop is frozen or locked by its marketplace.",
    SuspendReason.breaker: "Too many prices in the store moved too far too fast.",
}


async def hear_store(
    heard: Heard[StoreSuspended | StoreResumed | StoreDisconnected], tx: Transaction
) -> None:
    """Raise the alert, or end what stands about the store."""
    event = heard.event
    about = About(tenant=tenant_of(heard), name=event.store_id, store_id=event.store_id)
    match event:
        case StoreSuspended():
            judged = Judged(about, [_suspended(event)], tx.cause)
            await settle(tx, [judged], {AlertKind.store_suspended})
        case StoreResumed():
            await end_all(tx, about, "the store is written to again")
        case StoreDisconnected():
            await end_all(tx, about, "the store was taken away")


def _suspended(event: StoreSuspended) -> Condition:
    detail = f" ({event.detail})" if event.detail else ""
    return Condition(
        kind=AlertKind.store_suspended,
        severity="critical",
        message=f"{WORDS[event.reason]} Nothing is written to it until you act.{detail}",
        threshold=event.reason.value,
    )
