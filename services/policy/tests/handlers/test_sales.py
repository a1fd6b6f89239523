"""What was ordered here is not offered a second time before the supplier's number has moved."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dropship.contracts.availability import Availability, QuantityKind
from dropship.contracts.decisions import DecisionMade, ListingWhy
from dropship.contracts.listings import Hold
from dropship.contracts.messages import Message
from dropship.contracts.money import Money
from dropship.contracts.orders import OrderCancelled, OrderLine, OrderReceived
from dropship.contracts.products import StockChanged
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.domain.rerun import Record, differences, rerun
from dropship.policy.queries.why import listing_why
from dropship.runtime.errors import Unreadable

Stock = Callable[..., StockChanged]
Decisions = Callable[[list[Message]], list[DecisionMade]]
PRICE = Money("26.33", "USD")


class Till:
    """Orders of Anna's and Bert's buyers, as the syncer tells of them."""

    def __init__(self, story: Any, stock: Stock) -> None:
        self.story, self.stock = story, stock

    def line(self, quantity: int, item: str = "B1", listing: str | None = "listing") -> OrderLine:
        ours = listing is not None
        return OrderLine(
            listing_id=self.story.id_of(listing) if ours else None,
            product_id=self.story.product(item) if ours else None,
            sku="DC-1" if ours else "of the seller",
            quantity=quantity,
            unit_price=PRICE,
            unit_cost=None,
        )

    def ordered(self, name: str, *lines: OrderLine, at: Any = None) -> OrderReceived:
        return OrderReceived(
            order_id=self.story.id_of(name),
            store_id=self.story.id_of("store of anna"),
            marketplace="shopify",
            external_id=name,
            lines=lines,
            total=PRICE,
            fees=Money("0.00", "USD"),
            fees_kind="estimated",
            ordered_at=at or self.story.clock.now(),
        )

    def called_off(self, name: str) -> OrderCancelled:
        store, now = self.story.id_of("store of anna"), self.story.clock.now()
        return OrderCancelled(order_id=self.story.id_of(name), store_id=store, cancelled_at=now)

    async def sells(self, name: str, quantity: int, tenant: str = "anna") -> list[Message]:
        return await self.tells(self.ordered(name, self.line(quantity)), tenant)

    async def cancels(self, name: str, tenant: str = "anna") -> list[Message]:
        return await self.tells(self.called_off(name), tenant)

    async def tells(self, event: Any, tenant: str = "anna") -> list[Message]:
        """It is heard, and what it marked due is decided."""
        await self.story.hears(event, tenant=self.story.id_of(tenant))
        said: list[Message] = await self.story.drains()
        return said

    async def shows(
        self, quantity: int | None, new: Availability = Availability.in_stock, **more: Any
    ) -> list[Message]:
        """A minute later the supplier's page is seen, and it says something else than before."""
        self.story.clock.advance(60)
        seen = self.stock(new, quantity, at=self.story.clock.now(), **more)
        said: list[Message] = await self.story.hears(seen)
        self.story.clock.advance(60)
        return said

    async def offered(self) -> int:
        (row,) = await self.story.database.fetch_all(
            "SELECT verdict -> 'quantity' FROM listings WHERE id = %s",
            (self.story.id_of("listing"),),
        )
        return int(row[0])


@pytest.fixture
async def till(shop: Any, stock: Stock) -> Till:
    """Anna offers the two that the supplier shows."""
    till = Till(shop, stock)
    await till.shows(2, quantity_kind=QuantityKind.exact)
    return till


async def test_of_two_at_the_supplier_two_are_sold_and_not_four(
    till: Till, decisions: Decisions
) -> None:
    (made,) = decisions(await till.sells("first", 1))
    assert (made.quantity, made.holds) == (1, ())
    assert "stock in_stock 2 - 1 sold: 1" in made.reasons
    (made,) = decisions(await till.sells("second", 1))
    assert (made.quantity, made.holds) == (0, (Hold.out_of_stock,))
    assert (made.stock, made.price) == (2, PRICE)
    question = ListingWhy(listing_id=made.listing_id)
    why = await till.story.answers(listing_why, question)
    assert any(
        "The supplier shows 2, of which 2 are sold here and perhaps not yet bought there"
        in each.said
        for each in why.rules
    )


