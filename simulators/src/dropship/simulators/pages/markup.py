"""Small pieces of shop page markup: prices, links, images and inert filling."""

import json
from functools import lru_cache
from html import escape

from dropship.simulators.pages.locales import Locale
from dropship.simulators.world.dice import Dice
from dropship.simulators.world.product import Product

IMAGES = "https://m.media-amazon.com/images/I"


def offscreen_price(locale: Locale, minor: int, extra: str = "", *, blank: bool = False) -> str:
    """The two-fold price of pages since 2022: once for screen readers, once in parts for the eye.

    With `blank` the first is empty, as on the newest pages, and only the parts tell.
    """
    spoken = " " if blank else escape(locale.price(minor))
    symbol = f'<span class="a-price-symbol">{locale.symbol}</span>'
    parts = (
        f'<span class="a-price-whole">{locale.whole(minor)}'
        f'<span class="a-price-decimal">{locale.decimal}</span></span>'
        f'<span class="a-price-fraction">{locale.fraction(minor)}</span>'
    )
    seen = symbol + parts if locale.money.startswith(locale.symbol) else parts + symbol
    return (
        f'<span class="a-price {extra}" data-a-size="xl"><span class="a-offscreen">{spoken}</span>'
        f'<span aria-hidden="true">{seen}</span></span>'
    )


def struck_price(locale: Locale, minor: int) -> str:
    return (
        f'<span class="a-size-small basisPrice">{escape(locale.list_price)} '
        '<span class="a-price a-text-price" data-a-strike="true">'
        f'<span class="a-offscreen">{escape(locale.price(minor))}</span></span></span>'
    )


def seller_link(product: Product) -> str:
    return (
        f'<a id="sellerProfileTriggerId" href="/gp/help/seller?asin={product.id}">'
        f"{escape(product.seller)}</a>"
    )


def gallery_script(product: Product) -> str:
    """The gallery as a script object. The last of several pictures has no high resolution."""
    entries = [
        {
            "hiRes": f"{IMAGES}/{name}._AC_SL1500_.jpg",
            "thumb": f"{IMAGES}/{name}._AC_US40_.jpg",
            "large": f"{IMAGES}/{name}._AC_.jpg",
            "variant": "MAIN" if n == 0 else f"PT{n:02d}",
        }
        for n, name in enumerate(product.images)
    ]
    if len(entries) > 1:
        entries[-1]["hiRes"] = None  # type: ignore[assignment]
    initial = json.dumps(entries, ensure_ascii=False)
    return (
        "<script>var gallery = {'colorImages': { 'initial': "
        + initial
        + "}, 'colorToAsin': {'initial': {}}, 'heroImage': {'initial': []}};</script>"
    )


def landing_image(product: Product) -> str:
    first = product.images[0]
    sizes = escape(json.dumps({f"{IMAGES}/{first}._AC_SX466_.jpg": [466, 466]}))
    return (
        f'<img id="landingImage" alt="{escape(product.title)}" '
        f'src="{IMAGES}/{first}._AC_SX466_.jpg" '
        f'data-old-hires="{IMAGES}/{first}._AC_SL1500_.jpg" data-a-dynamic-image="{sizes}">'
    )


@lru_cache(maxsize=32)
def other_products(locale: Locale, size: int) -> str:
    """About `size` characters of other products' cards, prices among them: none is this page's."""
    dice = Dice(0, "filling", locale.language)
    cards: list[str] = []
    length = 0
    while length < size:
        number = dice.between(10_000, 99_999)
        card = (
            f'<li class="a-carousel-card" data-asin="B1{number:08d}"><div class="a-section">'
            f'<img src="{IMAGES}/41{number}._AC_UL160_.jpg" alt=""><a class="a-link-normal" '
            f'href="/dp/B1{number:08d}"><span class="a-truncate-full">№ {number}</span></a>'
            f"{offscreen_price(locale, dice.between(199, 29_999))}</div>"
            f'<script type="text/x-template">{{"slot":{number},"nonce":"{dice.bits():016x}"}}'
            "</script></li>\n"
        )
        cards.append(card)
        length += len(card)
    return f'<div class="a-carousel-container"><ol class="a-carousel">{"".join(cards)}</ol></div>'
