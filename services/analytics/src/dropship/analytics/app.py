"""Analytics, wired: it lives, and counts nothing until there are listings and orders."""

from dropship.analytics.settings import AnalyticsSettings
from dropship.runtime.service import Service


def build(settings: AnalyticsSettings) -> Service:
    """A service that starts, is ready and drains; its ledgers are plugged in here."""
    return Service("analytics", settings)