async def test_the_order_is_the_cause_of_the_decision(till: Till) -> None:
    heard = till.story.heard(till.ordered("first", till.line(2)), till.story.anna)
    await till.story.hears_all(heard)
    async with till.story.database.transaction() as tx:
        rows = await tx.fetch_all("SELECT key, part FROM due")
    assert [key for key, _ in rows] == [till.story.kettle]
    await till.story.drains()
    row = await till.story.database.fetch_one(
        "SELECT payload FROM journal WHERE aggregate LIKE 'decision:%%'"
        " ORDER BY version DESC LIMIT 1"
    )
    made = msgspec.json.decode(bytes(row[0]))
    assert made["causationid"] == heard.envelope.id
    assert (made["tenant"], made["partitionkey"]) == (till.story.anna, till.story.kettle)
    question = ListingWhy(listing_id=till.story.id_of("listing"))
    chain = (await till.story.answers(listing_why, question)).chain
    assert [(link.type, link.said) for link in chain] == [
        (OrderReceived.wire_type(), "2 were ordered in the shop."),
        (DecisionMade.wire_type(), "Decided: on hold (out_of_stock), 26.33 USD."),
    ]
    await till.cancels("first")
    chain = (await till.story.answers(listing_why, question)).chain
    assert [link.said for link in chain[:2]] == [
        "2 were ordered in the shop.",
        "The order was called off.",
    ]


async def test_an_order_called_off_is_offered_again_at_once(
    till: Till, decisions: Decisions
) -> None:
    await till.sells("first", 2)
    (made,) = decisions(await till.cancels("first"))
    assert (made.quantity, made.holds) == (2, ())
    assert await till.cancels("first") == []
    assert await till.cancels("of somebody else's goods") == []


async def test_when_the_supplier_has_more_all_of_it_is_offered_without_a_wait(
    till: Till, decisions: Decisions
) -> None:
    await till.sells("first", 2)
    (made,) = decisions(await till.shows(5))
    assert (made.quantity, made.holds) == (5, ())
    (made,) = decisions(await till.sells("second", 1))
    assert made.quantity == 4


async def test_what_is_bought_at_the_supplier_is_not_taken_off_twice(till: Till) -> None:
    await till.sells("first", 1)
    await till.shows(1)
    assert await till.offered() == 1


@pytest.mark.parametrize(
    "between",
    [
        {"quantity": 2, "new": Availability.low},
        {"quantity": 2, "quantity_kind": QuantityKind.at_least},
        {"quantity": None},
        {"quantity": 999, "quantity_kind": QuantityKind.assumed},
        {"quantity": 2, "ships_in_days": 2},
    ],
)
async def test_the_same_number_seen_again_begins_no_new_count(
    till: Till, between: dict[str, Any]
) -> None:
    await till.sells("first", 2)
    await till.shows(**between)
    await till.shows(2)
    assert await till.offered() == 0


async def test_the_same_number_after_none_were_left_is_a_new_one(till: Till) -> None:
    await till.sells("first", 2)
    await till.shows(None, Availability.out_of_stock)
    await till.shows(2)
    till.story.clock.advance(600)
    await till.story.goes_round()
    assert await till.offered() == 2


async def test_where_no_number_is_stated_a_sale_changes_nothing(
    till: Till, decisions: Decisions
) -> None:
    await till.shows(None)
    assert await till.offered() == 1
    assert decisions(await till.sells("first", 1)) == []
    assert await till.offered() == 1


async def test_an_order_is_counted_once_however_often_it_is_told(till: Till) -> None:
    for _ in range(2):
        await till.sells("first", 1)
    assert await till.offered() == 1


async def test_every_line_of_ours_counts_and_what_the_seller_sells_besides_does_not(
    till: Till,
) -> None:
    await till.shows(9)
    lines = till.line(2), till.line(3), till.line(4, listing=None), till.line(1, item="B2")
    await till.tells(till.ordered("large", *lines))
    assert await till.offered() == 4
    rows = await till.story.rows("sold", "product_id, quantity")
    products = {till.story.product("B1"): 5, till.story.product("B2"): 1}
    assert {str(product): quantity for product, quantity in rows} == products


async def test_all_of_a_tenant_s_stores_share_what_the_supplier_has(
    till: Till, decisions: Decisions
) -> None:
    await till.story.lists("elsewhere", store="second store")
    made = decisions(await till.sells("first", 1))
    assert {one.listing_id for one in made} == {
        till.story.id_of("listing"),
        till.story.id_of("elsewhere"),
    }
    assert {one.quantity for one in made} == {1}


