"""What an operator tells analytics."""

from dropship.runtime.settings import ServiceSettings


class AnalyticsSettings(ServiceSettings):
    """What every service is told, and nothing more yet."""
