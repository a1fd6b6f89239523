"""What an operator tells the syncer: the only reader of its environment.

Each marketplace plugin may have another address in development, ``DROPSHIP_<PLUGIN>_BASE_URL``, so
a new plugin needs no line here.
"""

import os
import re
from collections.abc import Mapping

from pydantic import Field, SecretStr

from dropship.runtime.settings import PREFIX, ServiceSettings

_OF_PLUGIN = re.compile(rf"^{PREFIX}[A-Z0-9]+_BASE_URL$")


def _of_plugins() -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ if _OF_PLUGIN.match(name)}


class SyncerSettings(ServiceSettings):
    """The syncer's own knobs; the rest is every service's."""

    seal_key: SecretStr = Field(description="32 random bytes in base64 (openssl rand -base64 32)")
    freshness_lease_s: float = Field(
        10_800, gt=0, description="seconds without an agreeing look after which a listing is held"
    )
    poll_orders_every_s: float = Field(
        60, gt=0, description="seconds between two readings of a store's orders"
    )
    check_listings_every_s: float = Field(
        3600, gt=0, description="seconds between two readings of a listing on its marketplace"
    )
    calls_at_once: int = Field(
        4, ge=1, le=64, description="calls to one marketplace at once in this process, 1 to 64"
    )
    of_plugins: Mapping[str, str] = Field(default_factory=_of_plugins, exclude=True)

    def base_url(self, plugin: str) -> str | None:
        """What stands for the marketplace's own address, in development."""
        url = self.of_plugins.get(f"{PREFIX}{plugin.upper()}_BASE_URL")
        return url if self.development else None
