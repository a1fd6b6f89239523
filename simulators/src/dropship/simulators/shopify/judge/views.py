"""How a shop is shown to whoever judges it."""

from decimal import Decimal
from typing import Any

from dropship.simulators.shopify.gids import gid
from dropship.simulators.shopify.goods.catalogue import LOCATION, PUBLICATIONS
from dropship.simulators.shopify.goods.product import Product
from dropship.simulators.shopify.money import as_money
from dropship.simulators.shopify.shop import Shop
from dropship.simulators.shopify.trade.order import Order


def shop_view(shop: Shop, url: str) -> dict[str, Any]:
    """What a client needs to connect, and the ids it will meet."""
    return {
        "shop": shop.name,
        "url": f"{url}/shopify/{shop.name}",
        "client_id": shop.keys.client_id,
        "client_secret": shop.keys.client_secret,
        "tokens": list(shop.keys.tokens),
        "currency": shop.currency,
        "scopes": list(shop.keys.scopes),
        "token_life_s": shop.keys.life_s,
        "installed": shop.keys.installed,
        "blocked": shop.blocked,
        "bucket": shop.bucket.size,
        "fees": shop.book.tariff,
        "location": gid("Location", LOCATION),
        "locations": {
            shop.catalogue.locations[n]: gid("Location", n) for n in shop.catalogue.places()
        },
        "publications": {name: gid("Publication", n) for n, name in PUBLICATIONS.items()},
    }


def product_view(product: Product) -> dict[str, Any]:
    return {
        "id": gid("Product", product.number),
        "listing": product.listing,
        "handle": product.slug,
        "title": product.title,
        "status": product.status,
        "published": bool(product.published),
        "live": product.live,
        "created_at": product.created_at,
        "deleted": product.deleted,
        "variants": [
            {
                "id": gid("ProductVariant", v.number),
                "inventory_item": gid("InventoryItem", v.item_number),
                "sku": v.sku,
                "price": v.price,
                "quantity": v.quantity,
                "tracked": v.tracked,
                "policy": "CONTINUE" if v.oversells else "DENY",
            }
            for v in product.variants
        ],
    }


def order_view(order: Order) -> dict[str, Any]:
    return {
        "id": gid("Order", order.number),
        "name": order.name,
        "at": order.at,
        "lines": [
            {
                "listing": line.listing,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
            }
            for line in order.lines
        ],
        "subtotal": as_money(order.subtotal),
        "total": as_money(order.total),
        "fees": as_money(order.fees),
        "refunded": as_money(order.refunded),
        "cancelled": order.cancelled_at is not None,
    }


def sums(shop: Shop) -> dict[str, Any]:
    """Gross: what was cancelled is in `revenue`, and again in `refunds`."""
    orders = shop.book.orders.all()
    return {
        "orders": len(orders),
        "units": sum(order.units for order in orders),
        "revenue": as_money(sum((o.total for o in orders), Decimal(0))),
        "fees": as_money(sum((o.fees for o in orders), Decimal(0))),
        "refunds": as_money(sum((o.refunded for o in orders), Decimal(0))),
    }


def summary(shop: Shop) -> dict[str, Any]:
    """The counters, and how much there is of the rest."""
    ledger, products = shop.ledger, shop.catalogue.living()
    return {
        "products": len(products),
        "live": sum(product.live for product in products),
        "writes": len(ledger.writes),
        "sums": sums(shop),
        "lost_sales": shop.demand.lost_sales,
        "token_grants": shop.keys.granted,
        "calls": ledger.calls,
        "throttled": ledger.throttled,
        "refused": ledger.refused,
        "not_simulated": ledger.not_simulated,
        "calls_after_revocation": ledger.calls_after_revocation,
        "self_violations": ledger.self_violations,
    }


def ledger_view(shop: Shop, since: int) -> dict[str, Any]:
    """All of it; `since` leaves out the writes up to that number."""
    ledger = shop.ledger
    return {
        **summary(shop),
        "products": [product_view(product) for product in shop.catalogue.ever()],
        "writes": ledger.writes[max(0, since) :],
        "by_hand": ledger.by_hand,
        "orders": [order_view(order) for order in shop.book.orders.all()],
        "max_live_per_listing": ledger.max_live["listing"],
        "max_live_per_sku": ledger.max_live["sku"],
        "max_existing_per_listing": ledger.max_existing["listing"],
        "max_existing_per_sku": ledger.max_existing["sku"],
        "violations": ledger.violations,
    }
