"""A seller with a browser: everything through the public HTTP interface."""

import secrets
from collections.abc import Callable
from typing import Any

import httpx

from dropship.runtime.testing import eventually

ENDED = frozenset({"SUCCESS", "FAILED", "CANCELLED"})
Answers = list[httpx.Response]


class Shop:
    """One tenant, signed up and signed in. `heard` keeps every answer it ever got."""

    def __init__(self, url: str, *, password: str = "") -> None:
        self.email = f"{secrets.token_hex(6)}@shop.example"
        self.password = password or secrets.token_urlsafe(16)
        self.tokens: dict[str, Any] = {}
        self.tenant = ""
        self.heard: Answers = []
        self._http = httpx.AsyncClient(base_url=url, timeout=15, trust_env=False)

    @classmethod
    async def opened(cls, url: str, *, password: str = "") -> "Shop":
        """Sign up."""
        shop = cls(url, password=password)
        answer = await shop.asks(
            "POST", "/v1/auth/signup", json={"email": shop.email, "password": shop.password}
        )
        assert answer.status_code == 201, answer.text
        await shop.sign_in_with(answer.json())
        return shop

    async def sign_in_with(self, tokens: dict[str, Any]) -> None:
        self.tokens = tokens
        self._http.headers["authorization"] = f"Bearer {tokens['access_token']}"
        self.tenant = (await self.shows("/v1/me"))["tenant"]["id"]

    async def close(self) -> None:
        await self._http.aclose()

    async def asks(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request, whatever comes back."""
        answer = await self._http.request(method, path, **request)
        self.heard.append(answer)
        return answer

    async def shows(self, path: str) -> Any:
        """What there is to see at a path."""
        answer = await self.asks("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def imports(self, supplier: str, id_: str) -> str:
        """Ask for a product; the id of the job."""
        answer = await self.asks(
            "POST", "/v1/products/import", params={"supplier": supplier, "id": id_}
        )
        assert answer.status_code == 202, answer.text
        assert answer.json()["status"] == "queued"
        return str(answer.json()["job_id"])

    async def insists(self, supplier: str, id_: str, *, key: str) -> str:
        """Ask for a product until the gateway has acknowledged it, whatever happens to it."""

        async def acknowledged() -> str:
            try:
                answer = await self.asks(
                    "POST",
                    "/v1/products/import",
                    params={"supplier": supplier, "id": id_},
                    headers={"idempotency-key": key},
                )
            except httpx.TransportError:
                return ""
            assert answer.status_code in {202, 500, 503}, answer.text
            return str(answer.json()["job_id"]) if answer.status_code == 202 else ""

        return await eventually(acknowledged, within_s=40, what=f"the acknowledgement of {id_}")

    async def connects(self, name: str, url: str) -> None:
        """Register a feed of its own."""
        feed = {"name": name, "url": url}
        answer = await self.asks("POST", "/v1/feeds", json=feed)
        assert answer.status_code == 201, answer.text

    async def job(self, id_: str) -> dict[str, Any]:
        job: dict[str, Any] = await self.shows(f"/v1/jobs/{id_}")
        return job

    async def job_until(
        self, id_: str, wanted: Callable[[dict[str, Any]], bool], what: str, within_s: float = 30
    ) -> dict[str, Any]:
        """The job as soon as it is as wanted."""
        seen: dict[str, Any] = {}

        async def look() -> bool:
            try:
                seen.update(await self.job(id_))
            except httpx.TransportError:
                return False
            return wanted(seen)

        try:
            await eventually(look, within_s=within_s, what=f"job {id_}: {what}")
        except AssertionError as late:
            late.add_note(f"the job: {seen}")
            raise
        return seen

    async def ended(self, id_: str, within_s: float = 30) -> dict[str, Any]:
        """The job when it has come to an end."""
        return await self.job_until(id_, lambda job: job["status"] in ENDED, "its end", within_s)

    async def has_imported(self, supplier: str, id_: str) -> str:
        """Import a product to the good end; its id."""
        job = await self.ended(await self.imports(supplier, id_))
        assert job["status"] == "SUCCESS", job
        return str(job["result"]["product_id"])

    async def product(self, id_: str) -> dict[str, Any]:
        product: dict[str, Any] = await self.shows(f"/v1/products/{id_}")
        return product

    async def prices(self, id_: str) -> list[str | None]:
        """The price's history, oldest first, as amounts; None where there was no offer."""
        items = (await self.shows(f"/v1/products/{id_}/prices?limit=200"))["items"]
        return [item["price"] and item["price"]["amount"] for item in reversed(items)]

    async def stock(self, id_: str) -> list[tuple[str, int | None]]:
        """The stock's history, oldest first."""
        items = (await self.shows(f"/v1/products/{id_}/stock?limit=200"))["items"]
        return [(item["availability"], item["quantity"]) for item in reversed(items)]
