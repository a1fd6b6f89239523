"""A supplier's feed, CSV or JSON: from its bytes to rows by id, and from a row to a reading.

Feeds are written by machines for machines, so numbers are read strictly: ``1299.00``, never a guess
at marks of thousands.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.money import Money
from dropship.scraper.domain.amounts import CODES, money_of
from dropship.scraper.domain.reading import NoReading, PageKind, Reading

ROWS_MAX = 500_000
FIELD_MAX = 1 << 20
LOW_UNTIL = 3
"""Up to here a stated number counts as low: the next buyer may find none."""

Row = dict[str, str]
TWICE: Row = {}
"""Stands for an id that the feed names more than once with different words: nobody knows which."""

_NAMES = {
    "id": ("id", "sku", "external_id", "product_id", "item_id", "code", "article"),
    "variant": ("variant", "variant_id", "variation"),
    "title": ("title", "name", "product_name", "product_title"),
    "price": ("price", "cost", "wholesale_price", "net_price"),
    "sale_price": ("sale_price", "special_price", "offer_price"),
    "list_price": ("list_price", "rrp", "msrp", "regular_price"),
    "currency": ("currency", "currency_code", "price_currency"),
    "stock": ("stock", "quantity", "qty", "inventory", "stock_quantity", "available_quantity"),
    "availability": ("availability", "stock_status", "status", "in_stock"),
    "ships": ("ships_in_days", "lead_time_days", "handling_days", "lead_time"),
    "images": ("images", "image", "image_link", "image_url", "additional_image_link"),
    "url": ("url", "link", "product_url"),
    "seller": ("seller", "vendor", "supplier"),
}
_CANONICAL = {alias: name for name, aliases in _NAMES.items() for alias in aliases}
_AMOUNT = re.compile(r"(?:([A-Z]{3})\s*)?(\d{1,12}(?:\.\d{1,4}|,\d{1,2})?)(?:\s*([A-Z]{3}))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PICTURE = re.compile(r"https?://[^\s|;\"<>]{4,2000}")
_WORDS = {
    "instock": Availability.in_stock,
    "available": Availability.in_stock,
    "yes": Availability.in_stock,
    "true": Availability.in_stock,
    "onlineonly": Availability.in_stock,
    "limitedavailability": Availability.low,
    "lowstock": Availability.low,
    "low": Availability.low,
    "outofstock": Availability.out_of_stock,
    "soldout": Availability.out_of_stock,
    "unavailable": Availability.out_of_stock,
    "no": Availability.out_of_stock,
    "false": Availability.out_of_stock,
    "backorder": Availability.backorder,
    "onbackorder": Availability.backorder,
    "preorder": Availability.preorder,
    "presale": Availability.preorder,
    "madetoorder": Availability.made_to_order,
    "instoreonly": Availability.in_store_only,
    "discontinued": Availability.discontinued,
}


class FeedBroken(Exception):
    """The whole feed cannot be read, so nothing is known of any product in it."""


def rows_by_id(body: bytes, form: str = "") -> dict[tuple[str, str], Row]:
    """Every row under (id, variant); `form` is csv or json, or empty to find out.

    Raises FeedBroken. Rows without an id or with missing fields at their end are left out.
    """
    text = body.decode("utf-8-sig", errors="replace").lstrip()
    form = form or ("json" if text[:1] in {"[", "{"} else "csv")
    found: dict[tuple[str, str], Row] = {}
    for number, row in enumerate(_json_rows(text) if form == "json" else _csv_rows(text)):
        if number >= ROWS_MAX:
            raise FeedBroken(f"more than {ROWS_MAX} rows")
        key = row.get("id", ""), row.get("variant", "")
        if key[0]:
            found[key] = row if found.get(key, row) == row else TWICE
    return found


def _named(pairs: Iterable[tuple[str, str]]) -> Row:
    row: Row = {}
    for name, value in pairs:
        canonical = _CANONICAL.get(re.sub(r"[\s-]+", "_", name.strip().lower()))
        if canonical is not None and value:
            row.setdefault(canonical, _CONTROL.sub(" ", value).strip())
    return row


def _csv_rows(text: str) -> Iterator[Row]:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    csv.field_size_limit(FIELD_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        if "id" not in _named((name, "x") for name in names):
            raise FeedBroken("no column for an id")
        for cells in reader:
            if len(cells) == len(names):
                yield _named(zip(names, cells, strict=True))
    except csv.Error as error:
        raise FeedBroken(f"not CSV: {error}") from None


def _json_rows(text: str) -> Iterator[Row]:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise FeedBroken("not JSON") from None
    if isinstance(document, dict):
        lists = [v for k, v in document.items() if k in {"products", "items", "offers", "data"}]
        document = lists[0] if lists else None
    if not isinstance(document, list):
        raise FeedBroken("no list of products")
    for item in document:
        if isinstance(item, dict):
            yield _named((str(name), _plain(value)) for name, value in item.items())


def _plain(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list():
            return "|".join(_plain(part) for part in value[:50])
        case dict() if "amount" in value:
            return f"{_plain(value['amount'])} {_plain(value.get('currency', ''))}"
        case _:
            return ""


def price_of(text: str, currency: str) -> Money | None:
    """``348.99``, ``348,99`` or ``348.99 USD``; None where the currency is unknown or differs."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    codes = {code for code in (match[1], match[3], currency.upper()) if code}
    if len(codes) != 1 or not codes <= CODES:
        return None
    return money_of(Decimal(match[2].replace(",", ".")), codes.pop())


