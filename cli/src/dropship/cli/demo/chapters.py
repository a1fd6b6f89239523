"""The chapters of the demo: each moves the suppliers, waits until the shop has followed, and checks
what the shop's own ledger says.
"""

import re
import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from dropship.cli.demo.seller import until
from dropship.cli.demo.selling import Listing, Selling
from dropship.cli.demo.shop import Shop
from dropship.cli.demo.summary import Summary
from dropship.cli.demo.world import Offered, World
from dropship.cli.faults import Fault

CENT = Decimal("0.01")
A_DAY_S = 24 * 3600
BASKET = (2, 1, 1, 1)
RULES: dict[str, Any] = {
    "price": {"basis": "margin_on_price", "value": "0.20"},
    "floor": {"margin": "0.05"},
    "stock": {"cap": 5, "assumed_quantity": 3},
    "pause": {"resume_after_s": 1, "resume_margin": "0.01", "third_party_ok": True},
    "cost_move": {"share": "0.10"},
}


class Chapters:
    """What happens to one seller's listings. Listings are told apart by their place in the list."""

    def __init__(
        self,
        selling: Selling,
        world: World,
        shop: Shop,
        products: dict[str, Offered],
        summary: Summary,
    ) -> None:
        self._selling, self._world, self._shop = selling, world, shop
        self._products, self._summary = products, summary
        self._ids: list[str] = []
        self._offered: dict[str, Offered] = {}
        self._order = sorted(products, key=lambda id_: products[id_].supplier == "feed")
        self._dear, self._gone, self._lost, self._blocked = 0, -1, -2, 1

    async def rehearse(self) -> None:
        """List everything in a store that is a dry run: decided, shown, and nothing sent."""
        for place, product_id in enumerate(self._order):
            offered = self._products[product_id]
            wishes: dict[str, Any] = {}
            if place == len(self._order) + self._lost:
                wishes["max_price"] = _times(offered, "1.8")
            listing = await self._selling.offer(product_id, **wishes)
            self._ids.append(listing["id"])
            self._offered[listing["id"]] = offered

        async def decided() -> int | None:
            found = await self._selling.listings()
            rehearsed = [x for x in found.values() if x["sync"] == "rehearsed" and x["desired"]]
            return len(rehearsed) if len(rehearsed) == len(self._ids) else None

        count = await until(decided, "a rehearsed decision for every listing")
        if await self._shop.writes():
            raise Fault("the store is a dry run, but something was written to the shop")
        self._summary.tell("rehearsed", listings=count, writes=0)

    async def go_live(self) -> None:
        """The one deliberate step: from here on the shop is written to."""
        await self._selling.go_live()
        listings = await self._agree("every listing on sale", self._ids, all_active=True)
        self._summary.tell("live", listings=len(listings))

    async def cost_rises(self) -> None:
        """A supplier asks twelve percent more; the price follows to the cent."""
        id_ = self._ids[self._dear]
        before = await self._selling.listing(id_)
        cost = _times(self._offered[id_], "1.12")
        began = time.monotonic()
        await self._world.set_price(self._offered[id_], cost["amount"])
        after = await self._until(id_, "the new price", lambda x: x["price"] != before["price"])
        shown = (await self._shop.shown())[id_]
        self._summary.tell(
            "cost_rose",
            listing_id=id_,
            cost_before=self._offered[id_].price,
            cost_after=cost,
            price_before=before["price"],
            price_after=after["price"],
            price_in_the_shop=shown["price"],
            seconds=round(time.monotonic() - began, 2),
        )

    async def sells_out(self) -> None:
        """The supplier has none left; the listing is at quantity 0 and Paused."""
        id_ = self._ids[self._gone]
        began = time.monotonic()
        await self._world.set_stock(self._offered[id_], 0)
        listing = await self._until(id_, "its pause", lambda x: x["status"] == "Paused")
        shown = (await self._shop.shown())[id_]
        self._summary.tell(
            "sold_out",
            listing_id=id_,
            status=listing["status"],
            holds=listing["holds"],
            quantity_in_the_shop=shown["quantity"],
            seconds=round(time.monotonic() - began, 2),
        )

    async def returns(self) -> None:
        """It is back at another cost: first the price is made right, then it sells again."""
        id_ = self._ids[self._gone]
        before = await self._shop.writes(id_)
        cost = _times(self._offered[id_], "1.05")
        await self._world.set_offer(self._offered[id_], cost["amount"], 40)
        listing = await self._until(id_, "its return", lambda x: x["status"] == "Active")
        writes = (await self._shop.writes(id_))[len(before) :]
        stocked = [write for write in writes if write["quantity"]]
        self._summary.tell(
            "returned",
            listing_id=id_,
            status=listing["status"],
            price=listing["price"],
            quantity=listing["quantity"],
            price_first=bool(stocked) and all(_costs(w, listing["price"]) for w in stocked),
        )

    async def every_price_loses(self) -> None:
        """The cost climbs over all that may be asked for it: Paused, and an alert says so."""
        id_ = self._ids[self._lost]
        await self._world.set_price(self._offered[id_], _times(self._offered[id_], "2.5")["amount"])
        listing = await self._until(id_, "its pause", lambda x: x["status"] == "Paused")

        async def raised() -> dict[str, Any] | None:
            alerts = await self._selling.open_alerts("low_margin")
            return next((a for a in alerts if a["listing_id"] == id_), None)

        alert = await until(raised, "an alert about the margin")
        self._summary.tell(
            "lost",
            listing_id=id_,
            status=listing["status"],
            holds=listing["holds"],
            alert=alert["message"],
        )

    async def captcha_storm(self) -> None:
        """A supplier shows nothing but captchas: an alert, and not one write; then it recovers."""
        source = self._offered[self._ids[0]].supplier
        before = len(await self._shop.writes())
        await self._world.block(source)

        async def raised() -> dict[str, Any] | None:
            alerts = await self._selling.open_alerts("supplier_suspended")
            return alerts[0] if alerts else None

        alert = await until(raised, "an alert about the supplier")
        during = len(await self._shop.writes()) - before
        await self._world.unblock()

        async def resolved() -> bool | None:
            return None if await self._selling.open_alerts("supplier_suspended") else True

        await until(resolved, "the end of the alert about the supplier")
        id_ = self._ids[self._blocked]
        old = (await self._selling.listing(id_))["price"]
        await self._world.set_price(
            self._offered[id_], _times(self._offered[id_], "1.07")["amount"]
        )
        await self._until(id_, "a new price after the storm", lambda x: x["price"] != old)
        self._summary.tell(
            "captcha_storm", source=source, writes_during=during, alert=alert["message"]
        )

    async def orders(self) -> None:
        """Buyers order; the dashboard must agree with the shop's books, to the cent."""
        listings = await self._selling.listings()
        active = [id_ for id_ in self._ids if listings[id_]["status"] == "Active"]
        costs = {o.key: o.price for o in await self._world.offered()}
        cost, units = Decimal(0), 0
        for id_, quantity in zip(active, BASKET, strict=False):
            await self._shop.buy(id_, quantity)
            price = costs[self._offered[id_].key]
            if price is None:
                raise Fault(f"{self._offered[id_].key} is on sale but has no cost")
            cost += Decimal(price["amount"]) * quantity
            units += quantity

        async def counted() -> dict[str, Any] | None:
            found = await self._selling.figures()
            return found if found is not None and found["units"] >= units else None

        figures = await until(counted, "the orders on the dashboard")
        sums = (await self._shop.ledger())["sums"]
        revenue, fees = Decimal(str(sums["revenue"])), Decimal(str(sums["fees"]))
        expected = {"revenue": revenue, "fees": fees, "cost": cost}
        expected["profit"] = revenue - fees - cost
        found = {name: Decimal(figures[name]["amount"]) for name in expected}
        if found != expected:
            raise Fault(f"the dashboard says {found}, the books say {expected}")
        self._summary.tell(
            "orders",
            orders=figures["orders"],
            units=figures["units"],
            **{name: f"{amount:.2f}" for name, amount in found.items()},
            margin=figures["margin"],
        )

    async def a_day_passes(self) -> None:
        """Everything moves at once; in the end every listing is as it is wanted, once."""
        await self._world.advance(A_DAY_S)
        true = {o.key: o for o in await self._world.offered()}

        async def followed() -> bool | None:
            why = [await self._selling.why(id_) for id_ in self._ids]
            return True if all(self._rests_on(w, true) for w in why) else None

        await until(followed, "a decision on every new cost")
        listings = await self._agree("every listing as it is wanted", self._ids)
        ledger = await self._shop.ledger()
        live = ledger["max_existing_per_sku"]
        self._summary.tell(
            "day_passed",
            listings=len(listings),
            active=sum(x["status"] == "Active" for x in listings.values()),
            paused=sum(x["status"] == "Paused" for x in listings.values()),
            writes=len(ledger["writes"]),
            most_live_of_one_listing=max(live.values()),
        )

    async def asks_why(self) -> None:
        """The chain of causes of the first listing, from the reading to the call."""
        why = await self._selling.why(self._ids[self._dear])
        if not why["chain"]:
            raise Fault("nobody can say why the price is what it is")
        self._summary.why = why

    def _rests_on(self, why: dict[str, Any], true: dict[tuple[str, str], Offered]) -> bool:
        offered = true[self._offered[why["listing_id"]].key]
        cost = offered.price["amount"] if offered.price is not None else None
        return cost is None or named_in(cost, (*why["reasons"], *_said(why)))

    async def _until(self, id_: str, what: str, fits: Any) -> Listing:
        """The listing once it fits, and the shop shows what we believe."""

        async def look() -> Listing | None:
            listing = await self._selling.listing(id_)
            if not fits(listing) or not _settled(listing):
                return None
            return listing if _agrees(listing, (await self._shop.shown()).get(id_)) else None

        return await until(look, f"{what} ({self._offered[id_].title})")

    async def _agree(
        self, what: str, ids: list[str], *, all_active: bool = False
    ) -> dict[str, Listing]:
        async def look() -> dict[str, Listing] | None:
            listings, shown = await self._selling.listings(), await self._shop.shown()
            for id_ in ids:
                fit = _settled(listings[id_]) and _agrees(listings[id_], shown.get(id_))
                if not fit or (all_active and listings[id_]["status"] != "Active"):
                    return None
            return listings

        return await until(look, what)


