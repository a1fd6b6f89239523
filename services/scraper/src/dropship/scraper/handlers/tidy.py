"""Forget what nobody can ask for any more."""

from dropship.runtime.database import Database


async def tidy(database: Database) -> None:
    """Drop turns of looks that never came back, and jobs cancelled longer ago than work is kept."""
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM waits WHERE at < now() - interval '2 days'")
        await tx.execute(
            "DELETE FROM cancelled_jobs WHERE cancelled_at < now() - interval '7 days'"
        )
