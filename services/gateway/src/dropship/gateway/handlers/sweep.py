"""What is forgotten, and when: Idempotency-Keys after two days, sessions and API keys a month after
they ended.
"""

from datetime import timedelta

from dropship.gateway.handlers.answered_keys import KEPT
from dropship.runtime.database import Database

EVERY_S = 3_600
ENDED_KEPT = timedelta(days=30)


async def sweep(database: Database) -> None:
    """Drop what has outlived its use. Refresh tokens go with their session."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM answered_keys WHERE created_at < %s", (tx.at - KEPT,))
        await tx.execute("DELETE FROM sessions WHERE expires_at < %s", (tx.at - ENDED_KEPT,))
        await tx.execute(
            "DELETE FROM api_keys WHERE LEAST(revoked_at, expires_at) < %s", (tx.at - ENDED_KEPT,)
        )
