"""Which marketplaces are plugged in."""

from collections.abc import Callable

from dropship.runtime import plugins
from dropship.runtime.egress import Egress
from dropship.runtime.telemetry import get_logger
from dropship.syncer.adapters.port import GROUP, Marketplace

_log = get_logger()


def plugged_in(egress: Egress, base_url: Callable[[str], str | None]) -> dict[str, Marketplace]:
    """Every marketplace that an installed distribution offers and that starts, by its name.

    Work is queued by the name that a store was connected with: of a plugin that calls itself
    otherwise nobody would fetch it.
    """
    marketplaces: dict[str, Marketplace] = {}
    for name, plugin in plugins.load(GROUP).found.items():
        try:
            market = plugin.loaded(egress, base_url(name))
        except Exception as error:
            _log.error("plugin_refused", plugin=name, reason=type(error).__name__)
            continue
        if market.name == name:
            marketplaces[name] = market
        else:
            _log.error("plugin_refused", plugin=name, reason=f"it calls itself {market.name}")
    return marketplaces
