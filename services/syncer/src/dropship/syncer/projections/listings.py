"""The rows of `listings`: locked, read as the domain's state, and written back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.availability import Availability
from dropship.contracts.listings import Hold, ListingStatus, SyncState
from dropship.contracts.stores import StoreMode, StoreStatus
from dropship.pricing.money import Money
from dropship.runtime.journal import Transaction
from dropship.syncer.domain.facts import Taxes
from dropship.syncer.domain.listing import (
    OVER,
    Cap,
    Decided,
    Listing,
    Outstanding,
    There,
    in_order,
)
from dropship.syncer.domain.steps import Standing
from dropship.syncer.projections.amounts import money_of


class Known(Struct):
    """A locked listing: its state, its aggregate version, and its store as it is now."""

    listing: Listing
    version: int
    marketplace: str
    standing: Standing
    fee_schedule: str
    synced: bool = False

    @property
    def id(self) -> UUID:
        return UUID(self.listing.id)


class Content(Struct, frozen=True):
    """What a buyer reads."""

    sku: str
    title: str
    description: str
    images: tuple[str, ...]


_COLUMNS = """
id, version, marketplace, store_id, tenant_id, product_id, currency, min_minor, status, own_holds,
ending, sync, sync_detail, external_id, shown, price_minor, price_currency, quantity, refs,
decision_no, wanted_price_minor, floor_minor, wanted_quantity, wanted_holds, decided_cost_minor,
decided_cost_currency, decided_availability, decided_at, decided_taxes, cleared_minor, fresh_until,
bringing, bringing_lane, bringing_since, brings, bring_again_at, failures, sent_at, capped_quantity,
capped_at
"""
_FROM = f"SELECT {_COLUMNS} FROM listings"  # noqa: S608
_LOCK = _FROM + " WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_LOCK_FREE = _LOCK + " SKIP LOCKED"
_LOCK_OF = _FROM + " WHERE tenant_id = %s AND id = %s FOR UPDATE"
_OF_PRODUCTS = _FROM + (
    " WHERE product_id = ANY(%s) AND (status <> ALL(%s) OR id = ANY(%s)) ORDER BY id FOR UPDATE"
)
_STORES = (
    "SELECT id, mode, status, status_reason, fee_schedule FROM store_accounts WHERE id = ANY(%s)"
)

_WRITE = """
UPDATE listings SET version = %(version)s, status = %(status)s, own_holds = %(own_holds)s,
  ending = %(ending)s, sync = %(sync)s, sync_detail = %(sync_detail)s,
  external_id = %(external_id)s, shown = %(shown)s, price_minor = %(price_minor)s,
  price_currency = %(price_currency)s, quantity = %(quantity)s, refs = %(refs)s,
  decision_no = %(decision_no)s, wanted_price_minor = %(wanted_price_minor)s,
  floor_minor = %(floor_minor)s, wanted_quantity = %(wanted_quantity)s,
  wanted_holds = %(wanted_holds)s, decided_cost_minor = %(decided_cost_minor)s,
  decided_cost_currency = %(decided_cost_currency)s,
  decided_availability = %(decided_availability)s, decided_at = %(decided_at)s,
  decided_taxes = %(decided_taxes)s, cleared_minor = %(cleared_minor)s,
  fresh_until = %(fresh_until)s, bringing = %(bringing)s,
  bringing_lane = %(bringing_lane)s, bringing_since = %(bringing_since)s, brings = %(brings)s,
  bring_again_at = %(bring_again_at)s, failures = %(failures)s,
  sent_at = %(sent_at)s, capped_quantity = %(capped_quantity)s, capped_at = %(capped_at)s,
  updated_at = %(updated_at)s,
  last_synced_at = coalesce(%(synced_at)s, last_synced_at)
WHERE id = %(id)s
"""


async def lock(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Lock these listings in the order of their ids, and read them. Unknown ones are left out."""
    return await _with_stores(tx, await tx.fetch_all(_LOCK, (sorted(set(ids)),)))


async def lock_one(tx: Transaction, id_: UUID) -> Known | None:
    """Lock one listing and read it, None if there is none."""
    return (await lock(tx, [id_])).get(id_)


async def lock_of(tx: Transaction, tenant: str, id_: UUID) -> Known | None:
    """As `lock_one`, for a listing of this tenant and no other."""
    return (await _with_stores(tx, await tx.fetch_all(_LOCK_OF, (tenant, id_)))).get(id_)


