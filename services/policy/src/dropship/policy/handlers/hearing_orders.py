"""Something was sold, or called off: what can still be offered of its products is decided anew.

An order comes in the order of its own facts and not of its products'. So it is only written down
here, and each product is marked due: its own loop counts, in its turn.
"""

from dropship.contracts.orders import OrderCancelled, OrderReceived
from dropship.policy.handlers.deciding_again import because_of_order, because_of_time
from dropship.policy.handlers.voice import tenant_of
from dropship.policy.projections import sales
from dropship.runtime.database import Database
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def hear_order(heard: Heard[OrderReceived | OrderCancelled], tx: Transaction) -> None:
    """Write it down, and have the products decided."""
    order, tenant = heard.event, tenant_of(heard)
    if isinstance(order, OrderReceived):
        products = await sales.add(tx, tenant, order, heard.envelope)
    else:
        products = await sales.cancel(tx, tenant, order, heard.envelope)
    for product in products:
        await tx.mark_due(str(product), because_of_order(order.order_id))


async def forget_sales(database: Database) -> None:
    """The round that takes away what is too old to count."""
    async with database.transaction() as tx:
        for product, listing in await sales.forget(tx):
            await tx.mark_due(str(product), because_of_time(listing))
