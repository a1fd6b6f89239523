"""A tenant connects a feed of its own: its address is checked, sealed and never shown again."""

from dataclasses import dataclass
from ipaddress import ip_address

from dropship.contracts.ids import instance_of
from dropship.contracts.suppliers import ConnectFeed, Feed
from dropship.runtime.asking import Asked
from dropship.runtime.egress import RefusedAddress
from dropship.runtime.egress.addresses import refusal
from dropship.runtime.egress.targets import Target, parse
from dropship.runtime.errors import Refused
from dropship.runtime.journal import Transaction
from dropship.runtime.sealing import Sealer

PLUGIN = "feed"
DEFAULT_NAME = "default"
FEEDS_MAX = 50

_CONNECT = """
INSERT INTO feeds AS f (source, tenant_id, name, format, host, sealed_url, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source) DO UPDATE SET
  format = excluded.format, host = excluded.host, sealed_url = excluded.sealed_url
RETURNING created_at
"""


def source_of(tenant: str, name: str) -> str:
    """A feed's source; the one called ``default`` is what ``supplier=feed`` means."""
    return instance_of(PLUGIN, tenant, "" if name == DEFAULT_NAME else name)


def seal_context(source: str) -> str:
    """What a sealed address is bound to: it opens in no other row."""
    return f"scraper.feeds.sealed_url/{source}"


@dataclass(frozen=True)
class Feeds:
    """Obeys `ConnectFeed`. `development` allows feeds on this machine, for the simulators."""

    sealer: Sealer
    development: bool

    async def connect_feed(self, asked: Asked[ConnectFeed], tx: Transaction) -> Feed:
        """Register or replace. Whether anything answers there is found out by the first look."""
        command = asked.question
        target = self._target(command.url)
        source = source_of(asked.tenant, command.name)
        await self._leave_room(tx, asked.tenant, source)
        sealed = self.sealer.seal(command.url.encode(), seal_context(source))
        ((created_at,),) = await tx.fetch_all(
            _CONNECT,
            (source, asked.tenant, command.name, command.format, target.host, sealed, tx.at),
        )
        return Feed(
            id=source,
            name=command.name,
            format=command.format,
            host=target.host,
            created_at=created_at,
        )

    def _target(self, url: str) -> Target:
        try:
            target = parse(url)
            reason = refusal(ip_address(target.host), development=self.development)
        except RefusedAddress as error:
            reason = error.reason
        except ValueError:
            return target
        if reason is not None:
            detail = f"this address is not fetched: {reason}"
            raise Refused("refused_address", detail, field="url")
        return target

    async def _leave_room(self, tx: Transaction, tenant: str, source: str) -> None:
        row = await tx.fetch_one(
            "SELECT count(*) FROM feeds WHERE tenant_id = %s AND source <> %s", (tenant, source)
        )
        if row is not None and row[0] >= FEEDS_MAX:
            raise Refused("too_many_feeds", f"a tenant has at most {FEEDS_MAX} feeds", kind="limit")
