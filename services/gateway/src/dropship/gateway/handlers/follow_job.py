"""A fact about a job's work reaches the job: its status moves on, its timeline grows."""

from uuid import UUID

from dropship.contracts.imports import ImportCompleted, ImportFailed
from dropship.contracts.work import WorkFailed, WorkRetried, WorkStarted
from dropship.gateway.domain.jobs import evolve, reason_of
from dropship.gateway.handlers.job_rows import add_step, hold, keep
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger

log = get_logger()


async def follow_job(
    heard: Heard[ImportCompleted | ImportFailed | WorkStarted | WorkRetried | WorkFailed],
    tx: Transaction,
) -> None:
    """Fold one fact into its job. Heard twice it changes nothing the second time.

    A job nobody knows is skipped: jobs are written before anything about them is said, so such a
    fact can only be about a job that was since removed.
    """
    fact, envelope = heard.event, heard.envelope
    held = await hold(tx, fact.job_id)
    if held is None:
        log.warning("job_unknown", job_id=fact.job_id, event_id=envelope.id)
        return
    progress = evolve(held.progress, fact, envelope.time)
    if progress != held.progress:
        await keep(tx, held, progress, version=held.version)
    await add_step(
        tx,
        held.job_id,
        UUID(envelope.id),
        at=envelope.time,
        what=type(fact).__name__,
        by=envelope.source,
        reason=reason_of(fact),
        next_at=fact.next_at if isinstance(fact, WorkRetried) else None,
    )
