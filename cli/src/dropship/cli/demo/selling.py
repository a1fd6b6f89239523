"""The seller's side of the shop: a store, a policy, listings, alerts and figures, over HTTP."""

from typing import Any

from dropship.cli.demo.seller import Seller, until
from dropship.cli.demo.shop import SHOP, Shop

Listing = dict[str, Any]


class Selling:
    """What one seller sells in one store."""

    def __init__(self, seller: Seller) -> None:
        self._seller = seller
        self.store_id = ""

    async def connect(self, shop: Shop) -> dict[str, Any]:
        """Connect the simulated shop and wait until it has accepted us."""
        body = {
            "marketplace": "shopify",
            "account": SHOP,
            "name": "The demo's shop",
            "client_id": shop.client_id,
            "client_secret": shop.client_secret,
        }
        store = await self._seller.call("POST", "/v1/stores", 202, json=body)
        self.store_id = store["id"]

        async def connected() -> dict[str, Any] | None:
            found: dict[str, Any] = await self._seller.call("GET", f"/v1/stores/{self.store_id}")
            return found if found["status"] == "connected" else None

        return await until(connected, "the connection of the store")

    async def go_live(self) -> None:
        """From now on decisions are carried out."""
        await self._seller.call("PATCH", f"/v1/stores/{self.store_id}", json={"mode": "live"})

    async def define(self, name: str, rules: dict[str, Any]) -> dict[str, Any]:
        """A policy for everything this seller sells."""
        body = {"name": name, "rules": rules}
        policy: dict[str, Any] = await self._seller.call("POST", "/v1/policies", 201, json=body)
        return policy

    async def offer(self, product_id: str, **wishes: Any) -> Listing:
        """Offer a product for sale."""
        body = {"store_id": self.store_id, "product_id": product_id, **wishes}
        listing: Listing = await self._seller.call("POST", "/v1/listings", 201, json=body)
        return listing

    async def listings(self) -> dict[str, Listing]:
        """All listings by id."""
        return {listing["id"]: listing for listing in await self._seller.pages("/v1/listings")}

    async def listing(self, id_: str) -> Listing:
        found: Listing = await self._seller.call("GET", f"/v1/listings/{id_}")
        return found

    async def open_alerts(self, kind: str) -> list[dict[str, Any]]:
        """Alerts of one kind that still stand."""
        alerts = await self._seller.pages("/v1/alerts", open="true")
        return [alert for alert in alerts if alert["kind"] == kind]

    async def figures(self) -> dict[str, Any] | None:
        """The dashboard's sums in dollars, if anything was sold."""
        report = await self._seller.call("GET", "/v1/analytics/dashboard")
        found: list[dict[str, Any]] = [f for f in report["figures"] if f["currency"] == "USD"]
        return found[0] if found else None

    async def why(self, listing_id: str) -> dict[str, Any]:
        """Why a listing is as it is."""
        found: dict[str, Any] = await self._seller.call("GET", f"/v1/listings/{listing_id}/why")
        return found
