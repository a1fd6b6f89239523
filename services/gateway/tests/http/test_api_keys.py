"""API keys: made, shown once, used, watched and revoked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from dropship.gateway.domain.api_keys import written
from dropship.gateway.handlers.sweep import sweep

WISH = {"name": "night shift", "scopes": ["read"]}


async def changed(gateway: Any, sql: str, *params: Any) -> None:
    """What happens to a row some day, in a hurry; and the minute that replicas may remember."""
    await gateway.desk.database.fetch_all(f"{sql} RETURNING 1", params)
    gateway.desk.callers._known.clear()


async def test_a_program_asks_with_a_key_as_its_maker(gateway: Any) -> None:
    seller = await gateway.seller()
    queued = await seller.post("/v1/products/import?asin=B0DGHRT7PQ")
    program = await seller.with_key("read")
    assert (await program.get("/v1/jobs")).json()["items"][0]["id"] == queued.json()["job_id"]
    refused = await program.post("/v1/products/import?asin=B0DGHRT7PQ")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "this asks for write; you may: read"


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(gateway: Any) -> None:
    seller = await gateway.seller()
    made = (await seller.post("/v1/api-keys", json=WISH)).json()
    (listed,) = (await seller.get("/v1/api-keys")).json()["items"]
    assert listed == {
        **{name: made[name] for name in ("id", "name", "scopes", "created_at", "expires_at")},
        "last_used_at": None,
        "revoked_at": None,
    }
    secret = made["key"].split("_")[3]
    tables = await gateway.desk.database.fetch_all(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gateway'"
    )
    for (table,) in tables:
        rows = await gateway.desk.database.fetch_all(f'SELECT t::text FROM "{table}" t')  # noqa: S608
        assert not any(secret in row for (row,) in rows), table


async def test_a_revoked_key_is_refused_at_once(gateway: Any) -> None:
    seller = await gateway.seller()
    program = await seller.with_key("read")
    assert (await program.get("/v1/jobs")).status_code == 200
    for _ in range(2):
        path = f"/v1/api-keys/{program.tokens['id']}"
        assert (await seller.ask("DELETE", path)).status_code == 204
    assert (await program.get("/v1/jobs")).status_code == 401
    (listed,) = (await seller.get("/v1/api-keys")).json()["items"]
    assert listed["revoked_at"] is not None


async def test_a_key_expires_when_it_was_meant_to(gateway: Any) -> None:
    seller = await gateway.seller()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    wish = {**WISH, "expires_at": tomorrow.isoformat()}
    made = (await seller.post("/v1/api-keys", json=wish)).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    assert (await gateway.http.get("/v1/jobs", headers=headers)).status_code == 200
    await changed(gateway, "UPDATE api_keys SET expires_at = now() WHERE id = %s", made["id"])
    assert (await gateway.http.get("/v1/jobs", headers=headers)).status_code == 401
    late = {**WISH, "expires_at": "2020-01-01T00:00:00Z"}
    answer = await seller.post("/v1/api-keys", json=late)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "expires_at"


async def test_the_right_id_with_a_wrong_secret_opens_nothing(gateway: Any) -> None:
    program = await (await gateway.seller()).with_key("read")
    for identity in (UUID(program.tokens["id"]), uuid4()):
        headers = {"authorization": f"Bearer {written(identity, b'x' * 32)}"}
        answer = await gateway.http.get("/v1/jobs", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["detail"].endswith("the API key is unknown, revoked or expired")


async def test_a_key_can_do_no_more_than_its_maker_can_now(gateway: Any) -> None:
    seller = await gateway.seller()
    program = await seller.with_key("read", "write")
    wish = "/v1/products/import?asin=B0DGHRT7PQ"
    assert (await program.post(wish)).status_code == 202
    demoted = "UPDATE memberships SET role = 'viewer' WHERE tenant_id = %s"
    await changed(gateway, demoted, await seller.tenant())
    assert (await program.post(wish)).status_code == 403
    assert (await program.get("/v1/jobs")).status_code == 200
    await changed(gateway, "UPDATE users SET is_active = false WHERE email = %s", seller.email)
    assert (await program.get("/v1/jobs")).status_code == 401


async def test_the_last_use_of_a_key_is_known_to_the_minute(gateway: Any) -> None:
    seller = await gateway.seller()
    program = await seller.with_key("read")

    async def last_used() -> Any:
        return (await seller.get("/v1/api-keys")).json()["items"][0]["last_used_at"]

    await program.get("/v1/jobs")
    first = await last_used()
    assert first is not None
    gateway.desk.callers._known.clear()
    await program.get("/v1/jobs")
    assert await last_used() == first
    earlier = "UPDATE api_keys SET last_used_at = last_used_at - interval '61 s' WHERE id = %s"
    await changed(gateway, earlier, program.tokens["id"])
    await program.get("/v1/jobs")
    assert await last_used() >= first


async def test_a_key_asked_for_twice_is_made_once_and_not_shown_again(gateway: Any) -> None:
    seller, headers = await gateway.seller(), {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(
        *(seller.post("/v1/api-keys", json=WISH, headers=headers) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    (listed,) = (await seller.get("/v1/api-keys")).json()["items"]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert listed["id"] in late.json()["detail"]
    other = await seller.post("/v1/api-keys", json={**WISH, "name": "day"}, headers=headers)
    assert other.json()["type"].endswith("/key-reused")


async def test_keys_are_listed_newest_first_page_by_page(gateway: Any) -> None:
    seller = await gateway.seller()
    wanted = [(await seller.with_key("read")).tokens["id"] for _ in range(3)][::-1]
    first = (await seller.get("/v1/api-keys?limit=2")).json()
    second = (await seller.get(f"/v1/api-keys?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == wanted
    assert second["next_cursor"] is None


async def test_guessing_keys_is_slowed_down_for_that_address(gateway_with: Any) -> None:
    async with gateway_with(address_sign_ins_per_minute=3) as gateway:
        program = await (await gateway.seller()).with_key("read")
        for _ in range(5):  # Remembered: not a guess.
            assert (await program.get("/v1/jobs")).status_code == 200
        statuses = []
        for _ in range(3):
            headers = {"authorization": f"Bearer {written(uuid4(), b'x' * 32)}"}
            statuses.append((await gateway.http.get("/v1/jobs", headers=headers)).status_code)
        assert statuses == [401, 429, 429]


async def test_making_and_revoking_keys_is_written_down_without_the_key(gateway: Any) -> None:
    seller = await gateway.seller()
    program = await seller.with_key("read")
    await seller.ask("DELETE", f"/v1/api-keys/{program.tokens['id']}")
    rows = await gateway.desk.database.fetch_all(
        "SELECT action, new_value::text FROM audit_log WHERE entity_id = %s ORDER BY id",
        (program.tokens["id"],),
    )
    assert rows == [("api_key_made", '{"scopes": ["read"]}'), ("api_key_revoked", None)]


async def test_a_key_is_forgotten_a_month_after_it_ended(gateway: Any) -> None:
    seller = await gateway.seller()
    ended, good = await seller.with_key("read"), await seller.with_key("read")
    for days, left in [(29, 2), (31, 1)]:
        past = "UPDATE api_keys SET revoked_at = now() - %s * interval '1 day' WHERE id = %s"
        await changed(gateway, past, days, ended.tokens["id"])
        await sweep(gateway.desk.database)
        assert len((await seller.get("/v1/api-keys")).json()["items"]) == left
    assert (await good.get("/v1/jobs")).status_code == 200
