"""The judge's endpoints of shops, under ``/_sim/shopify``."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from dropship.simulators.clock import VirtualClock
from dropship.simulators.judge.orders import Rejected, read
from dropship.simulators.shopify.goods.catalogue import PUBLICATIONS
from dropship.simulators.shopify.goods.changing import Change
from dropship.simulators.shopify.goods.product import Product, Variant
from dropship.simulators.shopify.judge.faults import ShopFault
from dropship.simulators.shopify.judge.views import (
    ledger_view,
    order_view,
    product_view,
    shop_view,
    summary,
)
from dropship.simulators.shopify.money import amount_in, to_cents
from dropship.simulators.shopify.shop import Resetting, Shop, ShopOrder
from dropship.simulators.shopify.trade.book import Extras, Unsold
from dropship.simulators.shopify.trade.demand import DemandOrder
from dropship.simulators.shopify.trade.order import Order
from dropship.simulators.wire.messages import Reply, Request, json_reply

PREFIX = "/_sim/shopify/"


class SaleOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody buys: the product of this customId value, or the variant of this sku.

    `tax` and `shipping` are paid beside the price; `discount` is taken off the order.
    """

    listing: str | None = None
    sku: str | None = None
    quantity: Annotated[int, Meta(ge=1, le=10_000)] = 1
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)


class RefundOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is left, or this amount of it."""

    amount: Decimal | None = None
    restock: bool = False
    note: str = ""


class CancelOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Literal["CUSTOMER", "DECLINED", "FRAUD", "INVENTORY", "OTHER", "STAFF"] = "CUSTOMER"


class HandOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A human in the shop's admin. What is not named stays as it is.

    `policy` CONTINUE sells on when there are none left, and what is not `tracked` sells without
    end. `nameless` takes the metafields away by which a customId finds it; the judge still does.
    """

    price: Decimal | None = None
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    policy: Literal["CONTINUE", "DENY"] | None = None
    tracked: bool | None = None
    nameless: bool = False
    status: Literal["ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED"] | None = None
    published: bool | None = None
    title: str | None = None
    deleted: bool | None = None


Endpoint = Callable[[Shop, Request, str], Reply]


class ShopControl:
    """Opens shops, and lets a test look into and reach into them."""

    def __init__(self, shops: dict[str, Shop], seed: int, clock: VirtualClock) -> None:
        self._shops, self._seed, self._clock = shops, seed, clock
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            ("GET", "ledger"): self._ledger,
            ("GET", "faults"): lambda shop, _r, _i: json_reply(shop.faults.armed),
            ("POST", "faults"): self._order_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "settings"): self._show,
            ("POST", "settings"): self._reset,
            ("GET", "orders"): self._list_orders,
            ("POST", "orders"): self._sell,
            ("POST", "demand"): self._demand,
            ("GET", "products"): self._list_products,
            ("POST", "products"): self._by_hand,
        }

    def sync(self) -> None:
        for shop in self._shops.values():
            shop.sync()

    def summaries(self) -> dict[str, Any]:
        return {name: summary(shop) for name, shop in self._shops.items()}

    def answer(self, request: Request, path: str) -> Reply:
        """One request; `Rejected` where it makes no sense."""
        name, _, rest = path.removeprefix(PREFIX).partition("/")
        if name == "shops" and not rest:
            return self._all(request)
        shop = self._shops.get(name)
        if shop is None:
            raise Rejected(404, f"there is no shop {name}; POST {PREFIX}shops opens one", "shop")
        what, _, id_ = rest.partition("/")
        endpoint = self._endpoints.get((request.method, what))
        if endpoint is None:
            raise Rejected(404, f"there is no {request.method} {path}; the README lists what is")
        return endpoint(shop, request, id_)

    def _all(self, request: Request) -> Reply:
        if request.method == "GET":
            return json_reply([shop_view(s, _base_url(request)) for s in self._shops.values()])
        if request.method != "POST":
            raise Rejected(405, "shops are listed by GET and opened by POST")
        order = read(request.body, ShopOrder)
        if order.shop in self._shops or order.shop == "shops":
            raise Rejected(409, f"there is a shop {order.shop}", "shop")
        shop = self._shops[order.shop] = Shop(order, self._seed, self._clock)
        shop.sync()
        return json_reply(shop_view(shop, _base_url(request)), 201)

    def _ledger(self, shop: Shop, request: Request, _id: str) -> Reply:
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise Rejected(422, "since is a whole number", "since")
        return json_reply(ledger_view(shop, int(since)))

    def _order_fault(self, shop: Shop, request: Request, _id: str) -> Reply:
        return json_reply(shop.faults.order(read(request.body, ShopFault)), 201)

    def _clear_faults(self, shop: Shop, _request: Request, _id: str) -> Reply:
        return json_reply({"cleared": shop.faults.clear()})

    def _show(self, shop: Shop, request: Request, _id: str) -> Reply:
        return json_reply(shop_view(shop, _base_url(request)))

    def _reset(self, shop: Shop, request: Request, _id: str) -> Reply:
        shop.reset(read(request.body, Resetting))
        return self._show(shop, request, _id)

    def _list_orders(self, shop: Shop, _request: Request, _id: str) -> Reply:
        return json_reply([order_view(order) for order in shop.book.orders.all()])

    def _sell(self, shop: Shop, request: Request, id_: str) -> Reply:
        if id_:
            return self._after_sale(shop, request, id_)
        wish = read(request.body, SaleOrder)
        product, variant = _for_sale(shop, wish)
        try:
            order = shop.book.sell(product, variant, wish.quantity, shop.now(), _extras(wish, shop))
        except Unsold as no:
            raise Rejected(409, str(no), "listing") from None
        return json_reply(order_view(order), 201)

    def _after_sale(self, shop: Shop, request: Request, path: str) -> Reply:
        id_, _, what = path.rpartition("/")
        order = shop.book.find(id_)
        if order is None or what not in {"refund", "cancel"}:
            raise Rejected(404, f"there is no order {id_} to {what}", "id")
        try:
            return json_reply(order_view(_undone(shop, order, what, request.body)))
        except Unsold as no:
            raise Rejected(409, str(no)) from None

    def _demand(self, shop: Shop, request: Request, _id: str) -> Reply:
        shop.demand.order(read(request.body, DemandOrder))
        return json_reply(shop.demand.wish)

    def _list_products(self, shop: Shop, _request: Request, id_: str) -> Reply:
        if id_:
            return json_reply(product_view(_product(shop, id_)))
        return json_reply([product_view(product) for product in shop.catalogue.ever()])

    def _by_hand(self, shop: Shop, request: Request, id_: str) -> Reply:
        wish = read(request.body, HandOrder)
        if wish == HandOrder():
            raise Rejected(422, f"say one of {', '.join(HandOrder.__struct_fields__)}")
        change = Change(shop.catalogue, shop.currency, shop.now(), shop.keys.app)
        product = change.commit(_reached_into(_product(shop, id_), wish, shop, change.at))
        for effect in change.effects:
            shop.ledger.wrote_by_hand(effect, change.at)
        return json_reply(product_view(product))


