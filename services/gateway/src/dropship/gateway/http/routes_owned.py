"""What other services own: asked from the owner, whose ready bytes are passed on untouched."""

from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from dropship.contracts.ids import uuid7
from dropship.contracts.messages import Command, Query
from dropship.contracts.products import (
    AmendWatch,
    PriceHistory,
    PricePage,
    Product,
    ProductDetails,
    ProductPage,
    StockHistory,
    StockPage,
    StopWatching,
    WatchedProducts,
)
from dropship.contracts.suppliers import ConnectFeed, Feed, FeedPage, TenantFeeds
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, B, Call, Endpoint, Q
from dropship.gateway.http.shapes import FeedAddress, NoBody, NoQuery, Notes, Page


async def _ask(desk: Desk, call: Call[Q, B], question: Query | Command) -> bytes:
    """Commands are done once per Idempotency-Key: the key gives the command its id."""
    caller = call.caller
    command_id = None
    if isinstance(question, Command):
        command_id = uuid5(UUID(caller.tenant), call.key) if call.key else uuid7()
    return await desk.asker.ask(
        question, tenant=caller.tenant, actor=caller.user, command_id=command_id
    )


def _set(cursor: str | UnsetType) -> str | None:
    return None if cursor is UNSET else cursor


async def _products(desk: Desk, call: Call[Page, NoBody]) -> Answer:
    query = WatchedProducts(cursor=_set(call.query.cursor), limit=call.query.limit)
    return Answer(await _ask(desk, call, query))


async def _product(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    return Answer(await _ask(desk, call, ProductDetails(product_id=call.path["product_id"])))


async def _amend(desk: Desk, call: Call[NoQuery, Notes]) -> Answer:
    command = AmendWatch(
        product_id=call.path["product_id"],
        label=call.body.label,
        check_every_s=call.body.check_every_s,
    )
    return Answer(await _ask(desk, call, command))


async def _stop_watching(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    await _ask(desk, call, StopWatching(product_id=call.path["product_id"]))
    return Answer()


async def _prices(desk: Desk, call: Call[Page, NoBody]) -> Answer:
    query = PriceHistory(
        product_id=call.path["product_id"],
        cursor=_set(call.query.cursor),
        limit=call.query.limit,
    )
    return Answer(await _ask(desk, call, query))


async def _stock(desk: Desk, call: Call[Page, NoBody]) -> Answer:
    query = StockHistory(
        product_id=call.path["product_id"],
        cursor=_set(call.query.cursor),
        limit=call.query.limit,
    )
    return Answer(await _ask(desk, call, query))


async def _connect_feed(desk: Desk, call: Call[NoQuery, FeedAddress]) -> Answer:
    command = msgspec.convert(msgspec.structs.asdict(call.body), ConnectFeed)
    return Answer(await _ask(desk, call, command))


async def _feeds(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    return Answer(await _ask(desk, call, TenantFeeds()))


ROUTES = (
    Endpoint(
        "GET",
        "/v1/products",
        "listProducts",
        "The products you watch, newest first",
        _products,
        answer=ProductPage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}",
        "showProduct",
        "A product you watch",
        _product,
        answer=Product,
    ),
    Endpoint(
        "PATCH",
        "/v1/products/{product_id}",
        "amendProduct",
        "Change your own notes on a product",
        _amend,
        answer=Product,
        body=Notes,
    ),
    Endpoint(
        "DELETE",
        "/v1/products/{product_id}",
        "stopWatchingProduct",
        "Stop watching a product; others may go on",
        _stop_watching,
        status=204,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}/prices",
        "listPrices",
        "How the price moved, newest first",
        _prices,
        answer=PricePage,
        query=Page,
    ),
    Endpoint(
        "GET",
        "/v1/products/{product_id}/stock",
        "listStock",
        "How the stock moved, newest first",
        _stock,
        answer=StockPage,
        query=Page,
    ),
    Endpoint(
        "POST",
        "/v1/feeds",
        "connectFeed",
        "Connect a feed of your own, or replace the one of that name",
        _connect_feed,
        status=201,
        answer=Feed,
        body=FeedAddress,
        keyed=True,
    ),
    Endpoint("GET", "/v1/feeds", "listFeeds", "Your own feeds", _feeds, answer=FeedPage),
)
