"""Ordering the looks that imports wait for: one per product, whoever and however many wait."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from dropship.contracts.ids import plugin_of
from dropship.contracts.offers import ScrapeProduct
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.domain.importing import Look, Patience
from dropship.tracker.projections import imports
from dropship.tracker.projections.products import Known


class Wish(Struct, frozen=True):
    """A look to order: for whose job, because of what, and under which derived id."""

    product: Known
    job_id: str
    cause: Cause
    command_id: UUID
    asks: int = 1


async def ask(tx: Transaction, wishes: Sequence[Wish], patience: Patience) -> None:
    """Order these looks and start the clock of every import that waits for them.

    The command carries one job's id, so that its timeline shows the work; the others share it.
    """
    if not wishes:
        return
    deadline = patience.deadline(tx.at)
    for wish in wishes:
        product = wish.product
        tx.order(
            ScrapeProduct(
                product_id=str(product.id),
                source=product.source,
                external_id=product.external_id,
                variant=product.variant,
                job_id=wish.job_id,
                not_after=deadline,
            ),
            plugin=plugin_of(product.source),
            lane="now",
            command_id=wish.command_id,
            cause=wish.cause,
        )
    await imports.put_looks(tx, [_row(tx, wish) for wish in wishes])
    await imports.set_deadline(tx, [wish.product.id for wish in wishes], deadline)


def _row(tx: Transaction, wish: Wish) -> tuple[UUID, str, Look]:
    look = Look(wish.command_id, wish.job_id, tx.at, wish.asks)
    return wish.product.id, wish.product.source, look
