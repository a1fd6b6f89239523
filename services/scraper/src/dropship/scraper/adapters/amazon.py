"""Amazon's product pages, as anyone sees them, on ten national sites."""

from dropship.contracts.offers import FailureReason
from dropship.scraper.adapters.port import Supplier, Terms, Tools, Unreached
from dropship.scraper.domain.amazon.reader import asin_in, read
from dropship.scraper.domain.amazon.sites import SITES, SUPPORTED, site_of_source, site_of_url
from dropship.scraper.domain.reading import Look, NoReading, Page, Reading

PARSER = "amazon/1"
LOOKS_PER_MINUTE = 30
LOOKS_PER_MINUTE_SIMULATED = 60_000


class Amazon:
    """Amazon, one source per site. An ASIN means another offer on each of them."""

    def __init__(self, tools: Tools) -> None:
        self._browser = tools.browser
        self._base_url = tools.base_url or "https://www.amazon.{site}"
        usual = LOOKS_PER_MINUTE_SIMULATED if tools.base_url else LOOKS_PER_MINUTE
        self.terms = Terms(
            name="amazon",
            parser=PARSER,
            sources=tuple(SITES[domain].source for domain in SUPPORTED),
            default_source=SITES["com"].source,
            per_tenant=False,
            id_pattern=r"^[A-Z0-9]{10}$",
            id_example="B0CHX3QBCH",
            looks_per_minute=tools.looks_per_minute or usual,
        )

    def recognise(self, url: str) -> Look | None:
        site, asin = site_of_url(url), asin_in(url)
        if site is None or asin is None:
            return None
        return Look(source=site.source, external_id=asin)

    async def fetch(self, look: Look) -> Page:
        site = site_of_source(look.source)
        if site is None:
            raise Unreached(FailureReason.supplier_unknown, "no such Amazon site")
        base = self._base_url.replace("{site}", site.domain).rstrip("/")
        return await self._browser.get(f"{base}/dp/{look.external_id}")

    def read(self, page: Page, look: Look) -> Reading | NoReading:
        return read(page, look)


def plugin(tools: Tools) -> Supplier:
    """The entry point."""
    return Amazon(tools)
