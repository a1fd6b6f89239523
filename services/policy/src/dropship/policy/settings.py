"""What an operator tells policy."""

from dropship.runtime.settings import ServiceSettings


class PolicySettings(ServiceSettings):
    """What every service is told, and nothing more yet."""
