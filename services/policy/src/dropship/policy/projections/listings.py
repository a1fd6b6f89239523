"""The rows of `listings`: what their owners want of them, and where they stand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.listings import ListingAmended, ListingRequested, ListingStatus
from dropship.contracts.money import Money
from dropship.contracts.stores import StoreConnected
from dropship.policy.domain.shop_holds import ShopHolds
from dropship.pricing.money import from_wire
from dropship.runtime.journal import Transaction

_REQUEST = """
INSERT INTO listings
       (id, tenant_id, store_id, product_id, marketplace, currency, fee_schedule, policy_id,
        override_minor, override_currency, min_price_minor, min_price_currency,
        max_price_minor, max_price_currency, status, requested_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'Pending', %s)
"""

_AMEND = """
UPDATE listings SET policy_id = %s, override_minor = %s, override_currency = %s,
       min_price_minor = %s, min_price_currency = %s, max_price_minor = %s, max_price_currency = %s
 WHERE id = %s AND tenant_id = %s
"""

_DECIDED = """
UPDATE listings SET decision_no = %s, verdict = %s, cause = %s, sellable_since = %s, revisit_at = %s
 WHERE id = %s
"""

_SELLERS = """
SELECT DISTINCT l.tenant_id FROM products p JOIN listings l ON l.product_id = p.id
 WHERE p.source = %s AND l.status NOT IN ('Ended', 'Delisted') ORDER BY l.tenant_id
"""

_REVISITS = """
UPDATE listings l SET revisit_at = NULL
  FROM (SELECT id FROM listings WHERE revisit_at <= %s
         ORDER BY revisit_at LIMIT %s FOR UPDATE SKIP LOCKED) due
 WHERE l.id = due.id RETURNING l.product_id, l.id
"""

_CHARGE = """
UPDATE listings l SET fee_schedule = %(fees)s
  FROM (SELECT id FROM listings WHERE tenant_id = %(tenant)s AND store_id = %(store)s
           AND fee_schedule <> %(fees)s AND status NOT IN ('Ended', 'Delisted')
         ORDER BY product_id, id FOR UPDATE) charged
 WHERE l.id = charged.id RETURNING l.product_id, l.id
"""

_OVER = "revisit_at = CASE WHEN %(over)s THEN NULL ELSE revisit_at END"
_MOVE = f"""
UPDATE listings SET status = %(status)s, shop_holds = %(holds)s, {_OVER}
 WHERE id = %(id)s AND tenant_id = %(tenant)s
"""  # noqa: S608 - fixed text
_SHOP_HOLDS = """
SELECT shop_holds::text FROM listings WHERE id = %s AND tenant_id = %s FOR UPDATE
"""
_HOLD = "UPDATE listings SET shop_holds = %s WHERE id = %s AND tenant_id = %s"
_ENDINGS = (ListingStatus.Ended, ListingStatus.Delisted)


class Outcome(Struct, frozen=True, kw_only=True):
    """What the newest evaluation of a listing leaves for the next one."""

    listing_id: str
    decision_no: int
    verdict: str
    cause: bytes | None
    sellable_since: datetime | None
    revisit_at: datetime | None


async def request(tx: Transaction, wish: ListingRequested, tenant: str) -> None:
    """A new listing, not decided yet."""
    await tx.execute(
        _REQUEST,
        (
            wish.listing_id,
            tenant,
            wish.store_id,
            wish.product_id,
            wish.marketplace,
            wish.currency,
            wish.fee_schedule,
            wish.policy_id,
            *_typed(wish),
            tx.at,
        ),
    )


async def amend(tx: Transaction, wish: ListingAmended, tenant: str) -> bool:
    """Its owner wants it otherwise. False where the tenant has no such listing."""
    values = (wish.policy_id, *_typed(wish), wish.listing_id, tenant)
    return (await tx.execute(_AMEND, values)).rowcount == 1


async def move(
    tx: Transaction, id_: str, tenant: str, status: ListingStatus, holds: ShopHolds
) -> bool:
    """Where it stands now, and what holds it there besides our decisions; one that is over is not
    looked at again. False where there is none.
    """
    values = {
        "status": status.value,
        "holds": _json(holds),
        "over": status in _ENDINGS,
        "id": id_,
        "tenant": tenant,
    }
    return (await tx.execute(_MOVE, values)).rowcount == 1


async def shop_holds(tx: Transaction, id_: str, tenant: str) -> ShopHolds | None:
    """What holds a listing besides our decisions, locked. None where the tenant has none such."""
    row = await tx.fetch_one(_SHOP_HOLDS, (id_, tenant))
    return msgspec.json.decode(row[0], type=ShopHolds) if row else None


async def hold(tx: Transaction, id_: str, tenant: str, holds: ShopHolds) -> None:
    """The syncer told of a hold; where the listing stands it tells apart."""
    await tx.execute(_HOLD, (_json(holds), id_, tenant))


async def sellers_of(tx: Transaction, source: str) -> list[str]:
    """The tenants who sell, or are about to sell, products of this source."""
    return [tenant for (tenant,) in await tx.fetch_all(_SELLERS, (source,))]


async def take_revisits(tx: Transaction, limit: int) -> list[tuple[UUID, UUID]]:
    """Product and listing of those whose time has come; each is told once."""
    return [(product, id_) for product, id_ in await tx.fetch_all(_REVISITS, (tx.at, limit))]


async def charge(tx: Transaction, tenant: str, store: StoreConnected) -> list[tuple[UUID, UUID]]:
    """The fees that a store pays now; returns product and listing of those that paid others."""
    values = {"fees": store.fee_schedule, "tenant": tenant, "store": store.store_id}
    return [(product, id_) for product, id_ in await tx.fetch_all(_CHARGE, values)]


async def decided(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Keep what was decided."""
    rows = [
        (o.decision_no, o.verdict, o.cause, o.sellable_since, o.revisit_at, o.listing_id)
        for o in outcomes
    ]
    if rows:
        await tx.executemany(_DECIDED, rows)


def _json(holds: ShopHolds) -> str:
    return msgspec.json.encode(holds).decode()


def _typed(wish: ListingRequested | ListingAmended) -> tuple[int | str | None, ...]:
    return (*_pair(wish.price), *_pair(wish.min_price), *_pair(wish.max_price))


def _pair(typed: Money | None) -> tuple[int | None, str | None]:
    if typed is None:
        return None, None
    money = from_wire(typed)
    return money.minor, money.currency
