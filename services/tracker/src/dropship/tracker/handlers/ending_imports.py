"""How an import ends: completed or failed, once, and in the history of its request."""

from collections.abc import Iterable, Sequence
from typing import Literal

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.products import ProductArchived, ProductUnwatched
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.domain.importing import leaves_watch
from dropship.tracker.domain.observing import Seen
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import watches
from dropship.tracker.projections.imports import Pending
from dropship.tracker.projections.products import Known


def complete(tx: Transaction, ended: Iterable[Pending]) -> None:
    """Tell everyone who waited that the product is there, even when nothing changed."""
    for one in ended:
        tx.say(
            ImportCompleted(job_id=one.job_id, product_id=str(one.product_id)),
            about=f"import:{one.job_id}",
            key=one.job_id,
            version=1,
            tenant=one.tenant_id,
            cause=one.cause,
        )


async def fail(
    voice: Voice,
    ended: Iterable[Pending],
    reason: str,
    detail: str = "",
    *,
    others: Sequence[Pending] = (),
) -> None:
    """Tell everyone who waited why there is nothing; `others` still wait."""
    for one in ended:
        say_failed(voice.tx, one.job_id, one.tenant_id, one.cause, reason, detail)
        await settle_watch(voice, one, others, "failed", one.cause)


async def settle_watch(
    voice: Voice,
    ended: Pending,
    others: Iterable[Pending],
    outcome: Literal["failed", "cancelled"],
    cause: Cause,
) -> None:
    """After an import without success: keep the watch, leave it to another job, or take it back.

    Without this a mistyped id would be watched for ever.
    """
    tx, product = voice.tx, voice.products[ended.product_id]
    mine = [o for o in others if (o.product_id, o.tenant_id) == (product.id, ended.tenant_id)]
    made = await watches.made_by(tx, ended.tenant_id, product.id) == ended.job_id
    if made and mine:
        await watches.hand_over(tx, ended.tenant_id, product.id, mine[0].job_id)
    if not leaves_watch(
        outcome,
        made_the_watch=made,
        imported=isinstance(product.state, Seen),
        waits_elsewhere=bool(mine),
    ):
        await unwatch(voice, product, ended.tenant_id, cause)


def say_failed(
    tx: Transaction, job_id: str, tenant: str, cause: Cause, reason: str, detail: str = ""
) -> None:
    """Say that an import came to nothing."""
    tx.say(
        ImportFailed(job_id=job_id, reason=reason, detail=detail),
        about=f"import:{job_id}",
        key=job_id,
        version=1,
        tenant=tenant,
        cause=cause,
    )


async def unwatch(voice: Voice, product: Known, tenant: str, cause: Cause) -> bool:
    """Remove a watch; when it was the last one, stop checking. False where there was no watch.

    What was never seen is not archived: there is nothing to keep.
    """
    if not await watches.remove(voice.tx, tenant, product.id):
        return False
    unwatched = ProductUnwatched(product_id=str(product.id), tenant_id=tenant)
    voice.tell(product, unwatched, cause=cause, tenant=tenant)
    if await watches.unplan_unwatched(voice.tx, product.id):
        if isinstance(product.state, Seen):
            voice.tell(product, ProductArchived(product_id=str(product.id)), cause=cause)
    else:
        await watches.plan(voice.tx, [product.id])
    return True
