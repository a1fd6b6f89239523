"""Somebody has looked at a product: what is known changes, and whoever waited is told."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from dropship.contracts.offers import FailureReason, ObservationFailed, OfferObserved
from dropship.contracts.products import PriceChanged, StockChanged
from dropship.pricing.money import Money
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction
from dropship.runtime.telemetry import get_logger
from dropship.tracker.domain.checking import chance_of, next_check
from dropship.tracker.domain.importing import answers
from dropship.tracker.domain.observing import Concluded, Seen, miss, observe
from dropship.tracker.handlers.ending_imports import complete, fail
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import histories, imports, products, watches
from dropship.tracker.projections.products import Known
from dropship.tracker.projections.watches import Planned

Look = Heard[OfferObserved | ObservationFailed]
MOST_ATTEMPTS = 99
_log = get_logger()


class Looks:
    """Hears looks, up to 500 at once: every statement here serves the whole batch."""

    def __init__(self, vanish_gap_s: float) -> None:
        self._vanish_gap_s = vanish_gap_s

    async def hear(
        self, batch: Sequence[Heard[OfferObserved | ObservationFailed]], tx: Transaction
    ) -> None:
        """Take in a batch. A look at a product that nobody ever asked for is dropped."""
        before = await products.lock(tx, filter(None, (_id(look) for look in batch)))
        voice = Voice(tx, {id_: replace(known) for id_, known in before.items()})
        wanted = [look for look in batch if _id(look) in before]
        if len(wanted) < len(batch):
            _log.warning("unasked_looks", count=len(batch) - len(wanted))
        await self._take_in(voice, wanted)
        await _end_imports(voice, wanted)
        await products.write(tx, before, voice.products.values())
        await _plan(voice, wanted)

    async def _take_in(self, voice: Voice, looks: Sequence[Look]) -> None:
        prices: list[tuple[PriceChanged, Money | None]] = []
        stocks: list[StockChanged] = []
        failures: dict[UUID, tuple[str, datetime]] = {}
        for look in looks:
            product = voice.products[UUID(look.event.product_id)]
            concluded = self._conclude(product, look)
            product.state = concluded.state
            doubt = concluded.doubt
            if isinstance(look.event, ObservationFailed):
                doubt = look.event.reason.value
            if doubt is not None:
                failures[product.id] = doubt, min(look.event.observed_at, look.stored_at)
            for fact in concluded.facts:
                voice.tell(product, fact, cause=Cause.of(look.envelope))
                if isinstance(fact, PriceChanged):
                    prices.append((fact, _list_price(product)))
                elif isinstance(fact, StockChanged):
                    stocks.append(fact)
        await histories.add_prices(voice.tx, prices)
        await histories.add_stocks(voice.tx, stocks)
        await products.note_failures(voice.tx, failures)

    def _conclude(self, product: Known, look: Look) -> Concluded:
        match look.event:
            case OfferObserved() as offer:
                return observe(product.state, offer, stored_at=look.stored_at)
            case ObservationFailed() as failed:
                return miss(
                    product.state, failed, stored_at=look.stored_at, gap_s=self._vanish_gap_s
                )


def _id(look: Look) -> UUID | None:
    try:
        return UUID(look.event.product_id)
    except ValueError:
        return None


def _list_price(product: Known) -> Money | None:
    return product.state.list_price if isinstance(product.state, Seen) else None


async def _end_imports(voice: Voice, looks: Sequence[Look]) -> None:
    """Every import that waits for a product which was seen is completed, whatever changed."""
    seen = {UUID(look.event.product_id) for look in looks if isinstance(look.event, OfferObserved)}
    if seen:
        complete(voice.tx, await imports.end_all(voice.tx, seen))
    failures = {
        UUID(look.event.product_id): (look.event, look.envelope.causationid)
        for look in looks
        if isinstance(look.event, ObservationFailed)
    }
    await _fail_imports(voice, {id_: how for id_, how in failures.items() if id_ not in seen})


async def _fail_imports(
    voice: Voice, failures: dict[UUID, tuple[ObservationFailed, str | None]]
) -> None:
    if not failures:
        return
    outstanding = await imports.looks_at(voice.tx, failures)
    for id_, (failed, command) in failures.items():
        if answers(UUID(command) if command else None, outstanding.get(id_)):
            ended = await imports.end_all(voice.tx, [id_])
            await fail(voice, ended, failed.reason.value, failed.detail)


async def _plan(voice: Voice, looks: Sequence[Look]) -> None:
    """Plan the next look at each product that has been seen at all."""
    planned = await watches.planned(voice.tx, {UUID(look.event.product_id) for look in looks})
    for look in looks:
        id_ = UUID(look.event.product_id)
        if id_ in planned and isinstance(voice.products[id_].state, Seen):
            planned[id_] = _answered(planned[id_], look)
    await watches.answered(voice.tx, planned)


def _answered(plan: Planned, look: Look) -> Planned:
    """When to look again. A check that was dropped because it came too late is due at once."""
    attempts = 0
    if isinstance(look.event, ObservationFailed):
        if look.event.reason is FailureReason.too_late:
            return replace(plan, next_at=look.stored_at)
        attempts = min(plan.attempts + 1, MOST_ATTEMPTS)
    chance = chance_of(f"{look.event.product_id}/{look.stored_at.isoformat()}")
    next_at = next_check(look.stored_at, plan.every_s, chance=chance, failures=attempts)
    return replace(plan, next_at=next_at, attempts=attempts)
