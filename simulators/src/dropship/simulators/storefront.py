"""What suppliers would answer if nothing went wrong; pages are kept until their truth changes."""

import asyncio
from hashlib import sha256

from dropship.simulators.pages.blocks import home_page, not_found_page
from dropship.simulators.pages.feed import csv_feed, json_feed
from dropship.simulators.pages.product import product_page
from dropship.simulators.pages.saved import SavedPages
from dropship.simulators.wire.messages import Reply
from dropship.simulators.world.product import Layout, State
from dropship.simulators.world.world import World


class Storefront:
    """Shop pages, the wholesaler's feed and saved pages, from the truth as it stands."""

    def __init__(self, world: World, saved: SavedPages | None, page_bytes: int) -> None:
        self._world = world
        self._saved = saved
        self._page_bytes = page_bytes
        self._pages: dict[str, tuple[int, Reply]] = {}
        self._feeds: dict[str, tuple[int, Reply]] = {}

    async def product(self, site: str, asin: str) -> Reply:
        """A saved page where there is one of this address, else a made one, else the 404 page."""
        page = self._saved.find(site, asin) if self._saved else None
        if page is not None and self._saved is not None:
            return Reply(200, await asyncio.to_thread(self._saved.read, page))
        product = self._world.products.get(asin)
        if product is None or product.site != site or product.layout is Layout.feed:
            return Reply(404, not_found_page(site))
        truth = self._world.truths[asin]
        if truth.state is State.gone:
            return Reply(404, not_found_page(site))
        version, reply = self._pages.get(asin, (0, None))
        if reply is None or version != truth.version:
            reply = Reply(200, product_page(product, truth, self._page_bytes))
            self._pages[asin] = (truth.version, reply)
        return reply

    def home(self, site: str) -> Reply:
        return Reply(200, home_page(site))

    def feed(self, form: str, known_etag: str | None) -> Reply:
        """The whole feed, or 304 for a client that has this very one."""
        rows = [(p, self._world.truths[p.id]) for p in self._world.products.values() if not p.site]
        version = sum(truth.version for _, truth in rows)
        kept_version, reply = self._feeds.get(form, (-1, None))
        if reply is None or kept_version != version:
            body = csv_feed(rows) if form == "csv" else json_feed(rows)
            kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
            etag = f'"{sha256(body).hexdigest()[:32]}"'
            reply = Reply(200, body, kind, (("ETag", etag), ("Cache-Control", "no-cache")))
            self._feeds[form] = (version, reply)
        if known_etag is not None and dict(reply.headers)["ETag"] in known_etag:
            return Reply(304, b"", reply.content_type, reply.headers)
        return reply
