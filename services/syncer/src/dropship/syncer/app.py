"""The syncer, wired: it lives, and does nothing until there are stores."""

from dropship.runtime.service import Service
from dropship.syncer.settings import SyncerSettings


def build(settings: SyncerSettings) -> Service:
    """A service that starts, is ready and drains; marketplaces are plugged in here."""
    return Service("syncer", settings)
