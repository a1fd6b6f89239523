"""Amazon keeps the promises of the port."""

from pathlib import Path

from dropship.scraper.adapters import amazon
from dropship.scraper.adapters.conformance import SupplierConformance


class TestAmazon(SupplierConformance):
    plugin = staticmethod(amazon.plugin)
    recordings = Path(__file__).parent / "amazon"
