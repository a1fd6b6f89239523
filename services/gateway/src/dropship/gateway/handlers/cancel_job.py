"""A user no longer waits for a job."""

from uuid import UUID

from dropship.contracts.jobs import JobCancelled
from dropship.gateway.domain.jobs import evolve
from dropship.gateway.handlers.job_rows import add_step, hold, keep
from dropship.gateway.handlers.visits import Visitor, audit
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused


async def cancel_job(
    database: Database, job_id: str, *, tenant: str, user: str, visitor: Visitor
) -> None:
    """End the job as cancelled and say so.

    What a worker is doing for it at this moment is not broken off; its result is no longer waited
    for. Raises Refused: not_found for an unknown or foreign job, conflict for one that has ended.
    """
    async with database.transaction(tenant=tenant, actor=user) as tx:
        held = await hold(tx, job_id)
        if held is None or held.tenant_id != UUID(tenant):
            raise Refused("job_not_found", "no such job", kind="not_found")
        status = held.progress.status
        if held.progress.ending is not None:
            raise Refused("job_ended", f"the job has ended as {status}", kind="conflict")
        fact, version = JobCancelled(job_id=str(held.job_id)), held.version + 1
        await keep(tx, held, evolve(held.progress, fact, tx.at), version=version)
        event_id = tx.say(fact, about=f"job:{held.job_id}", version=version, key=fact.job_id)
        await add_step(
            tx, held.job_id, event_id, at=tx.at, what=JobCancelled.__name__, by=tx.service
        )
        await audit(
            tx,
            "job_cancelled",
            visitor,
            tenant_id=held.tenant_id,
            user_id=UUID(user),
            entity=("job", str(held.job_id)),
            old={"status": status},
        )
