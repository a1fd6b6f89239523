"""A job's row and timeline: locked, read as progress, written back."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.jobs import JobResult, JobStatus
from dropship.gateway.domain.jobs import Ending, Progress
from dropship.runtime.journal import Transaction


class Held(Struct, frozen=True, kw_only=True):
    """A job whose row is locked until the end of the transaction."""

    job_id: UUID
    tenant_id: UUID
    version: int
    progress: Progress


async def hold(tx: Transaction, job_id: str) -> Held | None:
    """Lock the job; None when there is no such job."""
    try:
        key = UUID(job_id)
    except ValueError:
        return None
    row = await tx.fetch_one(
        "SELECT tenant_id, version, started_at, retry_count, next_retry_at, status, completed_at,"
        " result, error, error_detail FROM jobs WHERE id = %s FOR UPDATE",
        (key,),
    )
    if row is None:
        return None
    tenant_id, version, started_at, retries, next_retry_at, status, completed_at, *end = row
    ending = None
    if completed_at is not None:
        result, reason, detail = end
        ending = Ending(
            status=JobStatus(status),
            at=completed_at,
            product_id=result["product_id"] if result else None,
            reason=reason,
            detail=detail or "",
        )
    progress = Progress(
        started_at=started_at, retries=retries, next_retry_at=next_retry_at, ending=ending
    )
    return Held(job_id=key, tenant_id=tenant_id, version=version, progress=progress)


async def keep(tx: Transaction, held: Held, progress: Progress, *, version: int) -> None:
    """Write the new progress of a job that is held."""
    ending = progress.ending
    product_id = ending.product_id if ending else None
    result = msgspec.json.encode(JobResult(product_id=product_id)).decode() if product_id else None
    await tx.execute(
        "UPDATE jobs SET status = %s, started_at = %s, retry_count = %s, next_retry_at = %s,"
        " completed_at = %s, result = %s::jsonb, error = %s, error_detail = %s, version = %s"
        " WHERE id = %s",
        (
            progress.status,
            progress.started_at,
            progress.retries,
            progress.next_retry_at,
            ending.at if ending else None,
            result,
            ending.reason if ending else None,
            (ending.detail or None) if ending else None,
            version,
            held.job_id,
        ),
    )


async def add_step(
    tx: Transaction,
    job_id: UUID,
    event_id: UUID,
    *,
    at: datetime,
    what: str,
    by: str,
    reason: str | None = None,
    next_at: datetime | None = None,
) -> None:
    """Add a line to the timeline, once for each fact."""
    await tx.execute(
        "INSERT INTO job_steps (job_id, event_id, at, what, by, reason, next_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (job_id, event_id, at, what, by, reason, next_at),
    )
