"""A tenant's own notes on a product, and the end of its watch."""

from uuid import UUID

from msgspec import UNSET

from dropship.contracts.products import AmendWatch, StopWatching
from dropship.runtime.asking import Asked
from dropship.runtime.journal import Transaction
from dropship.tracker.domain.observing import Seen
from dropship.tracker.domain.offers import storable
from dropship.tracker.handlers.ending_imports import unwatch
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import products, watches
from dropship.tracker.queries.products import details, known_id, not_found


async def amend_watch(asked: Asked[AmendWatch], tx: Transaction) -> bytes:
    """Change what was given, leave the rest, and answer with the product as it now reads."""
    wish = asked.question
    id_ = known_id(wish.product_id)
    await products.lock(tx, [id_])
    changed = await watches.amend(
        tx,
        asked.tenant,
        id_,
        relabel=wish.label is not UNSET,
        label=None if wish.label is UNSET else storable(wish.label),
        check_every_s=None if wish.check_every_s is UNSET else wish.check_every_s,
    )
    if not changed:
        raise not_found(wish.product_id)
    await watches.plan(tx, [id_])
    return await details(tx, asked.tenant, wish.product_id)


async def stop_watching(asked: Asked[StopWatching], tx: Transaction) -> None:
    """Remove the tenant's watch; after the last one the product is archived."""
    id_ = known_id(asked.question.product_id)
    voice = Voice(tx, await products.lock(tx, [id_]))
    await _stop(voice, id_, asked.tenant)
    await voice.keep()


async def _stop(voice: Voice, id_: UUID, tenant: str) -> None:
    product = voice.products.get(id_)
    seen = product is not None and isinstance(product.state, Seen)
    if product is None or not seen or not await unwatch(voice, product, tenant, voice.tx.cause):
        raise not_found(str(id_))
