"""How the tracker speaks of products: each fact takes the next version of its locked product."""

from uuid import UUID

from dropship.contracts.messages import Event
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.projections.products import Known, write_versions


class Voice:
    """Tells facts about products that this transaction has locked.

    Versions are counted in `products`. Whoever speaks writes them back before the commit (`keep`),
    or the next fact about the same product fails its transaction.
    """

    def __init__(self, tx: Transaction, products: dict[UUID, Known]) -> None:
        self.tx = tx
        self.products = products
        self._told: set[UUID] = set()

    def tell(self, product: Known, fact: Event, *, cause: Cause, tenant: str | None = None) -> None:
        """Say a fact about a product. Without a `tenant` it belongs to nobody."""
        product.version += 1
        self._told.add(product.id)
        self.tx.say(
            fact,
            about=f"product:{product.id}",
            key=str(product.id),
            version=product.version,
            tenant=tenant,
            cause=cause,
        )

    async def keep(self) -> None:
        """Write back how far each product's versions have come."""
        await write_versions(self.tx, [self.products[id_] for id_ in self._told])
