"""What the log adds up to, worked out here from the language alone, and what the tables hold.

Both sides come out in the same shape, so that a test compares them with ``==``. Nothing of a
service is imported: the rules of folding are written a second time, as any listener would.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from dropship.contracts.catalogue import READER
from dropship.contracts.envelope import Envelope
from dropship.contracts.imports import ImportCompleted, ImportFailed, ImportRequested
from dropship.contracts.jobs import JobCancelled
from dropship.contracts.money import Money
from dropship.contracts.products import (
    PriceChanged,
    ProductArchived,
    ProductDescribed,
    ProductImported,
    ProductUnwatched,
    ProductVanished,
    ProductWatched,
    StockChanged,
)
from dropship.contracts.work import WorkFailed, WorkRetried, WorkStarted
from integration.log import Stored
from integration.running import Stack

CENTS = 100
"""Minor units of the currencies that the simulated suppliers ask: euros, pounds and dollars."""

Price = tuple[int, str] | None
OF_PRODUCTS = (
    ProductImported
    | ProductDescribed
    | PriceChanged
    | StockChanged
    | ProductVanished
    | ProductWatched
    | ProductUnwatched
    | ProductArchived
)
OF_JOBS = WorkStarted | WorkRetried | WorkFailed | ImportCompleted | ImportFailed | JobCancelled


class Product(Struct):
    """A product that has been seen, as far as facts tell it."""

    version: int = 0
    source: str = ""
    external_id: str = ""
    title: str = ""
    url: str | None = None
    seller: str | None = None
    price: Price = None
    availability: str | None = None
    quantity: int | None = None
    prices: list[tuple[Price, datetime]] = field(default_factory=list)
    stock: list[tuple[str, int | None, datetime]] = field(default_factory=list)


class Job(Struct):
    """A job with the facts in its timeline, by their ids."""

    tenant: str
    status: str = "PENDING"
    product_id: str | None = None
    error: str | None = None
    steps: set[tuple[str, str, str]] = field(default_factory=set)


class World(Struct):
    """Everything that can be told from the log alone."""

    products: dict[str, Product] = field(default_factory=lambda: defaultdict(Product))
    jobs: dict[str, Job] = field(default_factory=dict)
    watches: set[tuple[str, str]] = field(default_factory=set)


def fold(messages: Iterable[Stored]) -> World:
    """Every fact on EVENTS, in the order of the log."""
    world = World()
    for message in messages:
        envelope = message.envelope
        fact = READER.read(envelope)
        match fact:
            case ImportRequested():
                assert envelope.tenant is not None
                world.jobs[fact.job_id] = Job(envelope.tenant)
                _add_step(world, fact.job_id, fact, envelope)
            case (
                WorkStarted()
                | WorkRetried()
                | WorkFailed()
                | ImportCompleted()
                | ImportFailed()
                | JobCancelled()
            ):
                _move_job(world.jobs[fact.job_id], fact)
                _add_step(world, fact.job_id, fact, envelope)
            case (
                ProductImported()
                | ProductDescribed()
                | PriceChanged()
                | StockChanged()
                | ProductVanished()
                | ProductWatched()
                | ProductUnwatched()
                | ProductArchived()
            ):
                world.products[fact.product_id].version += 1
                _change_product(world, world.products[fact.product_id], fact)
    world.products = {id_: p for id_, p in world.products.items() if p.source}
    return world


def _add_step(world: World, job_id: str, fact: Any, envelope: Envelope) -> None:
    world.jobs[job_id].steps.add((envelope.id, type(fact).__name__, envelope.source))


def _move_job(job: Job, fact: OF_JOBS) -> None:
    """The first end wins, except that a cancellation stands wherever it comes in the log."""
    if isinstance(fact, JobCancelled):
        job.status, job.product_id, job.error = "CANCELLED", None, "cancelled"
    elif job.status in {"PENDING", "RUNNING"}:
        match fact:
            case ImportCompleted():
                job.status, job.product_id = "SUCCESS", fact.product_id
            case ImportFailed() | WorkFailed():
                job.status, job.error = "FAILED", fact.reason
            case _:
                job.status = "RUNNING"


def _change_product(world: World, product: Product, fact: OF_PRODUCTS) -> None:
    match fact:
        case ProductImported():
            product.source, product.external_id = fact.source, fact.external_id
        case ProductDescribed():
            product.title, product.url, product.seller = fact.title, fact.url, fact.seller
        case PriceChanged():
            product.price = _minor(fact.new)
            product.prices.append((product.price, fact.observed_at))
        case StockChanged():
            product.availability, product.quantity = fact.new.value, fact.new_quantity
            product.stock.append((fact.new.value, fact.new_quantity, fact.observed_at))
        case ProductWatched():
            world.watches.add((fact.tenant_id, fact.product_id))
        case ProductUnwatched():
            world.watches.discard((fact.tenant_id, fact.product_id))
        case _:
            pass


def _minor(money: Money | None) -> Price:
    return (int(Decimal(money.amount) * CENTS), money.currency) if money else None


async def remembered(stack: Stack) -> World:
    """The same world out of the tables of tracker and gateway."""
    world = World()
    await _remember_products(stack, world)
    await _remember_histories(stack, world)
    for id_, *job in await stack.sql(
        "SELECT id::text, tenant_id::text, status, result->>'product_id', error FROM gateway.jobs"
    ):
        world.jobs[id_] = Job(*job)
    for id_, event_id, what, by in await stack.sql(
        "SELECT job_id::text, event_id::text, what, by FROM gateway.job_steps"
    ):
        world.jobs[id_].steps.add((event_id, what, by))
    watches = await stack.sql("SELECT tenant_id, product_id::text FROM tracker.watches")
    world.watches = {(tenant, product) for tenant, product in watches}
    return world


async def _remember_products(stack: Stack, world: World) -> None:
    for id_, minor, currency, *row in await stack.sql(
        "SELECT id::text, price_minor, currency, version, source, external_id, title, url, seller,"
        " availability, stock FROM tracker.products WHERE imported_at IS NOT NULL"
    ):
        version, source, external_id, title, url, seller, availability, quantity = row
        world.products[id_] = Product(
            version=version,
            source=source,
            external_id=external_id,
            title=title,
            url=url,
            seller=seller,
            price=_price(minor, currency),
            availability=availability,
            quantity=quantity,
        )


async def _remember_histories(stack: Stack, world: World) -> None:
    for id_, minor, currency, at in await stack.sql(
        "SELECT product_id::text, price_minor, currency, observed_at FROM tracker.price_history"
        " ORDER BY id"
    ):
        world.products[id_].prices.append((_price(minor, currency), at))
    for id_, availability, quantity, at in await stack.sql(
        "SELECT product_id::text, availability, stock, observed_at FROM tracker.stock_history"
        " ORDER BY id"
    ):
        world.products[id_].stock.append((availability, quantity, at))


def _price(minor: int | None, currency: str | None) -> Price:
    return (minor, currency) if minor is not None and currency is not None else None


def differences(told: World, kept: World) -> list[str]:
    """Where log and tables disagree, one readable line each."""
    found = [
        f"{kind} {id_}: the log tells {ours.get(id_)}, the tables hold {theirs.get(id_)}"
        for kind, ours, theirs in (
            ("product", told.products, kept.products),
            ("job", told.jobs, kept.jobs),
        )
        for id_ in sorted(ours.keys() | theirs.keys())
        if ours.get(id_) != theirs.get(id_)
    ]
    found += [f"watch {watch}" for watch in sorted(told.watches ^ kept.watches)]
    return found
