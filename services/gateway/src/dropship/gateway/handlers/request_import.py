"""A user wants a product: a job to wait for, and the request, in one transaction."""

from uuid import UUID

import msgspec

from dropship.contracts.ids import uuid7
from dropship.contracts.imports import ImportRequested
from dropship.gateway.domain.imports import Target, Wish, resolve
from dropship.gateway.handlers.answered_keys import claim
from dropship.gateway.handlers.job_rows import add_step
from dropship.gateway.queries.suppliers import known_suppliers
from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction

KIND = "import"


async def request_import(
    database: Database, wish: Wish, *, tenant: str, user: str, key: str | None
) -> str:
    """The id of the job that will end when the product is known, or known to be out of reach.

    Raises Mistaken for a wish that names no product, NobodyRegistered before any supplier is known,
    Refused for a key that stands for another request.
    """
    job_id = uuid7()
    async with database.transaction(tenant=tenant, actor=user) as tx:
        if key is not None:
            earlier = await claim(tx, tenant, key, b"import" + msgspec.json.encode(wish), job_id)
            if earlier is not None:
                return str(earlier)
        target = resolve(wish, await known_suppliers(tx), tenant)
        await _begin(tx, job_id, target, tenant=tenant, user=user)
    return str(job_id)


async def _begin(tx: Transaction, job_id: UUID, target: Target, *, tenant: str, user: str) -> None:
    await tx.execute(
        "INSERT INTO jobs (id, tenant_id, user_id, kind, payload, created_at)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, %s)",
        (job_id, UUID(tenant), UUID(user), KIND, msgspec.json.encode(target).decode(), tx.at),
    )
    event = ImportRequested(
        job_id=str(job_id),
        source=target.source,
        external_id=target.external_id,
        variant=target.variant,
    )
    event_id = tx.say(event, about=f"job:{job_id}", version=1, key=str(job_id))
    await add_step(tx, job_id, event_id, at=tx.at, what=ImportRequested.__name__, by=tx.service)
