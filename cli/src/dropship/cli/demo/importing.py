"""The demo's imports: products from two suppliers, and saved pages where there are any."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from dropship.cli.demo.seller import Seller
from dropship.cli.demo.summary import Pages, Summary
from dropship.cli.demo.world import Offered, SavedPage, World
from dropship.cli.faults import Fault

FROM_SHOP, FROM_FEED = 6, 6
SHOP_SOURCE, FEED = "amazon-com", "feed"
CURRENCY = "USD"
IMPORT_S = 120.0
PAGE_SUFFIXES = (".html", ".html.gz")
Track = Callable[[str, int], Callable[[], None]]
"""Opens a progress bar: its title and its total; the answer moves it by one."""


class Importing:
    """What one seller imports."""

    def __init__(self, seller: Seller, world: World, track: Track, summary: Summary) -> None:
        self._seller, self._world, self._track = seller, world, track
        self._summary = summary

    async def products(self) -> dict[str, Offered]:
        """Import some of each supplier; the products by id. Every one must come in."""
        began = time.monotonic()
        chosen = _chosen(await self._world.offered())
        moved = self._track("importing from two suppliers", len(chosen))
        jobs = {await self._seller.start_import(o.supplier, o.id): o for o in chosen}
        products: dict[str, Offered] = {}
        for id_, job in (await self._seller.finish(jobs, IMPORT_S, moved)).items():
            if job["status"] != "SUCCESS":
                wanted = jobs[id_]
                raise Fault(f"{wanted.supplier} {wanted.id} was not imported: {job['error']}")
            products[job["result"]["product_id"]] = jobs[id_]
        self._summary.imports(products.values())
        self._summary.timings["imports_s"] = round(time.monotonic() - began, 2)
        return products

    async def pages(self, folder: Path) -> None:
        """Import every saved product page that a plugin can read; say why of each other one."""
        began = time.monotonic()
        served = await self._world.saved_pages()
        names = await asyncio.to_thread(_page_names, folder)
        told = self._summary.pages = Pages(found=len(names))
        wanted = [served[name] for name in names if name in served]
        told.skipped = {name: _why_unserved(name) for name in names if name not in served}
        told.skipped |= {p.file: f"not a product page: {p.kind}" for p in wanted if _unfit(p)}
        await self._import_served([page for page in wanted if not _unfit(page)], told)
        self._summary.timings["pages_s"] = round(time.monotonic() - began, 2)

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


def _chosen(offered: list[Offered]) -> list[Offered]:
    """Some from the shop and some from the feed, all for sale in the store's own currency."""
    fit = [o for o in offered if o.sells and o.price and o.price["currency"] == CURRENCY]
    shop = [o for o in fit if o.supplier == SHOP_SOURCE][:FROM_SHOP]
    return shop + [o for o in fit if o.supplier == FEED][:FROM_FEED]


def _page_names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.endswith(PAGE_SUFFIXES))


def _unfit(page: SavedPage) -> bool:
    return page.kind != "product"


def _why_unserved(name: str) -> str:
    return f"no plugin reads pages of {name.partition('-')[0]} yet"
