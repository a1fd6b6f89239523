"""What the demo does, step by step, and what came of it."""

import time
from pathlib import Path

from dropship.cli.demo.chapters import RULES, Chapters
from dropship.cli.demo.importing import Importing, Track
from dropship.cli.demo.seller import Seller
from dropship.cli.demo.selling import Selling
from dropship.cli.demo.shop import Shop
from dropship.cli.demo.summary import Summary, example_of
from dropship.cli.demo.world import World
from dropship.cli.faults import Fault


class Story:
    """Sign up, connect a store, import, list; then the suppliers move, and the shop follows."""

    def __init__(self, seller: Seller, world: World, shop: Shop, track: Track) -> None:
        self._seller, self._world, self._shop, self._track = seller, world, shop, track
        self.summary = Summary()

    async def tell(self, pages: Path | None) -> Summary:
        """All of it. Raises Fault where the product does not do what it promises."""
        began = time.monotonic()
        summary, seller, world = self.summary, self._seller, self._world
        selling = Selling(seller)
        await seller.sign_up()
        await world.stop_time()
        await self._shop.build()
        store = await selling.connect(self._shop)
        policy = await selling.define("20 % margin", RULES)
        summary.tell("connected", mode=store["mode"], policy_version=policy["version"])

        importing = Importing(seller, world, self._track, summary)
        products = await importing.products()
        if pages is not None:
            await importing.pages(pages)
        chapters = Chapters(selling, world, self._shop, products, summary)
        titles = (
            ("listing them, as a dry run", chapters.rehearse),
            ("the store goes live", chapters.go_live),
            ("a cost rises", chapters.cost_rises),
            ("an item sells out", chapters.sells_out),
            ("it returns, dearer", chapters.returns),
            ("a cost makes every price lose", chapters.every_price_loses),
            ("a supplier shows captchas only", chapters.captcha_storm),
            ("buyers order", chapters.orders),
            ("a day passes", chapters.a_day_passes),
            ("why?", chapters.asks_why),
        )
        moved = self._track("the shop follows its suppliers", len(titles))
        for title, chapter in titles:
            started = time.monotonic()
            try:
                await chapter()
            except Fault as fault:
                raise Fault(f"{title}: {fault.message}") from fault
            summary.timings[f"{chapter.__name__}_s"] = round(time.monotonic() - started, 2)
            moved()
        await self._read_histories(list(products))
        summary.timings["story_s"] = round(time.monotonic() - began, 2)
        return summary

    async def _read_histories(self, products: list[str]) -> None:
        histories = {id_: await self._seller.history(id_, "prices") for id_ in products}
        known = await self._seller.products()
        for id_, history in histories.items():
            self.summary.price_changes += len(history) - 1
            self.summary.stock_changes += len(await self._seller.history(id_, "stock")) - 1
        most = max(histories, key=lambda id_: len(histories[id_]))
        if len(histories[most]) < 2:
            raise Fault("the suppliers' prices moved, but no history shows it")
        self.summary.example = example_of(known[most], histories[most])
