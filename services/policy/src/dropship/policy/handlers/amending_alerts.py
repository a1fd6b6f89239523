"""A person has read an alert, or says that it does not matter."""

from uuid import UUID

from dropship.contracts.alerts import Alert, AmendAlert
from dropship.policy.domain.alerts import HAPPENINGS
from dropship.policy.handlers.raising_alerts import Ended, end
from dropship.policy.projections.alerts import Standing, amend
from dropship.policy.queries.alerts import read
from dropship.runtime.asking import Asked
from dropship.runtime.journal import Transaction


async def amend_alert(asked: Asked[AmendAlert], tx: Transaction) -> Alert:
    """Mark it. One that tells of a happening is over when it is acknowledged; any other stands
    until its cause is gone, or the next evaluation would raise it again.
    """
    wish, tenant = asked.question, asked.tenant
    before = await read(tx, tenant, wish.alert_id)
    id_ = UUID(before.id)
    await amend(tx, id_, read=wish.read or wish.acknowledge, acknowledge=wish.acknowledge)
    after = await read(tx, tenant, wish.alert_id)
    if wish.acknowledge and after.resolved_at is None and after.kind in HAPPENINGS:
        alert = Standing(id_, tenant, after.kind, after.listing_id or "")
        await end(tx, [Ended(alert, "acknowledged", tx.cause)])
        return await read(tx, tenant, wish.alert_id)
    return after
