"""A wholesaler's feed: every row not gone, as CSV or JSON."""

import csv
import io
from collections.abc import Iterable

import msgspec

from dropship.simulators.world.product import Product, State, Truth

COLUMNS = ("id", "title", "brand", "price", "currency", "stock", "image")
Rows = Iterable[tuple[Product, Truth]]


def csv_feed(rows: Rows) -> bytes:
    """RFC 4180 with a header line; prices as plain decimals."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_records(rows))
    return text.getvalue().encode()


def json_feed(rows: Rows) -> bytes:
    """A bare list of objects; `price` is a string, `stock` a number."""
    return msgspec.json.encode(_records(rows))


def _records(rows: Rows) -> list[dict[str, str | int]]:
    return [
        {
            "id": product.id,
            "title": product.title,
            "brand": product.brand,
            "price": f"{truth.price_minor // 100}.{truth.price_minor % 100:02d}",
            "currency": product.currency,
            "stock": truth.quantity,
            "image": product.images[0],
        }
        for product, truth in rows
        if truth.state is not State.gone
    ]
