"""The verdict on one schedule: by the shop's ledger, by what was said, and by what was about to be
sent. The arithmetic of fees stands here once more, on purpose.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

from dropship.contracts.catalogue import READER
from dropship.contracts.decisions import DecisionMade
from dropship.contracts.envelope import open_envelope
from dropship.contracts.listings import (
    ListingDelisted,
    ListingEnded,
    ListingPaused,
    ListingPublished,
    ListingRepriced,
    ListingRestocked,
    ListingResumed,
)
from dropship.contracts.messages import Event
from integration.market import Market
from integration.running import SERVICES, Stack
from integration.stories import CENT, FIXED, RATE

OVER = ("Ended", "Delisted")
_ROWS = """
SELECT id::text, status, sync, sync_detail, own_holds || wanted_holds, wanted_price_minor,
       wanted_quantity, decision_no, decided_cost_minor, decided_availability, bringing IS NULL,
       bring_again_at, price_minor, quantity, ending, capped_quantity
  FROM syncer.listings WHERE id::text = ANY(%s)
"""
_INTENTS = """
SELECT listing_id::text, step, decision_no, started_at FROM syncer.intents
 WHERE listing_id::text = ANY(%s) ORDER BY started_at
"""
_SAID = """
SELECT aggregate, version, payload FROM {}.journal
 WHERE stream = 'EVENTS' AND aggregate = ANY(%s) ORDER BY aggregate, version
"""


@dataclass
class Case:
    """What is judged: the listings of one schedule, and the shop's ledger after write `since`.

    `sold` are the listings of which somebody bought: until that sale is decided upon, fewer than
    wanted may be offered of them, never more.
    """

    stack: Stack
    market: Market
    since: int = 0
    listings: dict[str, str] = field(default_factory=dict)
    truth: dict[str, dict[str, Any]] = field(default_factory=dict)
    sold: set[str] = field(default_factory=set)
    writes: int = 0
    unanswered: int = 0

    async def rows(self) -> list[dict[str, Any]]:
        """The syncer's own rows."""
        names = (
            *("id", "status", "sync", "detail", "holds", "price", "quantity", "number", "cost"),
            *("availability", "idle", "again_at", "shown_price", "shown_quantity", "ending"),
            "capped",
        )
        found = await self.stack.sql(_ROWS, list(self.listings))
        return [dict(zip(names, row, strict=True)) for row in found]

    async def left(self) -> list[str]:
        """The listings that are not over, or still there."""
        there = await self.there()
        return [
            f"{row['id']} is {row['status']}, {row['sync']}: {row['detail']}"
            for row in await self.rows()
            if row["status"] not in OVER or _stands(there.get(row["id"]))
        ]

    async def there(self) -> dict[str, dict[str, Any]]:
        """The products of the shop that are these listings."""
        ledger = await self.market.ledger()
        return {
            product["listing"]: product
            for product in ledger["products"]
            if product["listing"] in self.listings and not product["deleted"]
        }

    async def said(self, by: str, kind: str) -> dict[str, list[Event]]:
        """What a service has said of each listing, in the order of versions."""
        about = [f"{kind}:{id_}" for id_ in self.listings]
        found: dict[str, list[Event]] = {id_: [] for id_ in self.listings}
        for aggregate, _, payload in await self.stack.sql(_SAID.format(by), about):
            fact = READER.read(open_envelope(bytes(payload)))
            assert isinstance(fact, Event)
            found[aggregate.partition(":")[2]].append(fact)
        return found


async def unrest(case: Case) -> list[str]:
    """Where the shop shows something else than what is wanted, or somebody is still at work."""
    there = await case.there()
    return [wrong for row in await case.rows() if (wrong := _differs(case, row, there))]


