"""What the demo does, step by step, and what came of it."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from dropship.cli.demo.seller import Seller
from dropship.cli.demo.summary import Pages, Summary, example_of
from dropship.cli.demo.world import Offered, SavedPage, World
from dropship.cli.faults import Fault

FROM_SHOP, FROM_FEED = 6, 4
FEED = "feed"
ROUNDS = 3
ROUND_S = 6 * 3600
RISE, CENT = Decimal("0.05"), Decimal("0.01")
CHECK_EVERY_S = 3
IMPORT_S = 60.0
SEEN_S = 30.0
PAGE_SUFFIXES = (".html", ".html.gz")
Track = Callable[[str, int], Callable[[], None]]
"""Opens a progress bar: its title and its total; the answer moves it by one."""


class Story:
    """Sign up, import from two suppliers, let the world move, read the histories."""

    def __init__(self, seller: Seller, world: World, track: Track) -> None:
        self._seller, self._world, self._track = seller, world, track
        self.summary = Summary()

    async def tell(self, pages: Path | None) -> Summary:
        """All of it. Raises Fault where the product does not do what it promises."""
        began = time.monotonic()
        await self._seller.sign_up()
        await self._world.stop_time()
        products = await self._import_offered(_chosen(await self._world.offered()))
        if pages is not None:
            self.summary.pages = await self._import_pages(pages)
        await self._let_the_world_move(products)
        await self._read_histories(products)
        self.summary.timings["story_s"] = round(time.monotonic() - began, 2)
        return self.summary

    async def _import_offered(self, chosen: list[Offered]) -> dict[str, Offered]:
        """Import them all; the products by id. Every one must come in."""
        began = time.monotonic()
        moved = self._track("importing from two suppliers", len(chosen))
        jobs = {await self._seller.start_import(o.supplier, o.id): o for o in chosen}
        products: dict[str, Offered] = {}
        for id_, job in (await self._seller.finish(jobs, IMPORT_S, moved)).items():
            if job["status"] != "SUCCESS":
                wanted = jobs[id_]
                raise Fault(f"{wanted.supplier} {wanted.id} was not imported: {job['error']}")
            products[job["result"]["product_id"]] = jobs[id_]
        self.summary.imports(products.values())
        self.summary.timings["imports_s"] = round(time.monotonic() - began, 2)
        return products

    async def _import_pages(self, folder: Path) -> Pages:
        """Import every saved product page that a plugin can read; say why of each other one."""
        began = time.monotonic()
        served = await self._world.saved_pages()
        names = await asyncio.to_thread(_page_names, folder)
        told = Pages(found=len(names))
        wanted = [served[name] for name in names if name in served]
        told.skipped = {name: _why_unserved(name) for name in names if name not in served}
        told.skipped |= {p.file: f"not a product page: {p.kind}" for p in wanted if _unfit(p)}
        await self._import_served([page for page in wanted if not _unfit(page)], told)
        self.summary.timings["pages_s"] = round(time.monotonic() - began, 2)
        return told

    async def _import_served(self, wanted: list[SavedPage], told: Pages) -> None:
        moved = self._track("importing saved pages", len(wanted))
        jobs: dict[str, SavedPage] = {}
        for page in wanted:
            try:
                jobs[await self._seller.start_import(page.supplier, page.id)] = page
            except Fault as refused:
                told.failed[page.file] = refused.message
        for id_, job in (await self._seller.finish(jobs, IMPORT_S, moved)).items():
            if job["status"] == "SUCCESS":
                told.imported[jobs[id_].file] = job["result"]["product_id"]
                await self._seller.slow_down(job["result"]["product_id"])
            else:
                told.failed[jobs[id_].file] = str(job["error"])

    async def _let_the_world_move(self, products: dict[str, Offered]) -> None:
        began = time.monotonic()
        moved = self._track("the suppliers' prices move", ROUNDS * len(products))
        raised = next(iter(products.values()))
        for number in range(1, ROUNDS + 1):
            await self._world.advance(ROUND_S)
            if raised.price is not None:
                factor = 1 + number * RISE
                amount = (Decimal(raised.price["amount"]) * factor).quantize(CENT)
                await self._world.set_price(raised, str(amount))
            await self._until_seen(products, moved)
            self.summary.checks += len(products)
        self.summary.timings["checks_s"] = round(time.monotonic() - began, 2)

    async def _until_seen(self, products: dict[str, Offered], moved: Callable[[], None]) -> None:
        """Wait until every product is known as its supplier shows it now."""
        true = {offered.key: offered.price for offered in await self._world.offered()}
        behind = set(products)
        deadline = time.monotonic() + SEEN_S
        while behind:
            known = await self._seller.products()
            for id_ in [id_ for id_ in behind if known[id_]["price"] == true[products[id_].key]]:
                behind.discard(id_)
                moved()
            if behind and time.monotonic() > deadline:
                id_ = next(iter(behind))
                raise Fault(
                    f"{len(behind)} products are not up to date after {SEEN_S:.0f} s: "
                    f"{products[id_].key} costs {true[products[id_].key]}, known is {known[id_]}"
                )
            await asyncio.sleep(0.1)

    async def _read_histories(self, products: dict[str, Offered]) -> None:
        histories: dict[str, list[dict[str, Any]]] = {}
        for id_ in products:
            histories[id_] = await self._seller.history(id_, "prices")
            stock = await self._seller.history(id_, "stock")
            self.summary.price_changes += len(histories[id_]) - 1
            self.summary.stock_changes += len(stock) - 1
        most = max(histories, key=lambda id_: len(histories[id_]))
        if len(histories[most]) < 2:
            raise Fault("the suppliers' prices moved, but no history shows it")
        self.summary.example = example_of(most, products[most], histories[most])


def _chosen(offered: list[Offered]) -> list[Offered]:
    """A few from the shop and a few from the feed, all of them for sale."""
    for_sale = [o for o in offered if o.price is not None]
    shop = [o for o in for_sale if o.supplier != FEED][:FROM_SHOP]
    return shop + [o for o in for_sale if o.supplier == FEED][:FROM_FEED]


def _page_names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.endswith(PAGE_SUFFIXES))


def _unfit(page: SavedPage) -> bool:
    return page.kind != "product"


def _why_unserved(name: str) -> str:
    return f"no plugin reads pages of {name.partition('-')[0]} yet"
