"""Signing up, in, on and out."""

import asyncio
from typing import Any
from uuid import uuid4

from dropship.contracts.ids import uuid7

PASSWORD = "correct horse"


async def refreshed(gateway: Any, token: str) -> Any:
    return await gateway.http.post("/v1/auth/refresh", json={"refresh_token": token})


async def test_a_new_seller_signs_up_and_can_ask_at_once(gateway: Any) -> None:
    seller = await gateway.seller()
    assert set(seller.tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (seller.tokens["token_type"], seller.tokens["expires_in"]) == ("Bearer", 900)
    me = (await seller.get("/v1/me")).json()
    assert me["user"]["email"] == seller.email
    assert me["tenant"]["role"] == "owner"


async def test_a_seller_logs_in_with_what_she_signed_up_with(gateway: Any) -> None:
    seller = await gateway.seller(f"Anna.{uuid7()}@Example.com")
    for email in (seller.email, seller.email.upper()):
        body = {"email": email, "password": PASSWORD}
        answer = await gateway.http.post("/v1/auth/login", json=body)
        assert answer.status_code == 200
        assert set(answer.json()) == set(seller.tokens)


async def test_an_address_has_one_account(gateway: Any) -> None:
    seller = await gateway.seller()
    body = {"email": seller.email.upper(), "password": PASSWORD}
    answer = await gateway.http.post("/v1/auth/signup", json=body)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "email"


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(gateway: Any) -> None:
    seller = await gateway.seller()
    answers = [
        await gateway.http.post("/v1/auth/login", json=body)
        for body in (
            {"email": seller.email, "password": "wrong horse"},
            {"email": f"{uuid7()}@example.com", "password": PASSWORD},
        )
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    first, second = ({**a.json(), "trace_id": ""} for a in answers)
    assert first == second
    assert answers[0].headers["www-authenticate"].startswith("Bearer")


async def test_a_refresh_token_works_once_and_brings_the_next(gateway: Any) -> None:
    seller = await gateway.seller()
    second = await refreshed(gateway, seller.tokens["refresh_token"])
    assert second.status_code == 200
    third = await refreshed(gateway, second.json()["refresh_token"])
    assert third.status_code == 200
    assert len({t["refresh_token"] for t in (seller.tokens, second.json(), third.json())}) == 3


async def test_a_stolen_refresh_token_ends_the_session_for_thief_and_owner(gateway: Any) -> None:
    seller = await gateway.seller()
    stolen = seller.tokens["refresh_token"]
    owners_next = (await refreshed(gateway, stolen)).json()["refresh_token"]
    assert (await refreshed(gateway, stolen)).status_code == 401
    assert (await refreshed(gateway, owners_next)).status_code == 401
    revoked = await gateway.desk.database.fetch_all(
        "SELECT revoked_because FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE u.email = %s",
        (seller.email,),
    )
    assert revoked == [("refresh_token_reused",)]


async def test_of_many_refreshes_at_once_at_most_one_succeeds(gateway: Any) -> None:
    seller = await gateway.seller()
    token = seller.tokens["refresh_token"]
    answers = await asyncio.gather(*(refreshed(gateway, token) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401, 401]


async def test_logging_out_ends_the_session_at_once(gateway: Any) -> None:
    seller = await gateway.seller()
    assert (await seller.get("/v1/me")).status_code == 200
    assert (await seller.post("/v1/auth/logout")).status_code == 204
    assert (await seller.get("/v1/me")).status_code == 401
    assert (await refreshed(gateway, seller.tokens["refresh_token"])).status_code == 401


async def test_logging_out_needs_only_the_refresh_token(gateway: Any) -> None:
    seller = await gateway.seller()
    body = {"refresh_token": seller.tokens["refresh_token"]}
    assert (await gateway.http.post("/v1/auth/logout", json=body)).status_code == 204
    assert (await seller.get("/v1/me")).status_code == 401
    assert (await gateway.http.post("/v1/auth/logout")).status_code == 401
    unknown = {"refresh_token": "dcr_nobody"}
    assert (await gateway.http.post("/v1/auth/logout", json=unknown)).status_code == 401


async def test_other_sessions_of_the_same_seller_go_on(gateway: Any) -> None:
    seller = await gateway.seller()
    body = {"email": seller.email, "password": PASSWORD}
    other = (await gateway.http.post("/v1/auth/login", json=body)).json()
    await seller.post("/v1/auth/logout")
    assert (await refreshed(gateway, other["refresh_token"])).status_code == 200


async def test_without_a_token_nothing_private_is_shown(gateway: Any) -> None:
    for header in ({}, {"authorization": "Basic abc"}, {"authorization": "Bearer nonsense"}):
        answer = await gateway.http.get("/v1/me", headers=header)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_sign_up_sent_twice_opens_one_tenant(gateway: Any) -> None:
    body = {"email": f"{uuid7()}@example.com", "password": PASSWORD}
    headers = {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(
        *(gateway.http.post("/v1/auth/signup", json=body, headers=headers) for _ in range(3))
    )
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    me = [
        (await gateway.http.get("/v1/me", headers={"authorization": f"Bearer {token}"})).json()
        for token in (answer.json()["access_token"] for answer in answers)
    ]
    assert len({person["tenant"]["id"] for person in me}) == 1


async def test_another_sign_up_under_the_same_key_is_refused(gateway: Any) -> None:
    headers = {"idempotency-key": str(uuid4())}
    body = {"email": f"{uuid7()}@example.com", "password": PASSWORD}
    assert (await gateway.http.post("/v1/auth/signup", json=body, headers=headers)).is_success
    for other in ({**body, "password": "another horse"}, {**body, "email": f"{uuid7()}@b.org"}):
        answer = await gateway.http.post("/v1/auth/signup", json=other, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
        assert answer.json()["type"].endswith("/key-reused")


async def test_the_world_hears_of_the_tenant_but_not_of_the_person(gateway: Any) -> None:
    seller = await gateway.seller()
    tenant = (await seller.get("/v1/me")).json()["tenant"]["id"]
    (opened,) = await gateway.said(f"tenant:{tenant}")
    assert opened.type == "dropship.tenant.opened.v1"
    assert opened.tenant == tenant
    payloads = await gateway.desk.database.fetch_all(
        "SELECT convert_from(payload, 'UTF8') FROM journal"
    )
    assert not [text for (text,) in payloads if "@" in text]


async def test_no_password_or_token_is_kept_in_clear(gateway: Any) -> None:
    seller = await gateway.seller()
    tables = await gateway.desk.database.fetch_all(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gateway'"
    )
    secrets = (PASSWORD, seller.tokens["refresh_token"], seller.tokens["access_token"])
    for (table,) in tables:
        rows = await gateway.desk.database.fetch_all(f'SELECT t::text FROM "{table}" t')  # noqa: S608
        for (row,) in rows:
            assert not any(secret in row for secret in secrets), table
            if table != "users":
                assert seller.email not in row, table


async def test_who_did_what_is_written_down(gateway: Any) -> None:
    seller = await gateway.seller()
    wrong = {"email": seller.email, "password": "wrong horse"}
    await gateway.http.post("/v1/auth/login", json=wrong, headers={"user-agent": "a thief"})
    await refreshed(gateway, seller.tokens["refresh_token"])
    await refreshed(gateway, seller.tokens["refresh_token"])
    rows = await gateway.desk.database.fetch_all(
        "SELECT a.action, host(a.ip), a.user_agent FROM audit_log a"
        " JOIN users u ON u.id = a.user_id WHERE u.email = %s ORDER BY a.id",
        (seller.email,),
    )
    assert [row[0] for row in rows] == ["signup", "login_refused", "refresh_refused"]
    assert rows[1][1:] == ("127.0.0.1", "a thief")


async def test_guessing_a_password_is_slowed_down_for_that_account_only(gateway: Any) -> None:
    victim, bystander = await gateway.seller(), await gateway.seller()
    wrong = {"email": victim.email, "password": "wrong horse"}
    answers = [await gateway.http.post("/v1/auth/login", json=wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    body = {"email": bystander.email, "password": PASSWORD}
    assert (await gateway.http.post("/v1/auth/login", json=body)).status_code == 200
