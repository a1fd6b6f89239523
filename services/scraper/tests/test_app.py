"""The whole service on a real log: an order in, an observation out, and the terms of suppliers."""

from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from pydantic import SecretStr

from dropship.contracts.envelope import open_envelope
from dropship.contracts.ids import instance_of, plugin_of, product_id
from dropship.contracts.money import Money
from dropship.contracts.offers import OfferObserved, ScrapeProduct
from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.bus import Bus
from dropship.runtime.clock import SystemClock
from dropship.runtime.database import Database
from dropship.runtime.embedded import NatsServer
from dropship.runtime.testing import Servers, living, settings_for
from dropship.runtime.testing.prepared import Answer, PreparedServer, by_path, serving
from dropship.scraper.app import build
from dropship.scraper.settings import ScraperSettings

RECORDED = Path(__file__).parent / "adapters"
SUPPLIER = {
    "/de/dp/B0HANDMADE": Answer(200, {}, (RECORDED / "amazon/in_stock.html").read_bytes()),
    "/feed.csv": Answer(200, {}, (RECORDED / "feed/products.csv").read_bytes()),
}


def settings_of(
    servers: Servers, nats: NatsServer, supplier: PreparedServer, dsn: str
) -> ScraperSettings:
    usual = settings_for("scraper", dsn, nats.url, servers.password)
    return ScraperSettings(
        **{name: getattr(usual, name) for name in usual.model_fields_set},
        seal_key=SecretStr(b64encode(b"k" * 32).decode()),
        of_plugins={
            "DROPSHIP_AMAZON_BASE_URL": SecretStr(supplier.url + "/{site}"),
            "DROPSHIP_FEED_DEFAULT_URL": SecretStr(supplier.url + "/feed.csv"),
        },
    )


async def order(database: Database, source: str, external_id: str) -> ScrapeProduct:
    """What the tracker would put on the log; here the scraper's own relay carries it."""
    command = ScrapeProduct(
        product_id=product_id(source, external_id), source=source, external_id=external_id
    )
    async with database.transaction() as tx:
        tx.order(command, plugin=plugin_of(source), lane="now", command_id=uuid4())
    return command


async def test_a_look_ordered_on_the_log_is_told_on_the_log(
    servers: Servers, topology_with: Any
) -> None:
    dsn = servers.app_dsn(servers.migrated_database("scraper"), "scraper")
    topology = topology_with({"dropship.suppliers": ["amazon", "feed"]})
    async with servers.nats(topology) as nats, serving(by_path(SUPPLIER)) as supplier:
        settings = settings_of(servers, nats, supplier, dsn)
        bus, database = Bus(settings, "test"), Database(dsn, "scraper", SystemClock())
        await bus.connect()
        await database.open()
        stream = bus.client.jetstream()
        observations = await stream.subscribe("obs.>", ordered_consumer=True)
        suppliers = await stream.subscribe("evt.*.supplier.registered", ordered_consumer=True)
        async with living(build(settings)):
            told = set()
            for _ in range(2):
                envelope = open_envelope((await suppliers.next_msg(timeout=10)).data)
                told.add(msgspec.json.decode(envelope.data, type=SupplierRegistered).plugin)
            assert told == {"amazon", "feed"}
            prices = {}
            for source, id_ in (
                ("amazon-de", "B0HANDMADE"),
                (instance_of("feed", str(UUID(int=5))), "KETTLE-1"),
            ):
                command = await order(database, source, id_)
                envelope = open_envelope((await observations.next_msg(timeout=10)).data)
                offer = msgspec.json.decode(envelope.data, type=OfferObserved)
                assert envelope.partitionkey == command.product_id
                prices[offer.external_id] = offer.price
        await database.close()
        await bus.close()
    assert prices == {
        "B0HANDMADE": Money("1024.95", "EUR"),
        "KETTLE-1": Money("19.90", "EUR"),
    }
    assert "/robots.txt" in supplier.paths
