"""What an operator tells the syncer."""

from dropship.runtime.settings import ServiceSettings


class SyncerSettings(ServiceSettings):
    """What every service is told, and nothing more yet."""
