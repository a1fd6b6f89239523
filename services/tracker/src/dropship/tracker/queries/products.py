"""Products as their watchers see them. A product one does not watch does not exist."""

from typing import Any
from uuid import UUID

import msgspec

from dropship.contracts import money as wire
from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.offers import Flag
from dropship.contracts.products import Product, ProductDetails, ProductPage, WatchedProducts
from dropship.pricing.money import Money, to_wire
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.errors import Refused
from dropship.runtime.paging import cut, read_cursor

_SELECT = """
SELECT w.created_at, p.id, p.source, p.external_id, p.variant, p.title, p.currency, p.price_minor,
       p.list_price_minor, p.availability, p.stock, p.stock_kind, p.ships_in_days, p.flags,
       p.seller, p.rating, p.review_count, p.images, p.url, w.label, w.check_every_s,
       p.imported_at, p.last_seen_at, p.last_changed_at, p.last_failure, p.last_failed_at
  FROM watches w JOIN products p ON p.id = w.product_id AND p.imported_at IS NOT NULL
"""

_ONE = _SELECT + "WHERE w.tenant_id = %s AND w.product_id = %s"
_PAGE = _SELECT + (
    "WHERE w.tenant_id = %s AND (w.created_at, w.product_id) < (%s, %s)"
    " ORDER BY w.created_at DESC, w.product_id DESC LIMIT %s"
)


async def product_details(asked: Asked[ProductDetails], database: Database) -> bytes:
    """One watched product as JSON."""
    return await details(database, asked.tenant, asked.question.product_id)


async def details(reads: Reads, tenant: str, product_id: str) -> bytes:
    """One watched product as JSON. Raises Refused (`not_found`) for any other, known or not."""
    row = await reads.fetch_one(_ONE, (tenant, known_id(product_id)))
    if row is None:
        raise not_found(product_id)
    return msgspec.json.encode(_product(row))


async def watched_products(asked: Asked[WatchedProducts], database: Database) -> bytes:
    """A page of the tenant's products as JSON, the latest watched first."""
    question = asked.question
    before = read_cursor(question.cursor)
    rows = await database.fetch_all(_PAGE, (asked.tenant, *before, question.limit + 1))
    shown, cursor = cut(rows, question.limit, at=0, id_=1)
    page = ProductPage(items=[_product(row) for row in shown], next_cursor=cursor)
    return msgspec.json.encode(page)


def known_id(product_id: str) -> UUID:
    """The id as we store it. Raises Refused (`not_found`) for one that we could not have made."""
    try:
        return UUID(product_id)
    except ValueError:
        raise not_found(product_id) from None


def not_found(product_id: str) -> Refused:
    """The one answer for unknown and foreign products alike."""
    return Refused("not_found", f"you watch no product {product_id}", kind="not_found")


def money_of(minor: int | None, currency: str | None) -> wire.Money | None:
    """A stored amount in its wire form."""
    return to_wire(Money(minor, currency)) if minor is not None and currency else None


def _product(row: tuple[Any, ...]) -> Product:
    _, id_, source, external_id, variant, title, currency, price, list_price, *rest = row
    availability, stock, stock_kind, ships_in_days, flags, *rest = rest
    seller, rating, review_count, images, url, label, check_every_s, *rest = rest
    imported_at, last_seen_at, last_changed_at, last_failure, last_failed_at = rest
    return Product(
        id=str(id_),
        supplier=source,
        external_id=external_id,
        variant=variant,
        title=title,
        price=money_of(price, currency),
        list_price=money_of(list_price, currency),
        availability=Availability(availability or Availability.unknown),
        quantity=stock,
        quantity_kind=QuantityKind(stock_kind) if stock_kind else None,
        ships_in_days=ships_in_days,
        flags=[Flag(flag) for flag in flags],
        seller=seller,
        rating=rating,
        review_count=review_count,
        images=images,
        url=url,
        label=label,
        check_every_s=check_every_s,
        imported_at=imported_at,
        last_seen_at=last_seen_at,
        last_changed_at=last_changed_at,
        last_failure=last_failure,
        last_failed_at=last_failed_at,
    )