def _undone(shop: Shop, order: Order, what: str, body: bytes) -> Order:
    if what == "cancel":
        return shop.book.cancel(order, read(body, CancelOrder).reason, shop.now())
    wish = read(body, RefundOrder)
    amount = None if wish.amount is None else _amount(wish.amount, shop, "amount")
    return shop.book.refund(order, amount, shop.now(), restock=wish.restock, note=wish.note)


def _extras(wish: SaleOrder, shop: Shop) -> Extras:
    names = ("tax", "shipping", "discount")
    return Extras(**{name: _amount(getattr(wish, name), shop, name) for name in names})


def _amount(written: Decimal, shop: Shop, field: str) -> Decimal:
    amount = amount_in(written)
    if amount is None or amount < 0:
        raise Rejected(422, f"{field} is an amount of money, not less than zero", field)
    return to_cents(amount, shop.currency)


def _for_sale(shop: Shop, wish: SaleOrder) -> tuple[Product, Variant]:
    """A live one first, where a sku is there more than once."""
    if (wish.listing is None) is (wish.sku is None):
        raise Rejected(422, "say either listing or sku", "listing")
    pairs = [(p, v) for p in shop.catalogue.living() for v in p.variants]
    if wish.listing is not None:
        pairs = [(p, v) for p, v in pairs if p.listing == wish.listing]
    else:
        pairs = [(p, v) for p, v in pairs if v.sku == wish.sku]
    if not pairs:
        raise Rejected(409, "there is no such product", "listing" if wish.listing else "sku")
    return max(pairs, key=lambda pair: pair[0].live)


def _product(shop: Shop, listing: str) -> Product:
    found = shop.catalogue.by_listing(listing)
    if found is None:
        raise Rejected(404, f"there is no product of the listing {listing}", "listing")
    return found


def _reached_into(product: Product, wish: HandOrder, shop: Shop, at: datetime) -> Product:
    written: dict[str, Any] = {}
    if wish.price is not None:
        written["price"] = _amount(wish.price, shop, "price")
    if wish.quantity is not None:
        written["quantity"] = wish.quantity
    if wish.policy is not None:
        written["oversells"] = wish.policy == "CONTINUE"
    if wish.tracked is not None:
        written["tracked"] = wish.tracked
    variants = product.variants
    if written:
        variants = tuple(replace(v, **written, updated_at=at) for v in variants)
    metafields = tuple(m for m in product.metafields if not (wish.nameless and m.type == "id"))
    published = product.published
    if wish.published is not None:
        published = frozenset({min(PUBLICATIONS)}) if wish.published else frozenset()
    return replace(
        product,
        variants=variants,
        metafields=metafields,
        published=published,
        published_at=(product.published_at or at) if published else None,
        status=wish.status or product.status,
        title=wish.title or product.title,
        deleted=product.deleted if wish.deleted is None else wish.deleted,
        updated_at=at,
    )


def _base_url(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}"
