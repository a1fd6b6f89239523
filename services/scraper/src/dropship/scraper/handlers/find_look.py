"""From a command to what a plugin looks at: shared sources as they are, tenants' own opened."""

from collections.abc import Callable
from dataclasses import dataclass

from dropship.contracts.ids import instance_of, plugin_of, tenant_of
from dropship.contracts.offers import FailureReason, ScrapeProduct
from dropship.runtime.database import Database
from dropship.runtime.sealing import SealBroken, Sealer
from dropship.scraper.adapters.port import Unreached
from dropship.scraper.domain.reading import Look
from dropship.scraper.handlers.connect_feed import seal_context


@dataclass(frozen=True)
class Finder:
    """Knows tenants' addresses. `default_url` is the operator's own for a plugin, if any."""

    database: Database
    sealer: Sealer
    default_url: Callable[[str], str | None]

    async def find_look(self, command: ScrapeProduct) -> Look:
        """The look with its address. Raises Unreached where a seal cannot be opened."""
        look = Look(source=command.source, external_id=command.external_id, variant=command.variant)
        tenant = tenant_of(command.source)
        if tenant is None:
            return look
        row = await self.database.fetch_one(
            "SELECT sealed_url, format FROM feeds WHERE source = %s", (command.source,)
        )
        plugin = plugin_of(command.source)
        if row is None:
            is_default = command.source == instance_of(plugin, tenant)
            address, form = self.default_url(plugin) if is_default else None, ""
        else:
            address, form = self._opened(command.source, bytes(row[0])), row[1]
        return Look(
            source=look.source,
            external_id=look.external_id,
            variant=look.variant,
            address=address,
            format=form,
        )

    def _opened(self, source: str, sealed: bytes) -> str:
        try:
            return self.sealer.open(sealed, seal_context(source)).decode()
        except SealBroken:
            detail = "its address is sealed with a key that is gone; connect the feed again"
            raise Unreached(FailureReason.supplier_unknown, detail) from None
