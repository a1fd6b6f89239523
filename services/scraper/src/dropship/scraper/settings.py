"""What an operator tells the scraper: the only reader of its environment.

Each supplier plugin has its own variables by its name, so a new plugin needs no line here:
``DROPSHIP_<PLUGIN>_BASE_URL`` (development only: the simulator instead of the supplier),
``DROPSHIP_<PLUGIN>_DEFAULT_URL`` (the feed of tenants who have connected none) and
``DROPSHIP_<PLUGIN>_LOOKS_PER_MINUTE`` (another budget than the plugin's own).
"""

import os
import re
from collections.abc import Mapping

from pydantic import Field, SecretStr, field_validator

from dropship.runtime.settings import PREFIX, ServiceSettings

_OF_PLUGIN = re.compile(rf"^{PREFIX}[A-Z0-9_]+_(?:BASE_URL|DEFAULT_URL|LOOKS_PER_MINUTE)$")


def _of_plugins() -> dict[str, SecretStr]:
    return {name: SecretStr(os.environ[name]) for name in os.environ if _OF_PLUGIN.match(name)}


class ScraperSettings(ServiceSettings):
    """The scraper's own knobs; the rest is every service's."""

    seal_key: SecretStr = Field(description="32 random bytes in base64 (openssl rand -base64 32)")
    respect_robots: bool = Field(
        True, description="false only where the supplier has agreed to be looked at"
    )
    looks_at_once: int = Field(
        8, ge=1, le=64, description="looks at once per supplier and process, 1 to 64"
    )
    rest_s: float = Field(
        30.0,
        gt=0,
        le=900,
        description="how long a source that blocks us is first left alone, seconds",
    )
    of_plugins: Mapping[str, SecretStr] = Field(default_factory=_of_plugins, exclude=True)

    @field_validator("of_plugins")
    @classmethod
    def _are_numbers(cls, value: Mapping[str, SecretStr]) -> Mapping[str, SecretStr]:
        for name, text in value.items():
            number = text.get_secret_value()
            if name.endswith("_LOOKS_PER_MINUTE") and not re.fullmatch(r"[1-9]\d{0,6}", number):
                raise ValueError(f"{name} is not a whole number of at least 1")
        return value

    def _of(self, plugin: str, knob: str) -> str | None:
        name = f"{PREFIX}{plugin.upper().replace('-', '_')}_{knob}"
        value = self.of_plugins.get(name)
        return value.get_secret_value() or None if value is not None else None

    def base_url(self, plugin: str) -> str | None:
        """What stands for the supplier's own address, in development."""
        return self._of(plugin, "BASE_URL") if self.development else None

    def default_url(self, plugin: str) -> str | None:
        """The address for tenants who have connected none of their own."""
        return self._of(plugin, "DEFAULT_URL")

    def looks_per_minute(self, plugin: str) -> int | None:
        """Another budget than the plugin's own."""
        number = self._of(plugin, "LOOKS_PER_MINUTE")
        return int(number) if number else None
