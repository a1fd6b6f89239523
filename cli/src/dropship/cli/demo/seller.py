"""A seller who uses the HTTP API as anyone would, and tries again where the answer is "not now"."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar
from uuid import uuid4

import httpx

from dropship.cli.faults import Fault

POLL_S = 0.1
PATIENCE_S = 60.0
AGAIN_S = 0.25
BUSY = frozenset({429, 500, 502, 503, 504})
TERMINAL = frozenset({"SUCCESS", "FAILED", "CANCELLED"})
PAGE = 200
T = TypeVar("T")


class Seller:
    """One signed-up seller. Raises Fault when the API answers what it should not."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.email = f"seller-{secrets.token_hex(4)}@shop.example"
        self.password = secrets.token_urlsafe(12)

    async def sign_up(self) -> None:
        """Open an account; later calls are made with its token."""
        body = {"email": self.email, "password": self.password}
        answer = await self.call("POST", "/v1/auth/signup", 201, json=body)
        self._client.headers["authorization"] = f"Bearer {answer['access_token']}"

    async def start_import(self, supplier: str, id_: str) -> str:
        """Ask for a product; the job's id."""
        params = {"supplier": supplier, "id": id_}
        return str((await self.call("POST", "/v1/products/import", 202, params=params))["job_id"])

    async def finish(
        self, jobs: Collection[str], timeout_s: float, finished: Callable[[], None]
    ) -> dict[str, dict[str, Any]]:
        """Wait until every job has ended; the jobs by id. `finished` is called at each end."""
        deadline = time.monotonic() + timeout_s
        ended: dict[str, dict[str, Any]] = {}
        while len(ended) < len(jobs):
            for id_ in [id_ for id_ in jobs if id_ not in ended]:
                job = await self.call("GET", f"/v1/jobs/{id_}")
                if job["status"] in TERMINAL:
                    ended[id_] = job
                    finished()
            if time.monotonic() > deadline:
                raise Fault(f"{len(jobs) - len(ended)} imports have not ended in {timeout_s:.0f} s")
            await asyncio.sleep(POLL_S)
        return ended

    async def products(self) -> dict[str, dict[str, Any]]:
        """Everything that is watched, by product id."""
        return {product["id"]: product for product in await self.pages("/v1/products")}

    async def slow_down(self, product_id: str) -> None:
        """Have a product that cannot change looked at once a day."""
        await self.call("PATCH", f"/v1/products/{product_id}", json={"check_every_s": 86_400})

    async def history(self, product_id: str, what: str) -> list[dict[str, Any]]:
        """The points of ``prices`` or ``stock``, oldest first."""
        return (await self.pages(f"/v1/products/{product_id}/{what}"))[::-1]

    async def pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All items of a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            given = {"limit": PAGE} | params | ({"cursor": cursor} if cursor else {})
            page = await self.call("GET", path, params=given)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def call(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        """One request, made again with the same key while nobody can answer it."""
        if method == "POST":
            given["headers"] = {"idempotency-key": str(uuid4())}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer = await self._client.request(method, path, **given)
                if answer.status_code not in BUSY or time.monotonic() > deadline:
                    return _expect(answer, status)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(AGAIN_S)


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, within_s: float = PATIENCE_S
) -> T:
    """Look until there is something to see. Raises Fault, naming `what`, after `within_s`."""
    deadline = time.monotonic() + within_s
    while True:
        found = await look()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise Fault(f"{what} did not come true in {within_s:.0f} s")
        await asyncio.sleep(POLL_S)


def _expect(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Fault(
            f"{asked} answered {answer.status_code} instead of {status}: {answer.text[:300]}"
        )
    return answer.json() if answer.content else None
