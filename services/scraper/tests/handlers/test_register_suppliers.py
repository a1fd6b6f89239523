"""What is plugged in is said to the others, once per change."""

import msgspec

from dropship.contracts.suppliers import SupplierRegistered
from dropship.runtime.database import Database
from dropship.runtime.testing import Scene
from dropship.scraper.adapters import amazon, feed
from dropship.scraper.adapters.port import Tools
from dropship.scraper.adapters.saved_pages import Nowhere, suppliers
from dropship.scraper.handlers.register_suppliers import register_suppliers


async def test_suppliers_are_said_once_and_again_when_their_terms_change(
    database: Database,
) -> None:
    scene = Scene(database, [SupplierRegistered])
    tools = Tools(browser=Nowhere(), plain=Nowhere())
    plugged = [amazon.plugin(tools), feed.plugin(tools)]
    await register_suppliers(database, plugged)
    await register_suppliers(database, plugged)
    said = [msgspec.to_builtins(event) for event in await scene.said()]
    assert [event["plugin"] for event in said] == ["amazon", "feed"]
    assert [event["per_tenant"] for event in said] == [False, True]
    faster = Tools(browser=Nowhere(), plain=Nowhere(), looks_per_minute=77)
    await register_suppliers(database, [amazon.plugin(faster), plugged[1]])
    (changed,) = await scene.said()
    assert isinstance(changed, SupplierRegistered)
    assert (changed.plugin, changed.looks_per_minute) == ("amazon", 77)


def test_first_party_plugins_come_in_by_the_same_door_as_others() -> None:
    assert {"amazon", "feed"} <= suppliers().keys()
