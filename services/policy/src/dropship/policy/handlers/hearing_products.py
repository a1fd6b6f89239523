"""The tracker tells of products, and every listing of theirs is decided anew.

Up to 500 facts at once: every statement here serves many products, and each fact is decided all the
same, in the order in which it was told.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from dropship.contracts.products import (
    PriceChanged,
    ProductImported,
    ProductVanished,
    StockChanged,
)
from dropship.policy.handlers.evaluating import Trigger, evaluate_products
from dropship.policy.projections import products
from dropship.policy.projections.causes import chain_of_product
from dropship.policy.projections.products import Noted
from dropship.pricing.money import Money
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction

Fact = ProductImported | PriceChanged | StockChanged | ProductVanished
Wave = dict[UUID, Heard[Fact]]


async def hear_products(
    batch: Sequence[Heard[ProductImported | PriceChanged | StockChanged | ProductVanished]],
    tx: Transaction,
) -> None:
    """Take the facts in, and decide."""
    for wave in waves(batch):
        costs = await products.lock(tx, wave)
        noted = [Noted(id_, heard.event, chain_of_product(heard)) for id_, heard in wave.items()]
        await products.note(tx, noted)
        await evaluate_products(tx, _triggers(wave, noted, costs))


def waves(batch: Iterable[Heard[Fact]]) -> list[Wave]:
    """The first fact of each product, then the second of each that has one, and so on."""
    found: list[Wave] = []
    told: dict[UUID, int] = {}
    for heard in batch:
        product = UUID(heard.event.product_id)
        number = told[product] = told.get(product, -1) + 1
        if number == len(found):
            found.append({})
        found[number][product] = heard
    return found


def _triggers(
    wave: Wave, noted: Sequence[Noted], costs: Mapping[UUID, Money | None]
) -> dict[UUID, Trigger]:
    """Why each product is decided; where it is bought is no reason."""
    return {
        one.product: Trigger(
            cause=Cause.of(wave[one.product].envelope),
            chain=one.chain,
            previous_cost=costs[one.product] if isinstance(one.fact, PriceChanged) else None,
        )
        for one in noted
        if not isinstance(one.fact, ProductImported)
    }
