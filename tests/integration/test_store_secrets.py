"""A store's credentials and tokens are nowhere in clear, and fit no other store's row."""

import secrets
from collections.abc import AsyncIterator

import pytest

from dropship.runtime.testing import eventually
from integration.collector import Collector
from integration.market import RULES, Market
from integration.running import Stack
from integration.secrecy import Planted, assert_traced, everywhere, in_answers
from integration.shop import Shop
from integration.supplier import FEED, Supplier


@pytest.fixture
async def markets(shop: Shop, supplier: Supplier) -> AsyncIterator[list[Market]]:
    """Two stores of one seller, not yet connected."""
    names = [f"store-{secrets.token_hex(4)}" for _ in range(2)]
    markets = [Market(shop, supplier, name) for name in names]
    yield markets
    for market in markets:
        await market.close()


async def _sell(market: Market, supplier: Supplier) -> str:
    await market.asks("PATCH", f"/v1/stores/{market.store_id}", 200, json={"mode": "live"})
    await market.asks("POST", "/v1/policies", 201, json={"name": "all", "rules": RULES})
    product_id = await market.shop.has_imported(FEED, await supplier.take_one(FEED))
    listing_id = await market.lists(product_id)
    await market.is_active(listing_id)
    return listing_id


async def _mistakes(market: Market, planted: Planted) -> None:
    """Credentials that are refused by us, and some that the marketplace refuses."""
    body = {"marketplace": "shopify", "account": market.account, "name": "again"}
    wrong = planted.plant("a mistaken client secret")
    for mistake in (
        {"client_id": "x", "client_secret": f"{wrong} with a space"},
        {"client_id": "x", "client_secret": wrong, "password": wrong},
    ):
        answer = await market.shop.asks("POST", "/v1/stores", json=body | mistake)
        assert answer.status_code == 422
    refused = Market(market.shop, market.supplier, f"store-{secrets.token_hex(4)}")
    await refused.built()
    wish = body | {"account": refused.account, "client_id": "the-client", "client_secret": wrong}
    store = await refused.asks("POST", "/v1/stores", 202, json=wish)

    async def rejected() -> bool:
        found = await market.shop.shows(f"/v1/stores/{store['id']}")
        return bool(found["status"] == "rejected")

    await eventually(rejected, within_s=30, what="a refused store")
    await refused.close()


async def _troubles(selling: Market, left: Market, planted: Planted) -> None:
    """Tokens are taken back, an answer with one is cut off, a secret is changed; calls fail, and
    some of them by showing the secrets that were sent.
    """
    for fault in (
        {"op": "token", "mode": "malformed", "count": 1},
        {"op": "token", "mode": "500_echo", "count": 1},
        {"mode": "500", "count": 1},
        {"mode": "500_echo", "count": 3},
        {"mode": "malformed", "count": 1},
    ):
        await selling.orders_of_judge(f"{selling.account}/faults", fault)
    await selling.orders_of_judge(f"{selling.account}/settings", {"revoke": True})
    await left.asks("PATCH", f"/v1/stores/{left.store_id}", 200, json={"mode": "live"})
    changed = {"client_secret": planted.plant("a changed client secret"), "revoke": True}
    await left.orders_of_judge(f"{left.account}/settings", changed)

    async def shut_out() -> bool:
        store = await left.shop.shows(f"/v1/stores/{left.store_id}")
        return bool(store["status"] == "suspended")

    await eventually(shut_out, within_s=30, what="a store that is suspended")

    async def granted_anew() -> bool:
        """Besides the first token and the one that was cut off."""
        return len((await selling.settings())["tokens"]) > 2

    await eventually(granted_anew, within_s=90, what="a new token")
    await left.asks("DELETE", f"/v1/stores/{left.store_id}", 200)


async def test_a_store_s_credentials_and_tokens_are_nowhere_to_be_read(
    stack: Stack, markets: list[Market], supplier: Supplier, collector: Collector
) -> None:
    planted = Planted()
    selling, left = markets
    for market in markets:
        client_id = planted.plant("a client id")
        client_secret = planted.plant("a client secret")
        await market.built(client_id, client_secret)
        await market.connected(client_id, client_secret)
    await _sell(selling, supplier)
    await _mistakes(left, planted)
    await _troubles(selling, left, planted)
    for market in markets:
        for token in (await market.settings())["tokens"]:
            planted.plant("a token", token)
    leaks = await everywhere(stack, collector, planted)
    leaks += in_answers(selling.shop, planted)
    assert leaks == []
    sold = {"gateway", "syncer", "policy", "analytics"}
    assert_traced(collector, [selling.shop], "/v1/stores", {"gateway", "syncer"})
    assert_traced(collector, [selling.shop], "/v1/listings", sold)


async def test_credentials_moved_to_another_store_s_row_open_nothing(
    stack: Stack, markets: list[Market]
) -> None:
    for market in markets:
        await market.built()
        await market.connected()
        await market.asks("PATCH", f"/v1/stores/{market.store_id}", 200, json={"mode": "live"})
    ids = [market.store_id for market in markets]
    before = [len((await market.settings())["tokens"]) for market in markets]
    swap = (
        "UPDATE syncer.store_accounts s SET credentials = o.credentials, token = NULL,"
        " refreshing_until = NULL, poll_at = now()"
        " FROM syncer.store_accounts o WHERE s.id <> o.id AND s.id::text = ANY(%s)"
        " AND o.id::text = ANY(%s) RETURNING s.id"
    )
    assert len(await stack.sql(swap, ids, ids)) == 2

    def refused() -> bool:
        logs = b"".join(path.read_bytes() for path in (stack.home / "logs").glob("syncer*"))
        return all(
            any(b"seal_broken" in line and id_.encode() in line for line in logs.splitlines())
            for id_ in ids
        )

    await eventually(refused, within_s=40, what="a refusal for both stores")
    assert [len((await market.settings())["tokens"]) for market in markets] == before
    await stack.sql(swap, ids, ids)

    async def open_again() -> bool:
        now = [len((await market.settings())["tokens"]) for market in markets]
        return all(more > fewer for more, fewer in zip(now, before, strict=True))

    await eventually(open_again, within_s=60, what="new tokens once everything is in its place")
