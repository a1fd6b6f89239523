"""The simulated suppliers as the demo turns them: what is true there, and how time passes."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Offered:
    """A product as its supplier shows it now. `price` is None where there is nothing to buy."""

    supplier: str
    id: str
    title: str
    price: dict[str, str] | None
    availability: str

    @property
    def sells(self) -> bool:
        """Whether a new one can be bought, and there are plenty."""
        return self.price is not None and self.availability == "in_stock"

    @property
    def key(self) -> tuple[str, str]:
        return self.supplier, self.id


@dataclass(frozen=True)
class SavedPage:
    """A saved page that the simulator serves as a product of `supplier`."""

    file: str
    kind: str
    supplier: str
    id: str


class World:
    """The control side of the simulator."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def stop_time(self) -> None:
        """Let nothing change by itself, so that what is seen can be compared with what is true."""
        await self._post("/_sim/clock", {"pause": True})

    async def let_time_run(self) -> None:
        """Let the world move by itself again."""
        await self._post("/_sim/clock", {"pause": False})

    async def advance(self, seconds: int) -> None:
        """Let time pass there, all at once."""
        await self._post("/_sim/clock", {"advance_s": seconds})

    async def set_price(self, offered: Offered, amount: str) -> None:
        """Set the price of one product."""
        await self._post(f"/_sim/products/{offered.id}", {"price": amount})

    async def set_stock(self, offered: Offered, quantity: int) -> None:
        """Set how many there are of one product."""
        await self._post(f"/_sim/products/{offered.id}", {"quantity": quantity})

    async def set_offer(self, offered: Offered, amount: str, quantity: int) -> None:
        """Set price and stock of one product at the same moment."""
        await self._post(f"/_sim/products/{offered.id}", {"price": amount, "quantity": quantity})

    async def block(self, source: str) -> None:
        """From now on a shop shows everybody a captcha."""
        await self._post("/_sim/faults", {"mode": "captcha", "source": source})

    async def unblock(self) -> None:
        """Take all the captchas away."""
        (await self._client.delete("/_sim/faults")).raise_for_status()

    async def offered(self) -> list[Offered]:
        """Everything that moves, as the suppliers show it now."""
        return [
            Offered(
                found["supplier"],
                found["id"],
                found["title"],
                found["shown"]["price"],
                found["availability"],
            )
            for found in await self._get("/_sim/products")
            if "shown" in found
        ]

    async def saved_pages(self) -> dict[str, SavedPage]:
        """The saved pages that it serves, by file name."""
        return {
            found["page"]: SavedPage(
                found["page"], found["page_kind"], found["supplier"], found["id"]
            )
            for found in await self._get("/_sim/pages")
        }

    async def _get(self, path: str) -> Any:
        answer = await self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        (await self._client.post(path, json=body)).raise_for_status()
