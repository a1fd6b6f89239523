"""What a look is told as: an offer observed, or why nothing was."""

from dropship.contracts.offers import (
    Evidence,
    FailureReason,
    Flag,
    ObservationFailed,
    OfferObserved,
    ScrapeProduct,
)
from dropship.runtime.journal import Transaction
from dropship.runtime.working import Outcome, Task
from dropship.scraper.domain.reading import Reading
from dropship.scraper.handlers import pace


def observed(task: Task[ScrapeProduct], reading: Reading, evidence: Evidence) -> Outcome:
    """Tell an offer. A used copy's price stays out: the language speaks of new units only."""
    command = task.command
    price = None if Flag.used_only in reading.flags else reading.price

    async def outcome(tx: Transaction) -> None:
        await pace.answered(tx, command.source)
        await _forget_waiting(task, tx)
        offer = OfferObserved(
            product_id=command.product_id,
            source=command.source,
            external_id=command.external_id,
            variant=command.variant,
            title=reading.title,
            price=price,
            list_price=reading.list_price if price is not None else None,
            availability=reading.availability,
            quantity=reading.quantity,
            quantity_kind=reading.quantity_kind,
            ships_in_days=reading.ships_in_days,
            flags=reading.flags,
            seller=reading.seller,
            rating=reading.rating,
            review_count=reading.review_count,
            images=reading.images,
            url=reading.url,
            locale=reading.locale,
            ship_to=reading.ship_to,
            observed_at=task.at,
            evidence=evidence,
        )
        _say(task, tx, offer)

    return outcome


def failed(
    task: Task[ScrapeProduct], reason: FailureReason, detail: str = "", *, answers: bool = False
) -> Outcome:
    """Tell that nothing was seen, and why. `answers`: the supplier itself did answer."""

    async def outcome(tx: Transaction) -> None:
        if answers:
            await pace.answered(tx, task.command.source)
        await _forget_waiting(task, tx)
        say_failed(task, tx, reason, detail)

    return outcome


def say_failed(
    task: Task[ScrapeProduct], tx: Transaction, reason: FailureReason, detail: str
) -> None:
    """The fact itself, in a transaction that ends the command one way or another."""
    command = task.command
    failure = ObservationFailed(
        product_id=command.product_id,
        source=command.source,
        external_id=command.external_id,
        variant=command.variant,
        reason=reason,
        detail=detail[:200],
        observed_at=task.at,
    )
    _say(task, tx, failure)


def _say(
    task: Task[ScrapeProduct], tx: Transaction, event: OfferObserved | ObservationFailed
) -> None:
    about = f"look:{task.command_id}"
    tx.say(event, about=about, version=1, key=task.command.product_id, tenant=None)


async def nothing(tx: Transaction) -> None:
    """Nothing to tell: nobody waits any more."""


async def _forget_waiting(task: Task[ScrapeProduct], tx: Transaction) -> None:
    if task.attempt > 1:
        await tx.execute("DELETE FROM waits WHERE command_id = %s", (task.command_id,))
