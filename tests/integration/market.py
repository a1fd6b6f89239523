"""One seller's store in the simulated shop: connected, live, and judged by the shop's own books."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from dropship.runtime.testing import eventually
from integration.shop import Shop
from integration.supplier import Supplier

RULES: dict[str, Any] = {
    "price": {"basis": "margin_on_price", "value": "0.20"},
    "stock": {"cap": 5, "assumed_quantity": 3},
    "pause": {"resume_after_s": 0, "third_party_ok": True},
}
CLIENT_ID, CLIENT_SECRET = "the-client", "shpss_the-secret-of-the-client"
Write = dict[str, Any]


class Market:
    """A store named `account`, and what one seller lists in it."""

    def __init__(self, shop: Shop, supplier: Supplier, account: str) -> None:
        self.shop, self.supplier, self.account = shop, supplier, account
        self.store_id = ""
        self._http = httpx.AsyncClient(base_url=supplier.url, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def built(self, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET) -> None:
        """The shop exists on the other side, and knows these credentials."""
        secrets = {"client_id": client_id, "client_secret": client_secret}
        await self.orders_of_judge("shops", {"shop": self.account, "currency": "USD", **secrets})

    async def orders_of_judge(self, path: str, body: dict[str, Any]) -> Any:
        """One order to the simulated marketplace, below ``/_sim/shopify/``."""
        answer = await self._http.post(f"/_sim/shopify/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def asks(self, method: str, path: str, status: int, **given: Any) -> Any:
        """A request of the seller that must be answered like this."""
        answer = await self.shop.asks(method, path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    async def connected(
        self, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET
    ) -> None:
        """The store is connected; still a dry run."""
        body = {
            "marketplace": "shopify",
            "account": self.account,
            "name": self.account,
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self.store_id = (await self.asks("POST", "/v1/stores", 202, json=body))["id"]

        async def accepted() -> bool:
            store = await self.shop.shows(f"/v1/stores/{self.store_id}")
            return bool(store["status"] == "connected")

        await eventually(accepted, within_s=30, what="an accepted store")

    async def opened(self, rules: dict[str, Any] | None = None) -> None:
        """Built, connected, live, and with a policy."""
        await self.built()
        await self.connected()
        await self.asks("PATCH", f"/v1/stores/{self.store_id}", 200, json={"mode": "live"})
        body = {"name": "all", "rules": rules or RULES}
        await self.asks("POST", "/v1/policies", 201, json=body)

    async def lists(self, product_id: str, **wishes: Any) -> str:
        """Offer a product; the listing's id."""
        body = {"store_id": self.store_id, "product_id": product_id, **wishes}

        async def accepted() -> str:
            answer = await self.shop.asks("POST", "/v1/listings", json=body)
            assert answer.status_code in {201, 503}, answer.text
            return str(answer.json()["id"]) if answer.status_code == 201 else ""

        return await eventually(accepted, within_s=15, what="an accepted listing")

    async def listing(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.shop.shows(f"/v1/listings/{id_}")
        return found

    async def listing_until(
        self, id_: str, fits: Callable[[dict[str, Any]], bool], what: str, within_s: float = 30
    ) -> dict[str, Any]:
        """The listing as soon as it fits."""
        seen: dict[str, Any] = {}

        async def look() -> bool:
            seen.update(await self.listing(id_))
            return fits(seen)

        try:
            await eventually(look, within_s=within_s, what=f"listing {id_}: {what}")
        except AssertionError as late:
            late.add_note(f"the listing: {seen}")
            raise
        return seen

    async def is_active(self, id_: str, within_s: float = 30) -> dict[str, Any]:
        return await self.listing_until(
            id_, lambda x: x["status"] == "Active" and x["sync"] == "in_sync", "on sale", within_s
        )

    async def ledger(self) -> dict[str, Any]:
        answer = await self._http.get(f"/_sim/shopify/{self.account}/ledger")
        assert answer.is_success, answer.text
        ledger: dict[str, Any] = answer.json()
        return ledger

    async def writes(self, id_: str, after: int = 0) -> list[Write]:
        """What was written about a listing after write number `after`."""
        found = (await self.ledger())["writes"]
        return [write for write in found if write["listing"] == id_ and write["n"] > after]

    async def settings(self) -> dict[str, Any]:
        """What the other side holds about itself: its keys and its tokens too."""
        answer = await self._http.get(f"/_sim/shopify/{self.account}/settings")
        assert answer.is_success, answer.text
        settings: dict[str, Any] = answer.json()
        return settings

    async def last_write(self) -> int:
        return max((write["n"] for write in (await self.ledger())["writes"]), default=0)

    async def quantity(self, id_: str) -> int:
        """How many the shop itself offers."""
        for product in (await self.ledger())["products"]:
            if product["listing"] == id_:
                return int(product["variants"][0]["quantity"])
        return 0


def prices(writes: list[Write]) -> list[Decimal]:
    """What it cost after each write."""
    return [Decimal(str(write["price"])) for write in writes]


def prices_on_sale(writes: list[Write]) -> set[Decimal]:
    """What it cost after those writes that left something up for sale."""
    return {Decimal(str(write["price"])) for write in writes if write["quantity"]}
