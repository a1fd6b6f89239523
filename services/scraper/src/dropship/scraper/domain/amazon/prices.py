"""Prices as elements of an Amazon page: where they may stand, and what each of them says.

Newer layouts write a price twice, once for screen readers and once in parts for eyes. Where the two
differ, neither is taken.
"""

import re
from decimal import Decimal, InvalidOperation

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from dropship.contracts.money import Money
from dropship.scraper.domain.amazon.page import said
from dropship.scraper.domain.amounts import is_range, money_of, number_in, price_in

Root = LexborHTMLParser | LexborNode

PAID = ".a-price:not(.a-text-price):not(.a-text-strike)"
INSIDE = (
    f"[id^='corePrice'] {PAID}",
    "#newBuyBoxPrice",
    "#price_inside_buybox",
    "#buyNewSection .offer-price",
    "#buyNewSection .a-color-price",
    "#kindle-price",
    ".kindle-price .a-color-price",
    "#priceInsideBuyBox_feature_div .a-color-price",
)
"""Where a box with a single offer holds its price."""

IN_ROW = (*INSIDE, ".header-price", ".offer-price", ".a-color-price")
"""Where a row, which holds one offer only, holds its price."""

USED = ("#usedBuySection .offer-price", "#usedBuySection .a-color-price", *IN_ROW)

BESIDE = (
    "#priceblock_dealprice",
    "#priceblock_saleprice",
    "#priceblock_ourprice",
    "#corePriceDisplay_desktop_feature_div .priceToPay",
    f"#corePrice_desktop {PAID}",
    "#apex_desktop .priceToPay",
    "#apex_desktop .apexPriceToPay",
    "#kindle-price",
    ".kindle-price .a-color-price",
    "#actualPriceValue",
)
"""Where the page repeats the price of its single offer beside the box."""

STRUCK = (
    "[id^='corePrice'] .basisPrice .a-price",
    "#apex_desktop .basisPrice .a-price",
    ".priceBlockStrikePriceString",
    "#listPriceValue",
    "#listPrice",
    "#digital-list-price",
)
SPANS = "#priceblock_ourprice, #priceblock_saleprice, #corePrice_desktop .a-price-range"
FORMATS = (
    "#tmmSwatches .selected, .swatchElement.selected, #MediaMatrix .selected,"
    " #MediaMatrix .a-button-selected, #formats .a-button-selected"
)

_ALIEN = re.compile(
    r"(?:^|[_-])(?:used|rent|sns|olp|aod|all-offers|renewed|refurb|trade-?in|subscri)",
    re.IGNORECASE,
)


class Tongue(Struct, frozen=True):
    """How a page writes money: its decimal mark and the currency it sells in."""

    mark: str
    currency: str


def is_alien(node: LexborNode, scope: LexborNode) -> bool:
    """Whether an element belongs to another kind of offer inside the same box."""
    current: LexborNode | None = node
    while current is not None and current.mem_id != scope.mem_id:
        if _ALIEN.search(current.attributes.get("id") or ""):
            return True
        current = current.parent
    return False


def shown(node: LexborNode, tongue: Tongue) -> Money | None:
    """The money that one price element shows."""
    offscreen, whole = node.css_first(".a-offscreen"), node.css_first(".a-price-whole")
    if offscreen is None and whole is None:
        return price_in(said(node), tongue.mark, tongue.currency)
    spoken = said(offscreen)
    aloud = price_in(spoken, tongue.mark, tongue.currency)
    if whole is None or (spoken and aloud is None):
        return aloud
    seen = _in_parts(node, said(whole), tongue)
    return seen if aloud is None or aloud == seen else None


def _in_parts(node: LexborNode, whole: str, tongue: Tongue) -> Money | None:
    """The price written as whole, fraction and sign, each in an element of its own."""
    units = number_in(whole.rstrip(".,\u066b "), tongue.mark, 0)
    fraction = said(node.css_first(".a-price-fraction"))
    if units is None or not re.fullmatch(r"[0-9]{0,3}", fraction):
        return None
    sign = said(node.css_first(".a-price-symbol")) or tongue.currency
    return price_in(f"{sign} {units}.{fraction}".rstrip("."), ".", tongue.currency)


def first(root: Root, selectors: tuple[str, ...], tongue: Tongue) -> Money | None:
    """The first certain price under any of the selectors, in their order."""
    for selector in selectors:
        for node in root.css(selector):
            money = shown(node, tongue)
            if money is not None:
                return money
    return None


def submitted(scope: LexborNode) -> Money | None:
    """The price that the buy button would send along: written for machines, in no language."""
    amount = scope.css_first("input[name*='customerVisiblePrice][amount']")
    currency = scope.css_first("input[name*='customerVisiblePrice][currencyCode']")
    if amount is None or currency is None or is_alien(amount, scope):
        return None
    try:
        value = Decimal(amount.attributes.get("value") or "")
    except InvalidOperation:
        return None
    code = currency.attributes.get("value") or ""
    return money_of(value, code) if re.fullmatch(r"[A-Z]{3}", code) and value.is_finite() else None


def in_row(row: LexborNode, tongue: Tongue) -> Money | None:
    """The price of a row, unless what it shows and what it would submit differ."""
    return _agreed(first(row, IN_ROW, tongue), submitted(row))


def in_box(box: LexborNode, tongue: Tongue) -> Money | None:
    """The price of a box's single offer, passing over used copies and subscriptions in it."""
    for selector in INSIDE:
        for node in box.css(selector):
            money = None if is_alien(node, box) else shown(node, tongue)
            if money is not None:
                return _agreed(money, submitted(box))
    return submitted(box)


def _agreed(seen: Money | None, sent: Money | None) -> Money | None:
    if seen is not None and sent is not None and seen != sent:
        return None
    return seen or sent


def of_format(tree: LexborHTMLParser, tongue: Tongue) -> Money | None:
    """The price on the chosen format of a medium (hardcover, e-book, MP3), if it has just one."""
    found = {
        money
        for swatch in tree.css(FORMATS)
        for node in swatch.css("span, a")
        if (money := price_in(said(node), tongue.mark, tongue.currency)) is not None
    }
    return found.pop() if len(found) == 1 else None


def has_span(tree: LexborHTMLParser) -> bool:
    """Whether the page names a span of prices because no variant is chosen."""
    return any(is_range(said(node)) for node in tree.css(SPANS))


def struck(tree: LexborHTMLParser, paid: Money | None, tongue: Tongue) -> Money | None:
    """The struck-out price beside the offer, if it is higher than what is paid."""
    was = first(tree, STRUCK, tongue)
    if paid is None or was is None or was.currency != paid.currency:
        return None
    return was if Decimal(was.amount) > Decimal(paid.amount) else None