def _differs(case: Case, row: dict[str, Any], there: dict[str, dict[str, Any]]) -> str:
    id_, product = row["id"], there.get(row["id"])
    if row["status"] in OVER:
        return f"{id_} is over and still there" if _stands(product) else ""
    if not row["idle"] or row["again_at"] is not None or row["ending"] is not None:
        return f"{id_} is being brought: {row}"
    truth = case.truth[case.listings[id_]]
    if not _is_decided_by(row, truth):
        return f"{id_} is not decided by what the supplier has: {row}, {truth}"
    nothing: dict[str, Any] = {"quantity": 0, "price": None}
    shown: dict[str, Any] = product["variants"][0] if product else nothing
    live = bool(product and product["live"])
    if row["holds"]:
        sells = live and shown["quantity"] > 0
        return f"{id_} sells under {row['holds']}" if sells else ""
    right = bool(
        live
        and Decimal(str(shown["price"])) * 100 == row["price"]
        and 0 < shown["quantity"] <= row["quantity"]
        and (row["sync"] == "in_sync" or _is_kept_back(case, row, shown["quantity"]))
    )
    return "" if right else f"{id_}: {shown}, live {live}, instead of {row}"


def _is_kept_back(case: Case, row: dict[str, Any], shown: int) -> bool:
    """Whether no more than was left is offered, since somebody bought."""
    return bool(row["id"] in case.sold and row["capped"] == shown and row["sync"] == "pending")


def _stands(product: dict[str, Any] | None) -> bool:
    return product is not None and product["status"] != "ARCHIVED"


def _is_decided_by(row: dict[str, Any], truth: dict[str, Any]) -> bool:
    if not truth["quantity"]:
        return bool(row["availability"] == "out_of_stock")
    cents = Decimal(truth["price"]["amount"]) * 100
    return bool(row["cost"] == cents and row["availability"] in ("in_stock", "low"))


async def verdict(case: Case) -> list[str]:
    """Every rule that was broken in this schedule."""
    ledger = await case.market.ledger()
    writes = [
        write
        for write in ledger["writes"]
        if write["n"] > case.since and write["listing"] in case.listings
    ]
    case.writes = len(writes)
    case.unanswered = sum(not write["answered"] for write in writes)
    decisions = await case.said("policy", "decision")
    events = await case.said("syncer", "listing")
    intents = await case.stack.sql(_INTENTS, list(case.listings))
    return [
        *(
            f"{id_} exists {count} times"
            for id_, count in ledger["max_existing_per_listing"].items()
            if id_ in case.listings and count > 1
        ),
        *listed_twice(case.listings, writes),
        *sent_wrongly(intents, decisions, case.sold),
        *sold_too_soon(writes, intents, decisions),
        *written_wrongly(writes, intents),
        *_said_wrongly(await case.rows(), events),
        *await _buried(case.stack),
        *ledger["violations"],
    ]


def listed_twice(listings: dict[str, str], writes: list[dict[str, Any]]) -> list[str]:
    """One product stands in the shop once at any time, whatever listing it belongs to."""
    wrong: list[str] = []
    standing: dict[str, str] = {}
    for write in writes:
        id_ = write["listing"]
        product = listings[id_]
        if write["status"] == "ARCHIVED":
            standing.pop(product, None)
        elif standing.setdefault(product, id_) != id_:
            wrong.append(f"{product} is listed as {standing[product]} and as {id_}")
    return wrong


def sent_wrongly(
    intents: list[tuple[Any, ...]], decisions: dict[str, list[Event]], sold: Collection[str]
) -> list[str]:
    """Every call traces to one decision, the numbers never go back, and each price pays."""
    wrong: list[str] = []
    newest: dict[str, int] = {}
    for id_, step, number, *_ in intents:
        what = f"{id_}: {step} by decision {number}"
        if number < newest.get(id_, 0):
            wrong.append(f"{what}, after decision {newest[id_]}")
        newest[id_] = number
        if not _only_stops(step):
            fact = _made(decisions[id_], number)
            wrong += [f"{what}: {why}" for why in _unlike(step, fact, fewer=id_ in sold)]
    return wrong


def _made(facts: list[Event], number: int) -> DecisionMade | None:
    made = (fact for fact in facts if isinstance(fact, DecisionMade))
    return next((fact for fact in made if fact.decision_no == number), None)


def _only_stops(step: dict[str, Any]) -> bool:
    pause = step["type"] == "set_quantity" and step["quantity"] == 0
    return bool(step["type"] == "end" or pause)


