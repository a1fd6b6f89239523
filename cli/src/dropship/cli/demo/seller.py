"""A seller who uses the HTTP API as anyone would."""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from typing import Any

import httpx

from dropship.cli.faults import Fault

POLL_S = 0.1
BUSY_S = 15.0
TERMINAL = frozenset({"SUCCESS", "FAILED", "CANCELLED"})
PAGE = 200


class Seller:
    """One signed-up seller. Raises Fault when the API answers what it should not."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.email = f"seller-{secrets.token_hex(4)}@shop.example"
        self.password = secrets.token_urlsafe(12)

    async def sign_up(self) -> None:
        """Open an account; later calls are made with its token."""
        body = {"email": self.email, "password": self.password}
        answer = await self._call("POST", "/v1/auth/signup", 201, json=body)
        self._client.headers["authorization"] = f"Bearer {answer['access_token']}"

    async def start_import(self, supplier: str, id_: str) -> str:
        """Ask for a product; the job's id.

        Right after the very first start the gateway may not have heard of the suppliers yet.
        """
        params = {"supplier": supplier, "id": id_}
        deadline = time.monotonic() + BUSY_S
        while True:
            answer = await self._client.post("/v1/products/import", params=params)
            if answer.status_code != 503 or time.monotonic() > deadline:
                break
            await asyncio.sleep(POLL_S)
        return str(_expect(answer, 202)["job_id"])

    async def finish(
        self, jobs: Collection[str], timeout_s: float, finished: Callable[[], None]
    ) -> dict[str, dict[str, Any]]:
        """Wait until every job has ended; the jobs by id. `finished` is called at each end."""
        deadline = time.monotonic() + timeout_s
        ended: dict[str, dict[str, Any]] = {}
        while len(ended) < len(jobs):
            for id_ in [id_ for id_ in jobs if id_ not in ended]:
                job = await self._call("GET", f"/v1/jobs/{id_}")
                if job["status"] in TERMINAL:
                    ended[id_] = job
                    finished()
            if time.monotonic() > deadline:
                raise Fault(f"{len(jobs) - len(ended)} imports have not ended in {timeout_s:.0f} s")
            await asyncio.sleep(POLL_S)
        return ended

    async def products(self) -> dict[str, dict[str, Any]]:
        """Everything that is watched, by product id."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        while True:
            params = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = await self._call("GET", "/v1/products", params=params)
            found |= {product["id"]: product for product in page["items"]}
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def slow_down(self, product_id: str) -> None:
        """Have a product that cannot change looked at once a day."""
        await self._call("PATCH", f"/v1/products/{product_id}", json={"check_every_s": 86_400})

    async def history(self, product_id: str, what: str) -> list[dict[str, Any]]:
        """The points of ``prices`` or ``stock``, oldest first."""
        path, params = f"/v1/products/{product_id}/{what}", {"limit": PAGE}
        points: list[dict[str, Any]] = (await self._call("GET", path, params=params))["items"]
        return points[::-1]

    async def _call(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        return _expect(await self._client.request(method, path, **given), status)


def _expect(answer: httpx.Response, status: int) -> Any:
    if answer.status_code != status:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Fault(
            f"{asked} answered {answer.status_code} instead of {status}: {answer.text[:300]}"
        )
    return answer.json()
