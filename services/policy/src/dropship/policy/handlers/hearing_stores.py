"""A store that nothing is written to needs its owner: one alert, with the latest reason."""

from dropship.contracts.alerts import AlertKind
from dropship.contracts.stores import (
    StoreConnected,
    StoreDisconnected,
    StoreRejected,
    StoreResumed,
    StoreSuspended,
    SuspendReason,
)
from dropship.policy.domain.facts import Condition
from dropship.policy.handlers.deciding_again import because_of_time
from dropship.policy.handlers.raising_alerts import Judged, end_all, settle
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections import listings
from dropship.policy.projections.alerts import About
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction

WORDS = {
    SuspendReason.auth_revoked: "The marketplace no longer accepts the store's credentials.",
    SuspendReason.scope_missing: "The store's credentials lack a right that is needed.",
    SuspendReason.frozen: "The shop is frozen or locked by its marketplace.",
    SuspendReason.breaker: "Too many prices in the store moved too far too fast.",
}
UNTIL_CONNECTED = "Nothing is written to it until you connect it again."


async def hear_store(
    heard: Heard[
        StoreConnected | StoreRejected | StoreSuspended | StoreResumed | StoreDisconnected
    ],
    tx: Transaction,
) -> None:
    """Raise the alert, or end what stands about the store. Connected again, it may pay other fees:
    its listings are then decided anew.
    """
    event = heard.event
    about = About(tenant=tenant_of(heard), name=event.store_id, store_id=event.store_id)
    match event:
        case StoreSuspended():
            detail = f" ({event.detail})" if event.detail else ""
            said = f"{WORDS[event.reason]} Nothing is written to it until you act.{detail}"
            await _raise(tx, about, said, event.reason.value)
        case StoreRejected():
            said = f"The store could not be connected ({event.reason})."
            await _raise(tx, about, f"{said} {UNTIL_CONNECTED}", "rejected")
        case StoreConnected():
            await end_all(tx, about, "the store is connected")
            for product, listing in await listings.charge(tx, about.tenant, event):
                await tx.mark_due(str(product), because_of_time(listing))
        case StoreResumed():
            await end_all(tx, about, "the store is written to again")
        case StoreDisconnected():
            await end_all(tx, about, "the store was taken away")


async def _raise(tx: Transaction, about: About, said: str, threshold: str) -> None:
    """In the place of the one that stands: what is to be done may be something else now."""
    condition = Condition(
        kind=AlertKind.store_suspended,
        severity="critical",
        message=said,
        threshold=threshold,
        edge=True,
    )
    await settle(tx, [Judged(about, [condition], tx.cause)], {AlertKind.store_suspended})
