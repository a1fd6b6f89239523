"""What is forgotten, and what is not."""

from typing import Any
from uuid import uuid4

from dropship.gateway.handlers.sweep import sweep

WISH = "/v1/products/import?asin=B0DGHRT7PQ"


async def test_a_key_is_free_again_after_two_days(gateway: Any) -> None:
    seller, headers = await gateway.seller(), {"idempotency-key": str(uuid4())}
    first = (await seller.post(WISH, headers=headers)).json()
    await sweep(gateway.desk.database)
    assert (await seller.post(WISH, headers=headers)).json() == first
    await gateway.desk.database.fetch_all(
        "UPDATE answered_keys SET created_at = created_at - interval '49 hours' RETURNING key"
    )
    assert (await seller.post(WISH, headers=headers)).json() != first
    await gateway.desk.database.fetch_all(
        "UPDATE answered_keys SET created_at = created_at - interval '49 hours' RETURNING key"
    )
    await sweep(gateway.desk.database)
    assert await gateway.desk.database.fetch_all("SELECT key FROM answered_keys") == []


async def test_a_session_is_forgotten_a_month_after_it_ended_and_no_sooner(gateway: Any) -> None:
    seller = await gateway.seller()
    mine = (
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = %s",
        (seller.email,),
    )
    for days, left in [(50, 1), (70, 0)]:
        await gateway.desk.database.fetch_all(
            "UPDATE sessions s SET expires_at = now() + interval '30 days' - %s * interval '1 day'"
            " FROM users u WHERE u.id = s.user_id AND u.email = %s RETURNING s.id",
            (days, seller.email),
        )
        await sweep(gateway.desk.database)
        assert len(await gateway.desk.database.fetch_all(*mine)) == left
