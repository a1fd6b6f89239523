"""Feeds keep the promises of the port."""

from pathlib import Path

from dropship.scraper.adapters import feed
from dropship.scraper.adapters.conformance import SupplierConformance


class TestFeed(SupplierConformance):
    plugin = staticmethod(feed.plugin)
    recordings = Path(__file__).parent / "feed"