async def lock_free(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """As `lock`, but leaves out what another transaction holds: for rounds, which come again."""
    return await _with_stores(tx, await tx.fetch_all(_LOCK_FREE, (sorted(set(ids)),)))


async def lock_of_products(
    tx: Transaction, products: Iterable[UUID], named: Iterable[UUID] = ()
) -> dict[UUID, Known]:
    """Lock the listings of these products that are not over, and those of them that are named."""
    over = [status.value for status in OVER]
    rows = await tx.fetch_all(_OF_PRODUCTS, (list(products), over, list(named)))
    return await _with_stores(tx, rows)


async def content(tx: Transaction, id_: UUID) -> Content:
    """What a buyer reads: the user's own words where there are any, else the product's."""
    row = await tx.fetch_one(
        "SELECT l.sku, coalesce(l.title, p.title, l.sku), coalesce(l.description, ''), p.images"
        " FROM listings l LEFT JOIN products_known p USING (product_id) WHERE l.id = %s",
        (id_,),
    )
    assert row is not None
    sku, title, description, images = row
    return Content(sku, title or sku, description, tuple(images or ()))


async def write(tx: Transaction, changed: Sequence[Known]) -> None:
    """Write these listings back as they are now."""
    if changed:
        await tx.executemany(_WRITE, [_values(known, tx.at) for known in changed])


async def _with_stores(tx: Transaction, rows: Sequence[Sequence[Any]]) -> dict[UUID, Known]:
    """Stores are read once the listings are locked, in a statement of its own: the one that waited
    for a lock still shows the store as it was before. Who changes a store later has to wait for us.
    """
    found = await tx.fetch_all(_STORES, (list({row[3] for row in rows}),)) if rows else []
    stores = {
        id_: (Standing(StoreMode(m), StoreStatus(s), r), fees) for id_, m, s, r, fees in found
    }
    return {row[0]: _known(row, *stores[row[3]]) for row in rows}


def _known(row: Sequence[Any], standing: Standing, fee_schedule: str) -> Known:
    id_, version, marketplace, store_id, tenant, product_id, currency, least, *state = row
    names = {"id": str(id_), "tenant": tenant, "store_id": str(store_id)}
    listing = _listing(
        {**names, "product_id": str(product_id)}, currency, money_of(least, currency), state
    )
    return Known(listing, version, marketplace, standing, fee_schedule)


def _listing(
    names: Mapping[str, str], currency: str, least: Money | None, row: Sequence[Any]
) -> Listing:
    status, own_holds, ending, sync, sync_detail, *rest = row
    there, decided, (cleared, fresh_until), rest = rest[:6], rest[6:16], rest[16:18], rest[18:]
    bringing, lane, since, brings, bring_again_at, failures, sent_at, left, capped_at = rest
    return Listing(
        id=names["id"],
        tenant=names["tenant"],
        store_id=names["store_id"],
        product_id=names["product_id"],
        currency=currency,
        min_price=least,
        status=ListingStatus(status),
        own_holds=frozenset(map(Hold, own_holds)),
        ending=ending,
        sync=SyncState(sync),
        sync_detail=sync_detail,
        there=_there(*there),
        decided=_decided(currency, *decided),
        cleared=money_of(cleared, currency),
        fresh_until=fresh_until,
        bringing=Outstanding(str(bringing), lane, since) if bringing else None,
        brings=brings,
        bring_again_at=bring_again_at,
        failures=failures,
        sent_at=sent_at,
        cap=Cap(left, capped_at) if capped_at else None,
    )


def _there(
    external_id: str | None,
    shown: Any,
    price: int | None,
    currency: str | None,
    quantity: int,
    refs: Mapping[str, str],
) -> There | None:
    amount = money_of(price, currency)
    if external_id is None or amount is None:
        return None
    return There(external_id, shown, amount, quantity, refs)


def _decided(currency: str, number: int, *row: Any) -> Decided | None:
    price, floor, quantity, holds, cost, cost_currency, availability, at, taxes = row
    if number == 0:
        return None
    return Decided(
        number=number,
        price=money_of(price, currency),
        floor=money_of(floor, currency),
        quantity=quantity,
        holds=in_order(map(Hold, holds)),
        cost=money_of(cost, cost_currency),
        availability=Availability(availability) if availability else None,
        at=at,
        taxes=msgspec.convert(taxes, Taxes) if taxes else None,
    )


def _values(known: Known, at: datetime) -> dict[str, Any]:
    listing = known.listing
    bringing = listing.bringing
    return {
        "id": known.id,
        "version": known.version,
        "status": listing.status.value,
        "own_holds": as_json(in_order(listing.own_holds)),
        "ending": listing.ending,
        "sync": listing.sync.value,
        "sync_detail": listing.sync_detail,
        **_there_values(listing.there),
        **_decided_values(listing.decided),
        "cleared_minor": _minor(listing.cleared),
        "fresh_until": listing.fresh_until,
        "bringing": bringing.command_id if bringing else None,
        "bringing_lane": bringing.lane if bringing else None,
        "bringing_since": bringing.since if bringing else None,
        "brings": listing.brings,
        "bring_again_at": listing.bring_again_at,
        "failures": min(listing.failures, 30_000),
        "sent_at": listing.sent_at,
        "capped_quantity": listing.cap.quantity if listing.cap else None,
        "capped_at": listing.cap.at if listing.cap else None,
        "updated_at": at,
        "synced_at": at if known.synced else None,
    }


def _there_values(there: There | None) -> dict[str, Any]:
    return {
        "external_id": there.external_id if there else None,
        "shown": there.shown if there else None,
        "price_minor": _minor(there.price) if there else None,
        "price_currency": there.price.currency if there else None,
        "quantity": there.quantity if there else 0,
        "refs": as_json(dict(there.refs)) if there else "{}",
    }


def _decided_values(decided: Decided | None) -> dict[str, Any]:
    cost = decided.cost if decided else None
    return {
        "decision_no": decided.number if decided else 0,
        "wanted_price_minor": _minor(decided.price) if decided else None,
        "floor_minor": _minor(decided.floor) if decided else None,
        "wanted_quantity": decided.quantity if decided else 0,
        "wanted_holds": as_json(decided.holds if decided else ()),
        "decided_cost_minor": _minor(cost),
        "decided_cost_currency": cost.currency if cost else None,
        "decided_availability": (
            decided.availability.value if decided and decided.availability else None
        ),
        "decided_at": decided.at if decided else None,
        "decided_taxes": as_json(decided.taxes) if decided and decided.taxes else None,
    }


def _minor(amount: Money | None) -> int | None:
    return amount.minor if amount is not None else None


def as_json(value: Any) -> str:
    """A list or an object as a JSON parameter."""
    return msgspec.json.encode(value).decode()
