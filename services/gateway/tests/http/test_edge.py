"""What every answer has, also when the application itself has failed."""

from typing import Any

import msgspec
import pytest

from dropship.gateway.http.edge import Edge
from dropship.runtime.clock import SystemClock

SCOPE = {"type": "http", "method": "GET", "path": "/v1/me", "headers": []}


async def answered(app: Any, **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise NotImplementedError

    edge: Any = Edge(app, SystemClock())
    await edge({**SCOPE, **scope}, receive, send)
    return sent


async def test_an_application_that_falls_over_still_answers_with_a_problem() -> None:
    async def falls_over(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the password is hunter2")

    start, body = await answered(falls_over)
    assert start["status"] == 500
    assert (b"x-content-type-options", b"nosniff") in start["headers"]
    problem = msgspec.json.decode(body["body"])
    assert problem["status"] == 500
    assert "hunter2" not in body["body"].decode()


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    async def falls_over_late(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    sent = await answered(falls_over_late)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_what_an_answer_says_itself_is_not_overruled() -> None:
    async def cached(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"cache-control", b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    (start,) = await answered(cached)
    assert [v for k, v in start["headers"] if k == b"cache-control"] == [b"max-age=60"]


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_what_is_not_http_is_none_of_its_business(kind: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    assert await answered(app, type=kind) == []
    assert seen == [kind]