def _stock(row: Row) -> tuple[Availability, int | None, QuantityKind | None]:
    said = re.sub(r"[^a-z]", "", row.get("availability", "").rsplit("/", 1)[-1].lower())
    word = _WORDS.get(said, Availability.unknown)
    match = re.fullmatch(r"(\d{1,9})(?:\.0+)?\s*(\+?)", row.get("stock", ""))
    if match is None:
        word = _WORDS.get(re.sub(r"[^a-z]", "", row.get("stock", "").lower()), word)
        return word, 0 if word is Availability.out_of_stock else None, _kind_of(word, None)
    quantity, kind = int(match[1]), QuantityKind.at_least if match[2] else QuantityKind.exact
    if quantity == 0 and word in {Availability.backorder, Availability.preorder}:
        return word, None, None
    if quantity == 0 or word is Availability.out_of_stock:
        return Availability.out_of_stock, 0, QuantityKind.exact
    if word in {Availability.unknown, Availability.in_stock, Availability.low}:
        word = Availability.low if quantity <= LOW_UNTIL else Availability.in_stock
    return word, quantity, kind


def _kind_of(word: Availability, quantity: int | None) -> QuantityKind | None:
    is_known = quantity is not None or word is Availability.out_of_stock
    return QuantityKind.exact if is_known else None


def _prices(row: Row) -> tuple[Money | None, Money | None]:
    currency = row.get("currency", "")
    usual = price_of(row.get("price", ""), currency)
    sale = price_of(row.get("sale_price", ""), currency)
    listed = price_of(row.get("list_price", ""), currency)
    paid = usual
    if sale is not None and usual is not None and Decimal(sale.amount) < Decimal(usual.amount):
        paid, listed = sale, usual
    is_higher = listed and paid and Decimal(listed.amount) > Decimal(paid.amount)
    return paid, listed if is_higher else None


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,3}", text) else None


def read_row(row: Mapping[str, str]) -> Reading | NoReading:
    """What one row says of its product. A row that contradicts another one says nothing."""
    if not row.get("id") or not row.get("title"):
        detail = "twice in the feed, differently" if not row else "a row without id or title"
        return NoReading(kind=PageKind.unknown_layout, detail=detail)
    plain = dict(row)
    price, listed = _prices(plain)
    availability, quantity, kind = _stock(plain)
    images = dict.fromkeys(_PICTURE.findall(plain.get("images", "")))
    url = plain.get("url", "")
    return Reading(
        external_id=plain["id"],
        title=" ".join(plain["title"].split())[:1000],
        availability=availability,
        price=price,
        list_price=listed,
        quantity=quantity,
        quantity_kind=kind,
        ships_in_days=_whole(plain.get("ships", "")),
        seller=plain.get("seller", "")[:120] or None,
        images=tuple(images)[:30],
        url=url if _PICTURE.fullmatch(url) else None,
        method="row",
    )
