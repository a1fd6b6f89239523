"""How the tracker speaks of products: each fact takes the next version of its locked product."""

from uuid import UUID

from dropship.contracts.messages import Event
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.projections.products import Known


class Voice:
    """Tells facts about products that this transaction has locked.

    The versions are counted in `products`; whoever speaks writes them back before the commit, or the
    next fact about the same product fails its transaction.
    """

    def __init__(self, tx: Transaction, products: dict[UUID, Known]) -> None:
        self.tx = tx
        self.products = products

    def tell(self, product: Known, fact: Event, *, cause: Cause, tenant: str | None = None) -> None:
        """Say a fact about a product. Without a `tenant` it belongs to nobody."""
        product.version += 1
        self.tx.say(
            fact,
            about=f"product:{product.id}",
            key=str(product.id),
            version=product.version,
            tenant=tenant,
            cause=cause,
        )