async def test_what_a_tenant_sells_is_never_seen_by_another(
    till: Till, decisions: Decisions
) -> None:
    await till.story.defines(tenant="bert")
    await till.story.lists("bert's", tenant="bert")
    (made,) = decisions(await till.sells("anna's", 2))
    assert made.listing_id == till.story.id_of("listing")
    said = decisions(await till.tells(till.ordered("bert's", till.line(1)), "bert"))
    assert [(one.listing_id, one.quantity) for one in said] == [(till.story.id_of("bert's"), 1)]
    assert await till.cancels("anna's", "bert") == []
    assert await till.offered() == 0
    with pytest.raises(Unreadable):
        await till.story.hears(till.ordered("nobody's", till.line(1)))


async def test_a_listing_that_begins_after_the_order_takes_it_into_account(
    till: Till, decisions: Decisions
) -> None:
    await till.story.hears(till.ordered("first", till.line(2)), tenant=till.story.anna)
    (made,) = decisions(await till.story.lists("later", store="second store"))
    assert made.quantity == 0
    (made,) = decisions(await till.story.drains())
    assert made.listing_id == till.story.id_of("listing")


async def test_an_order_of_three_months_ago_is_forgotten_and_decided_anew(
    till: Till, decisions: Decisions
) -> None:
    await till.sells("first", 2)
    till.story.clock.advance(89 * 86400)
    assert await till.story.goes_round() == []
    till.story.clock.advance(2 * 86400)
    (made,) = decisions(await till.story.goes_round())
    assert made.quantity == 2
    assert await till.story.rows("sold", "order_id, quantity") == []


async def test_every_decision_about_sales_is_made_again_from_its_row(till: Till) -> None:
    await till.sells("first", 1)
    await till.sells("second", 1)
    await till.cancels("second")
    await till.shows(7)
    rows = await till.story.rows("decisions", "decision_no, at, facts::text, ruling::text")
    assert [msgspec.json.decode(row[2], type=Facts).sold for row in rows[-4:]] == [1, 2, 1, 0]
    for _, at, facts, ruling in rows:
        record = Record(
            facts=msgspec.json.decode(facts, type=Facts),
            at=at,
            ruling=msgspec.json.decode(ruling, type=Ruling),
        )
        assert differences(record.ruling, rerun(record)) == ()


def interleaved(*rows: Sequence[Any]) -> Iterator[list[Any]]:
    """All ways to merge the rows, each keeping its own order."""
    if not any(rows):
        yield []
    for n, row in enumerate(rows):
        if row:
            for rest in interleaved(*rows[:n], row[1:], *rows[n + 1 :]):
                yield [row[0], *rest]


@pytest.mark.parametrize("drains_between", [False, True])
async def test_orders_and_looks_end_in_the_same_offer_in_whatever_order_they_are_heard(
    till: Till, stock: Stock, *, drains_between: bool
) -> None:
    """They come on different partitions: the page shows 6 and then 5, and before, between and after
    that some are sold, and some of these called off. Thirty of the 630 ways to hear it are tried.
    """
    story, start = till.story, till.story.clock.now()
    await story.opens("pro")
    found = set()
    for number, item in enumerate(ITEMS):
        minutes = [start + timedelta(minutes=n) for n in range(6)]
        looks = [stock(quantity=6, item=item, at=minutes[1])]
        looks.append(stock(quantity=5, item=item, at=minutes[3]))
        names = [f"{when} {item}" for when in ("before", "between", "after", "off")]
        orders = [
            till.ordered(name, till.line(1 + n, item), at=minutes[at])
            for n, (name, at) in enumerate(zip(names, (0, 2, 4, 5), strict=True))
        ]
        ways = list(
            interleaved(looks, orders[:1], orders[1:3], [orders[3], till.called_off(names[3])])
        )
        heard = ways[number * len(ways) // len(ITEMS)]
        await story.stocks(item)
        await story.lists(f"listing of {item}", item=item)
        for event in heard:
            tenant = None if isinstance(event, StockChanged) else story.anna
            await story.hears(event, tenant=tenant)
            if drains_between:
                await story.drains()
        await story.drains()
        row = await story.database.fetch_one(
            "SELECT verdict -> 'quantity', verdict -> 'holds', verdict -> 'reasons', sold_now.n"
            "  FROM listings l, LATERAL (SELECT sum(quantity) n FROM sold s WHERE s.product_id ="
            "  l.product_id AND cancelled_at IS NULL) sold_now WHERE id = %s",
            (story.id_of(f"listing of {item}"),),
        )
        found.add(msgspec.json.encode(row))
    assert len(found) == 1
    assert msgspec.json.decode(found.pop())[:2] == [2, []]


ITEMS = [f"C{n}" for n in range(30)]
