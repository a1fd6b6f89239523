"""The simulated shop as the demo turns it, and as the judge sees it."""

import asyncio
import secrets
import time
from typing import Any

import httpx

from dropship.cli.faults import Fault

SHOP = "demo"
PATIENCE_S = 30.0
AGAIN_S = 0.2


class Shop:
    """The control side of the one simulated shop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.client_id = f"id-{secrets.token_hex(8)}"
        self.client_secret = f"shpss_{secrets.token_hex(16)}"

    async def build(self) -> None:
        """Open the shop; it knows these credentials and no others."""
        body = {
            "shop": SHOP,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "currency": "USD",
        }
        await self._ask("POST", "/_sim/shopify/shops", json=body)

    async def ledger(self) -> dict[str, Any]:
        """Everything that ever happened there."""
        found: dict[str, Any] = await self._ask("GET", f"/_sim/shopify/{SHOP}/ledger")
        return found

    async def shown(self) -> dict[str, dict[str, Any]]:
        """Its products as they stand, by our listing id, with their one variant's figures."""
        products = (await self.ledger())["products"]
        return {
            product["listing"]: {**product, **product["variants"][0]}
            for product in products
            if product["listing"] is not None
        }

    async def writes(self, listing_id: str | None = None) -> list[dict[str, Any]]:
        """What was written there, oldest first; of one listing if one is named."""
        writes: list[dict[str, Any]] = (await self.ledger())["writes"]
        return [w for w in writes if listing_id in {None, w["listing"]}]

    async def buy(self, listing_id: str, quantity: int) -> dict[str, Any]:
        """A buyer orders so many."""
        body = {"listing": listing_id, "quantity": quantity}
        order: dict[str, Any] = await self._ask("POST", f"/_sim/shopify/{SHOP}/orders", json=body)
        return order

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = await self._client.request(method, path, **given)
            if answer.is_success:
                return answer.json()
            if answer.status_code != 409 or time.monotonic() > deadline:
                raise Fault(f"{method} {path} of the simulated shop: {answer.text[:300]}")
            await asyncio.sleep(AGAIN_S)