def _unlike(step: dict[str, Any], fact: DecisionMade | None, *, fewer: bool) -> list[str]:
    if fact is None or fact.price is None:
        return ["there is no such decision, or no price in it"]
    if fact.holds:
        return [f"it was held: {fact.holds}"]
    price = Decimal(step["price"]["minor"]) / 100
    rises = step["type"] != "set_quantity"
    if rises and price != Decimal(fact.price.amount):
        return [f"it wanted {fact.price.amount}"]
    least = 1 if fewer else fact.quantity
    if "quantity" in step and not least <= step["quantity"] <= fact.quantity:
        return [f"it wanted {fact.quantity}"]
    return [] if _pays(price, fact) else ["it loses money, or is below its floor"]


def sold_too_soon(
    writes: list[dict[str, Any]],
    intents: list[tuple[Any, ...]],
    decisions: dict[str, list[Event]],
) -> list[str]:
    """Where more was put up for sale, the decided price stood there first."""
    wrong: list[str] = []
    before: dict[str, int] = {}
    for write in writes:
        id_, quantity = write["listing"], write["quantity"] or 0
        rises = quantity > before.get(id_, quantity)
        before[id_] = quantity
        meant = [
            number
            for listing, step, number, started_at in intents
            if listing == id_ and started_at <= datetime.fromisoformat(write["at"])
        ]
        fact = _made(decisions[id_], meant[-1]) if meant else None
        price = Decimal(str(write["price"]))
        if rises and fact and fact.price and price != Decimal(fact.price.amount):
            wrong.append(f"{id_}: {quantity} for {price} before {fact.price.amount} stood there")
    return wrong


def _pays(price: Decimal, fact: DecisionMade) -> bool:
    if fact.floor is None or fact.cost is None or price < Decimal(fact.floor.amount):
        return False
    fees = (price * RATE).quantize(CENT, ROUND_HALF_EVEN) + FIXED
    return price - fees >= Decimal(fact.cost.amount)


def written_wrongly(writes: list[dict[str, Any]], intents: list[tuple[Any, ...]]) -> list[str]:
    """Nothing stands in the shop that nobody meant to send."""
    prices = {(id_, step["price"]["minor"]) for id_, step, *_ in intents if "price" in step}
    wrong = []
    for write in writes:
        if write["price"] is None or not write["changed"]:
            continue
        minor = Decimal(str(write["price"])) * 100
        if (write["listing"], minor) not in prices:
            wrong.append(f"{write['listing']}: nobody meant to write {write['price']}")
    return wrong


def _said_wrongly(rows: list[dict[str, Any]], events: dict[str, list[Event]]) -> list[str]:
    """Whoever folds the events knows what the row knows."""
    wrong = []
    for row in rows:
        folded = _folded(events[row["id"]])
        known = {name: row[name] for name in folded}
        if folded != known:
            wrong.append(f"{row['id']} is {known}, and its events say {folded}")
    for id_, facts in events.items():
        numbers = [int(n) for fact in facts if (n := getattr(fact, "decision_no", None))]
        if any(later < earlier for earlier, later in pairwise(numbers)):
            wrong.append(f"{id_}: its events name decisions {numbers}")
    return wrong


def _folded(facts: list[Event]) -> dict[str, Any]:
    known: dict[str, Any] = {"status": "Pending"}
    for fact in facts:
        match fact:
            case ListingPublished() | ListingResumed():
                known = {"status": "Active", "shown_quantity": fact.quantity}
                known["shown_price"] = _cents(fact.price)
            case ListingRepriced():
                known["shown_price"] = _cents(fact.new)
            case ListingRestocked():
                known["shown_quantity"] = fact.new
            case ListingPaused():
                known |= {"status": "Paused", "shown_quantity": 0}
            case ListingEnded():
                known = {"status": "Ended"}
            case ListingDelisted():
                known = {"status": "Delisted"}
    return known


def _cents(amount: Any) -> int:
    return int(Decimal(amount.amount) * 100)


async def _buried(stack: Stack) -> list[str]:
    """Nothing waits for a person: no dead command, no parked event."""
    wrong: list[str] = []
    for service in SERVICES:
        for table in ("dead_commands", "parked"):
            causes = await stack.sql(f"SELECT cause FROM {service}.{table}")  # noqa: S608
            wrong += [f"{service}.{table}: {cause}" for (cause,) in causes]
    return wrong
