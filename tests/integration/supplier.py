"""The simulated suppliers, from their own side: the truth, the trouble and the ledger."""

from typing import Any

import httpx

FEED = "feed"


class Supplier:
    """The judge's end of the simulators."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.AsyncClient(base_url=url, timeout=15, trust_env=False)
        self._taken: set[str] = set()

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = await self._http.request(method, f"/_sim/{path}", **request)
        answer.raise_for_status()
        return answer.json()

    async def stand_still(self) -> None:
        """From now on only we move prices."""
        await self._ask("POST", "clock", json={"pause": True})

    async def take(self, supplier: str, count: int = 1) -> list[dict[str, Any]]:
        """Products that nobody else in this run has taken, made plainly for sale."""
        found = [
            str(product["id"])
            for product in await self._ask("GET", "products", params={"supplier": supplier})
            if product["id"] not in self._taken
        ][:count]
        assert len(found) == count, f"{supplier} has no {count} products left"
        self._taken |= set(found)
        return [await self.sets(id_, price="20.00", quantity=40) for id_ in found]

    async def take_one(self, supplier: str) -> str:
        (product,) = await self.take(supplier)
        return str(product["id"])

    async def sets(self, id_: str, **truth: Any) -> dict[str, Any]:
        """The world moves."""
        product: dict[str, Any] = await self._ask("POST", f"products/{id_}", json=truth)
        return product

    async def shown(self, id_: str) -> dict[str, Any]:
        """The truth about a product as a careful reader can know it."""
        product: dict[str, Any] = await self._ask("GET", f"products/{id_}")
        return product

    async def misbehaves(self, mode: str, **where_and_how: Any) -> None:
        """Order trouble."""
        await self._ask("POST", "faults", json={"mode": mode, **where_and_how})

    async def behaves(self) -> None:
        """Clear all trouble."""
        await self._ask("DELETE", "faults")

    async def visits(self, id_: str) -> list[dict[str, Any]]:
        """Requests for one product's page, oldest first."""
        ledger = await self._ask("GET", "ledger", params={"limit": 20_000})
        return [entry for entry in ledger["entries"] if entry["id"] == id_]
