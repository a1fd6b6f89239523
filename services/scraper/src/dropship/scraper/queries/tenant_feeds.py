"""The asking tenant's feeds, without their addresses."""

from dropship.contracts.suppliers import Feed, FeedPage, TenantFeeds
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database


async def tenant_feeds(asked: Asked[TenantFeeds], database: Database) -> FeedPage:
    """All of them: a tenant has few."""
    rows = await database.fetch_all(
        "SELECT source, name, format, host, created_at FROM feeds"
        " WHERE tenant_id = %s ORDER BY created_at, source",
        (asked.tenant,),
    )
    feeds = [Feed(id=r[0], name=r[1], format=r[2], host=r[3], created_at=r[4]) for r in rows]
    return FeedPage(items=feeds, next_cursor=None)