def named_in(amount: str, texts: Iterable[str]) -> bool:
    """Whether one of them names this amount, and not just one that ends or begins like it."""
    whole = re.compile(rf"(?<![\d.]){re.escape(amount)}(?!\d)")
    return any(whole.search(text) for text in texts)


def _said(why: dict[str, Any]) -> list[str]:
    return [rule["said"] for rule in why["rules"]] + list(why["breakdown"])


def _costs(write: dict[str, Any], price: dict[str, str]) -> bool:
    return Decimal(str(write["price"])) == Decimal(price["amount"])


def _times(offered: Offered, factor: str) -> dict[str, str]:
    if offered.price is None:
        raise Fault(f"{offered.key} has no price to start from")
    amount = (Decimal(offered.price["amount"]) * Decimal(factor)).quantize(CENT)
    return {"amount": str(amount), "currency": offered.price["currency"]}


def _settled(listing: Listing) -> bool:
    """Nothing is on its way, and what was decided is what we believe to stand there."""
    desired = listing["desired"]
    if listing["sync"] != "in_sync" or desired is None:
        return False
    wanted = 0 if listing["holds"] else desired["quantity"]
    priced = bool(listing["holds"]) or listing["price"] == desired["price"]
    quantity = int(listing["quantity"])
    stocked = quantity == wanted or (wanted > 0 and quantity > 0)
    return bool(priced and stocked)


def _agrees(listing: Listing, shown: dict[str, Any] | None) -> bool:
    if shown is None:
        return bool(listing["status"] == "Pending")
    return (
        _costs(shown, listing["price"])
        and (shown["quantity"] == 0) == (listing["status"] == "Paused")
        and bool(shown["live"])
    )
