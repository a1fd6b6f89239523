"""A tenant's own feeds: sealed, replaced, found, and shown without their address."""

from base64 import b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr

from dropship.contracts.ids import instance_of, product_id
from dropship.contracts.offers import FailureReason, ScrapeProduct
from dropship.contracts.suppliers import ConnectFeed, Feed, TenantFeeds
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database
from dropship.runtime.errors import Refused
from dropship.runtime.sealing import Sealer
from dropship.scraper.adapters.port import Unreached
from dropship.scraper.handlers.connect_feed import Feeds
from dropship.scraper.handlers.find_look import Finder
from dropship.scraper.queries.tenant_feeds import tenant_feeds

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TENANT, OTHER = str(UUID(int=1)), str(UUID(int=2))
SECRET = "https://feeds.example/list.csv?token=s3cret"


def sealer(byte: bytes = b"k") -> Sealer:
    return Sealer.of(SecretStr(b64encode(byte * 32).decode()), SecretStr(""))


async def connect(
    database: Database, name: str, url: str = SECRET, tenant: str = TENANT, **more: bool
) -> Feed:
    asked = Asked(ConnectFeed(name=name, url=url), tenant, None, UUID(int=9), AT)
    feeds = Feeds(sealer(), more.get("development", False))
    async with database.transaction(tenant=tenant) as tx:
        return await feeds.connect_feed(asked, tx)


def wanted(source: str) -> ScrapeProduct:
    return ScrapeProduct(product_id=product_id(source, "A1"), source=source, external_id="A1")


async def test_a_feed_s_address_is_sealed_and_opens_only_for_looks(database: Database) -> None:
    feed = await connect(database, "wholesale")
    assert (feed.id, feed.host) == (instance_of("feed", TENANT, "wholesale"), "feeds.example")
    rows = await database.fetch_all("SELECT f::text, sealed_url FROM feeds f")
    assert "s3cret" not in repr(rows)
    look = await Finder(database, sealer(), lambda _: None).find_look(wanted(feed.id))
    assert (look.address, look.format) == (SECRET, "csv")


async def test_connecting_again_replaces_the_address(database: Database) -> None:
    first = await connect(database, "wholesale")
    second = await connect(database, "wholesale", "https://new.example/a.json")
    assert (second.id, second.created_at) == (first.id, first.created_at)
    look = await Finder(database, sealer(), lambda _: None).find_look(wanted(first.id))
    assert look.address == "https://new.example/a.json"


async def test_each_tenant_sees_its_own_feeds_only(database: Database) -> None:
    await connect(database, "wholesale")
    await connect(database, "default")
    await connect(database, "wholesale", tenant=OTHER)
    asked = Asked(TenantFeeds(), TENANT, None, UUID(int=3), AT)
    page = await tenant_feeds(asked, database)
    assert {feed.name for feed in page.items} == {"wholesale", "default"}
    assert {feed.id for feed in page.items} == {
        instance_of("feed", TENANT, "wholesale"),
        instance_of("feed", TENANT),
    }


async def test_the_operator_s_feed_serves_those_who_have_connected_none(
    database: Database,
) -> None:
    finder = Finder(database, sealer(), lambda plugin: f"https://{plugin}.example/all.csv")
    own, named = instance_of("feed", TENANT), instance_of("feed", TENANT, "wholesale")
    assert (await finder.find_look(wanted(own))).address == "https://feed.example/all.csv"
    assert (await finder.find_look(wanted(named))).address is None
    assert (await finder.find_look(wanted("amazon-de"))).address is None
    await connect(database, "default")
    assert (await finder.find_look(wanted(own))).address == SECRET


async def test_a_lost_key_is_a_reason_and_not_a_crash(database: Database) -> None:
    feed = await connect(database, "wholesale")
    with pytest.raises(Unreached) as caught:
        await Finder(database, sealer(b"x"), lambda _: None).find_look(wanted(feed.id))
    assert caught.value.reason is FailureReason.supplier_unknown


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/feed.csv",
        "http://169.254.169.254/latest",
        "http://10.0.0.7/feed.csv",
        "http://[::1]/feed.csv",
        "https://user:password@feeds.example/a.csv",
        "http://2130706433/feed.csv",
    ],
)
async def test_an_address_inside_our_own_network_is_refused(database: Database, url: str) -> None:
    with pytest.raises(Refused) as caught:
        await connect(database, "wholesale", url)
    assert caught.value.field == "url"
    assert "password" not in caught.value.detail


async def test_in_development_a_feed_may_be_on_this_machine(database: Database) -> None:
    feed = await connect(database, "local", "http://127.0.0.1:4100/f.csv", development=True)
    assert feed.host == "127.0.0.1"
