"""A supplier does not answer: whoever sells its products is told. No price, no stock moves."""

from dropship.contracts.alerts import AlertKind
from dropship.contracts.suppliers import SupplierResumed, SupplierSuspended
from dropship.policy.domain.facts import Condition
from dropship.policy.handlers.raising_alerts import Ended, Judged, end, settle
from dropship.policy.projections import alerts, listings
from dropship.policy.projections.alerts import About
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def hear_supplier(heard: Heard[SupplierSuspended | SupplierResumed], tx: Transaction) -> None:
    """One alert for each tenant with a listing that is not over; ended when the source answers."""
    match heard.event:
        case SupplierSuspended() as event:
            sellers = await listings.sellers_of(tx, event.source)
            condition = _suspended(event)
            judged = [
                Judged(
                    About(tenant=tenant, name=event.source, source=event.source),
                    [condition],
                    tx.cause,
                )
                for tenant in sellers
            ]
            await settle(tx, judged, {AlertKind.supplier_suspended})
        case SupplierResumed() as event:
            await _end(tx, event.source)


async def _end(tx: Transaction, source: str) -> None:
    standing = await alerts.standing_anywhere(tx, AlertKind.supplier_suspended, source)
    await end(tx, [Ended(alert, "the supplier answers again", tx.cause) for alert in standing])


def _suspended(event: SupplierSuspended) -> Condition:
    return Condition(
        kind=AlertKind.supplier_suspended,
        severity="warning",
        message=(
            f"{event.source} does not answer ({event.reason}). Nothing changes by that; listings"
            " whose last look grows too old will be held."
        ),
    )
