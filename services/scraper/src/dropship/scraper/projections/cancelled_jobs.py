"""Jobs that nobody waits for any more: their looks are not made."""

from dropship.contracts.jobs import JobCancelled
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction


async def remember_cancelled(heard: Heard[JobCancelled], tx: Transaction) -> None:
    """Remember it for a week, longer than any look can wait."""
    await tx.execute(
        "INSERT INTO cancelled_jobs (job_id, cancelled_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (heard.event.job_id, heard.stored_at),
    )
