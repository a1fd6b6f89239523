"""Policy, wired: it lives, and hears nothing until there are listings to judge."""

from dropship.policy.settings import PolicySettings
from dropship.runtime.service import Service


def build(settings: PolicySettings) -> Service:
    """A service that starts, is ready and drains; rules are plugged in here."""
    return Service("policy", settings)
