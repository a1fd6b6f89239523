"""What an operator tells policy."""

from dropship.runtime.settings import ServiceSettings


class PolicySettings(ServiceSettings):
    """What every service is told: what policy does is told by tenants, as policies."""
