"""Shopify, by the life of a listing in the simulator's shop: a process of its own, over HTTP."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from dropship.runtime.egress import Egress
from dropship.runtime.testing.waiting import eventually
from dropship.syncer.adapters import shopify
from dropship.syncer.adapters.life import MarketplaceLife
from dropship.syncer.adapters.port import Credentials
from dropship.syncer.adapters.world import Trouble

SPECS = Path(__file__).parents[5] / "shared" / "specs"
FAULTS: dict[Trouble, dict[str, Any]] = {
    "answer_lost": {"mode": "drop_after_commit", "count": 1},
    "request_lost": {"mode": "drop_before", "count": 1},
    "error_after_effect": {"mode": "500_after_commit", "count": 1},
    "error": {"mode": "500", "count": 1},
    "throttled": {"mode": "throttled", "count": 1},
    "busy": {"mode": "429", "count": 1, "retry_after_s": 1},
    "token_revoked": {"mode": "revoke_token", "count": 1},
}
CLOSED: dict[Trouble, str] = {"scope_missing": "write_products", "orders_closed": "read_orders"}


class TestShopifyLife(MarketplaceLife):
    plugin = staticmethod(shopify.plugin)


class SimulatedShop:
    """One shop of the simulator, and the levers its judge gives to a test."""

    endless = ({"policy": "CONTINUE"}, {"tracked": False}, {"policy": "CONTINUE", "tracked": False})

    def __init__(self, egress: Egress, url: str, shop: dict[str, Any]) -> None:
        self._egress, self._url = egress, f"{url}/_sim/shopify/{shop['shop']}"
        self.base_url = f"{url}/shopify/{{shop}}"
        self.account = str(shop["shop"])
        self.credentials = Credentials(shop["client_id"], shop["client_secret"])
        self._scopes: list[str] = shop["scopes"]

    async def next(self, trouble: Trouble) -> None:
        if trouble == "uninstalled":
            await self._ask("POST", "/settings", {"installed": False})
        elif trouble in CLOSED:
            scopes = [scope for scope in self._scopes if scope != CLOSED[trouble]]
            await self._ask("POST", "/settings", {"scopes": scopes})
        else:
            await self._ask("POST", "/faults", FAULTS[trouble])

    async def buy(self, key: str, quantity: int, **extras: str) -> str:
        order = await self._ask("POST", "/orders", {"listing": key, "quantity": quantity, **extras})
        return str(order["id"]).rpartition("/")[2]

    async def sells(self, key: str) -> bool:
        wish = msgspec.json.encode({"listing": key})
        return (await self._egress.request("POST", self._url + "/orders", body=wish)).status == 201

    async def refund(self, order: str, amount: str | None = None) -> None:
        await self._ask("POST", f"/orders/{order}/refund", {"amount": amount})

    async def cancel(self, order: str) -> None:
        await self._ask("POST", f"/orders/{order}/cancel", {})

    async def meddle(self, key: str, **changes: Any) -> None:
        await self._ask("POST", f"/products/{key}", changes)

    async def hide_key(self, key: str) -> bool:
        await self.meddle(key, nameless=True)
        return True

    async def another_app(self) -> Credentials:
        new = {"client_id": uuid4().hex, "client_secret": uuid4().hex}
        await self._ask("POST", "/settings", new)
        return Credentials(**new)

    async def add_location(self) -> bool:
        await self._ask("POST", "/settings", {"add_location": "Annex"})
        return True

    async def change_currency(self, currency: str) -> bool:
        await self._ask("POST", "/settings", {"currency": currency})
        return True

    async def listings(self, key: str) -> int:
        products = await self._ask("GET", "/products")
        return sum(product["listing"] == key for product in products)

    async def complaints(self) -> Any:
        """What the simulator has against its client, and against itself."""
        ledger = await self._ask("GET", "/ledger")
        names = ("not_simulated", "self_violations", "calls_after_revocation", "violations")
        return {name: ledger[name] for name in names if ledger[name]}

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return await ask(self._egress, method, self._url + path, body)


async def ask(egress: Egress, method: str, url: str, body: Any = None) -> Any:
    sent = b"" if body is None else msgspec.json.encode(body)
    answer = await egress.request(method, url, body=sent)
    assert answer.status in {200, 201}, answer.body
    return msgspec.json.decode(answer.body)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def simulators(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The simulators' process, held to Shopify's own schema where that is at hand."""
    pytest.importorskip("dropship.simulators.shopify.front", reason="no Shopify is simulated here")
    port_file = tmp_path_factory.mktemp("simulators") / "port"
    command = ["-m", "dropship.simulators", "--port", "0", "--port-file", str(port_file)]
    command += ["--specs", str(SPECS)] if SPECS.is_dir() else []
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        await eventually(port_file.exists, within_s=20, what="the simulators")
        yield f"http://127.0.0.1:{port_file.read_text().strip()}"
    finally:
        process.terminate()
        await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def world(simulators: str) -> AsyncIterator[SimulatedShop]:
    egress = Egress(development=True)
    name = {"shop": f"shop-{uuid4().hex[:12]}"}
    opened = await ask(egress, "POST", f"{simulators}/_sim/shopify/shops", name)
    shop = SimulatedShop(egress, simulators, opened)
    yield shop
    assert await shop.complaints() == {}
    await egress.aclose()
