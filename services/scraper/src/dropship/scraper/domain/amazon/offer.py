"""Which offer of an Amazon page a visitor would buy, and for how much: its state before its price.

A page shows many prices: of used copies, members, subscribers, other variants, shipping, other
sellers. Only a price inside the chosen offer counts; every other one is a plausible lie.
"""

import re
from enum import StrEnum

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from dropship.contracts.availability import Availability
from dropship.contracts.money import Money
from dropship.contracts.offers import Flag
from dropship.scraper.domain.amazon import prices, words
from dropship.scraper.domain.amazon.page import first_said, said
from dropship.scraper.domain.amazon.prices import Tongue

BOXES = ("#desktop_buybox", "#buybox", "#buybox_feature_div", "#mobile_buybox", "#rightCol")
ADD = (
    "#add-to-cart-button, #buy-now-button, #one-click-button, #buyOneClick, #checkoutButtonId,"
    " [name='submit.add-to-cart'], [name='submit.buy-now'], [name='submit.preorder']"
)
USED = "#usedOnlyBuybox, #usedBuySection, #used_buybox_desktop, #add-to-cart-button-ubb"
ELSEWHERE = "#unqualifiedBuyBox, #buybox-see-all-buying-choices, #fod-cx-message-with-learn-more"
DIGITAL = "#kindle-price, .kindle-price, [id^='dmusic'], [data-feature-name^='dmusic']"
STOCK_LINES = (
    "#availability",
    "#availabilityInsideBuyBox_feature_div",
    "#availability_feature_div",
    "#outOfStock",
    "#availability-string",
)

_ROW = re.compile(r"^([A-Za-z]+?)AccordionRow(?:$|Middle|_\d+$|_?[A-Za-z]*$)")


class Kind(StrEnum):
    """For whom, and of what, an offer is."""

    new = "new"
    members = "members"
    used = "used"
    other = "other"


PREFERENCE: tuple[tuple[Kind, tuple[Flag, ...]], ...] = (
    (Kind.new, ()),
    (Kind.members, (Flag.members_only_price,)),
    (Kind.used, (Flag.used_only,)),
)
"""Which row of several is meant, and what is to be said where no better one exists."""


class Offer(Struct, frozen=True, kw_only=True):
    """The chosen offer. `scope` is where its seller stands; None where there is no offer."""

    stock: words.Stock
    price: Money | None = None
    flags: tuple[Flag, ...] = ()
    scope: LexborNode | None = None
    method: str = "none"


def _box_of(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in BOXES:
        node = tree.css_first(selector)
        if node is not None and said(node):
            return node
    return None


def _stock_line(scope: LexborNode, tree: LexborHTMLParser) -> str:
    return (first_said(scope, STOCK_LINES) or first_said(tree, STOCK_LINES))[:400]


def _sells(scope: LexborNode) -> bool:
    return any(not prices.is_alien(button, scope) for button in scope.css(ADD))


def _kind_of(row: LexborNode, name: str) -> Kind:
    caption = first_said(row, ("[id*='aption']", ".a-text-bold", "h5"))[:120]
    if name.startswith(("used", "renewed", "refurb", "openBox")) or words.USED.search(caption):
        return Kind.used
    if name.startswith("prime") or words.MEMBERS.search(caption):
        return Kind.members
    if words.SUBSCRIPTION.search(caption) or not name.startswith(("new", "deal", "regular")):
        return Kind.other
    return Kind.new


def _within(node: LexborNode, outer: LexborNode) -> bool:
    parent = node.parent
    while parent is not None:
        if parent.mem_id == outer.mem_id:
            return True
        parent = parent.parent
    return False


def _rows_of(box: LexborNode) -> list[tuple[Kind, LexborNode]]:
    rows: list[tuple[Kind, LexborNode]] = []
    for node in box.css("[id*='AccordionRow']"):
        match = _ROW.match(node.attributes.get("id") or "")
        if match is not None and not (rows and _within(node, rows[-1][1])):
            rows.append((_kind_of(node, match[1]), node))
    return rows


def _from_rows(
    rows: list[tuple[Kind, LexborNode]], tree: LexborHTMLParser, tongue: Tongue
) -> Offer | None:
    for kind, flags in PREFERENCE:
        mine = [row for found, row in rows if found is kind]
        if not mine:
            continue
        active = [r for r in mine if "a-accordion-active" in (r.attributes.get("class") or "")]
        row = (active or mine)[0]
        price = prices.in_row(row, tongue)
        buyable = row.css_first(ADD) is not None or price is not None
        stock = words.stock_in(_stock_line(row, tree), buyable=buyable)
        if stock.availability is Availability.out_of_stock:
            price = None
        return Offer(stock=stock, price=price, flags=flags, scope=row, method=f"row-{kind}")
    return None


def _used(box: LexborNode, tongue: Tongue) -> Offer:
    return Offer(
        stock=words.stock_in(first_said(box, STOCK_LINES)[:400], buyable=True),
        price=prices.first(box, prices.USED, tongue),
        flags=(Flag.used_only,),
        scope=box,
        method="used",
    )


def _single(box: LexborNode, tree: LexborHTMLParser, tongue: Tongue) -> Offer:
    """A box with one offer of a new thing, or with none."""
    digital, buyable = tree.css_first(DIGITAL) is not None, _sells(box)
    price = prices.in_box(box, tongue) or prices.first(tree, prices.BESIDE, tongue)
    if price is None and (digital or buyable):
        price = prices.of_format(tree, tongue)
    sold = buyable or (digital and price is not None)
    stock = words.stock_in(_stock_line(box, tree), buyable=sold)
    if stock.availability in {Availability.out_of_stock, Availability.unknown}:
        return Offer(stock=stock, scope=box, method="single")
    if price is None and prices.has_span(tree):
        return Offer(stock=stock, flags=(Flag.price_range,), scope=box, method="range")
    return Offer(stock=stock, price=price, scope=box, method="single")


def _elsewhere(box: LexborNode) -> Offer:
    return Offer(
        stock=words.Stock(Availability.in_stock),
        flags=(Flag.no_featured_offer,),
        scope=box,
        method="elsewhere",
    )


def offer_of(tree: LexborHTMLParser, tongue: Tongue) -> Offer:
    """The offer a visitor would buy, found in the order in which a page can mislead."""
    box = _box_of(tree)
    if box is None:
        line = first_said(tree, STOCK_LINES)[:400]
        return Offer(stock=words.stock_in(line, buyable=False))
    line, sells = _stock_line(box, tree), _sells(box)
    if tree.css_first("#outOfStock") is not None and not sells and words.OUT.search(line):
        return Offer(stock=words.stock_in(line, buyable=False), scope=box, method="out")
    chosen = _from_rows(_rows_of(box), tree, tongue)
    if chosen is not None:
        return chosen
    if not sells and box.css_first(USED) is not None and box.css_first("#buyNewSection") is None:
        return _used(box, tongue)
    elsewhere = box.css_first(ELSEWHERE) is not None or words.SELLERS.search(line) is not None
    return _elsewhere(box) if elsewhere and not sells else _single(box, tree, tongue)
