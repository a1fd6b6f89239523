"""What a caller is told when something is wrong, whatever it is."""

import asyncio
from typing import Any

import httpx
import pytest

from dropship.contracts.tenants import Tier
from dropship.gateway.handlers import sign_in as signing
from dropship.gateway.http import server

SIGN_UP = "/v1/auth/signup"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/v1/jobs/a%2Fb", {}, 404),
        ("PUT", SIGN_UP, {}, 405),
        ("GET", SIGN_UP, {}, 405),
        ("POST", SIGN_UP, {"content": b"{", "headers": JSON}, 400),
        ("POST", SIGN_UP, {"content": b"[" * 5_000, "headers": JSON}, 400),
        ("POST", SIGN_UP, {"content": b"{}", "headers": {"content-type": "text/plain"}}, 415),
        ("POST", SIGN_UP, {"content": b"{}"}, 415),
        ("POST", SIGN_UP, {"content": b" " * 70_000, "headers": JSON}, 413),
        ("POST", SIGN_UP, {"json": {"email": "x", "password": "y"}}, 422),
        ("POST", f"{SIGN_UP}?debug=1", {"json": {"email": "a@b.cd", "password": "12345678"}}, 422),
        ("GET", "/v1/jobs?limit=1", {}, 401),
    ],
)
async def test_every_problem_has_the_same_form(
    gateway: Any, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = await gateway.http.request(method, path, **more)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"].startswith("https://")
    assert problem["title"]
    assert problem["detail"]
    assert "?" not in problem["instance"]
    assert len(problem["trace_id"]) == 32
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_body_that_grows_beyond_its_announcement_is_refused(gateway: Any) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 10_000

    answer = await gateway.http.post(SIGN_UP, content=endless(), headers=JSON)
    assert answer.status_code == 413


async def test_the_callers_trace_is_continued(gateway: Any) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = await gateway.http.get("/nowhere", headers=headers)
    assert answer.json()["trace_id"] == trace
    assert answer.headers["traceparent"].split("-")[1] == trace


async def test_an_import_carries_the_callers_trace_on(gateway: Any) -> None:
    trace = "0af7651916cd43dd8448eb211c80319d"
    seller = await gateway.seller()
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = await seller.post("/v1/products/import?asin=B0DGHRT7PQ", headers=headers)
    (said,) = await gateway.said(f"job:{answer.json()['job_id']}")
    assert said.traceparent is not None
    assert said.traceparent.split("-")[1] == trace


async def test_our_own_failure_is_admitted_and_not_explained(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(signing, "same_address", fail)
    body = {"email": "a@b.cd", "password": "12345678"}
    answer = await gateway.http.post(SIGN_UP, json=body)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_lost_database_is_a_pause_and_not_a_failure(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = await gateway.seller()
    pool = gateway.desk.database.pool
    taken = [await pool.getconn() for _ in range(pool.max_size)]
    monkeypatch.setattr(pool, "timeout", 0.05)
    try:
        answer = await seller.get("/v1/jobs")
    finally:
        for connection in taken:
            await pool.putconn(connection)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


async def test_a_tenant_that_asks_too_often_is_slowed_down(
    gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = gateway.desk.limits.tenants[Tier.free]
    seller = await gateway.seller()
    monkeypatch.setattr(limit, "_burst", 3)
    monkeypatch.setattr(limit, "_interval_s", 30.0)
    answers = [await seller.get("/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"tenant";r=2;t=30'
    assert int(answers[3].headers["retry-after"]) >= 1


async def test_requests_in_hand_are_finished_before_the_door_closes() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        began.set()
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    async with httpx.AsyncClient() as http:
        async with server.serving(app, "127.0.0.1", 0) as port:
            url = f"http://127.0.0.1:{port}/"
            slow = asyncio.create_task(http.get(url))
            await began.wait()
            asyncio.get_running_loop().call_later(0.2, go_on.set)
        assert (await slow).text == "done"
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def test_a_port_that_is_taken_is_not_shared_silently() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    async with server.serving(app, "127.0.0.1", 0) as port:
        with pytest.raises(OSError, match="in use"):
            async with server.serving(app, "127.0.0.1", port):
                pass
