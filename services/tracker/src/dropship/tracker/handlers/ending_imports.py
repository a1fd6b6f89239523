"""How an import ends: completed or failed, once, and in the history of its request."""

from collections.abc import Iterable

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


async def fail(voice: Voice, ended: Iterable[Pending], reason: str, detail: str = "") -> None:
    """Tell everyone who waited why there is nothing.

    Who has nothing to show for the watch loses it, so a mistyped id is not checked for ever.
    """
    for one in ended:
        say_failed(voice.tx, one.job_id, one.tenant_id, one.cause, reason, detail)
        product = voice.products[one.product_id]
        made = await watches.made_by(voice.tx, one.tenant_id, product.id) == one.job_id
        if not leaves_watch(
            "failed",
            made_the_watch=made,
            imported=isinstance(product.state, Seen),
            waits_elsewhere=False,
        ):
            await unwatch(voice, product, one.tenant_id, one.cause)


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
