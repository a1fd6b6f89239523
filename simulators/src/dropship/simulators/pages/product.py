"""A whole product page with the structure of a real one; everything in it is written here."""

from html import escape

from dropship.simulators.pages.buybox import availability, buy_box, centre_prices
from dropship.simulators.pages.locales import Locale, locale_of
from dropship.simulators.pages.markup import gallery_script, landing_image, other_products
from dropship.simulators.world.product import Product, State, Truth


def product_page(product: Product, truth: Truth, size: int) -> bytes:
    """The page of a product that is not gone, at least about `size` bytes long.

    Half of the filling stands before the buy box and half after it, so a page cut off in the middle
    may or may not still show a price.
    """
    locale = locale_of(product.site)
    body = _columns(product, truth, locale)
    half = max(0, (size - len(body) - 1_000) // 2)
    filling = other_products(locale, -(-half // 1024) * 1024)
    page = (
        f'<!doctype html>\n<html lang="{locale.language.lower().replace("_", "-")}">'
        f"{_head(product, locale)}<body>"
        f'<div id="navbar"><span id="glow-ingress-line2">{escape(locale.deliver_to)}</span></div>\n'
        f'<div id="dp" class="home {locale.language}">\n<div id="sims-top">{filling}</div>\n'
        f"{body}\n"
        f'<div id="sims-bottom">{filling}</div>\n</div>'
        f'<div id="navFooter">{escape(locale.shop)}</div></body></html>\n'
    )
    return page.encode()


def _head(product: Product, locale: Locale) -> str:
    return (
        f'<head><meta charset="utf-8"><title>{escape(locale.shop)}: {escape(product.title)}</title>'
        f'<link rel="canonical" href="https://www.amazon.{product.site}/dp/{product.id}">'
        "<script>window.page_started = Date.now();</script></head>"
    )


def _columns(product: Product, truth: Truth, locale: Locale) -> str:
    shown_apart = truth.state is State.buyable and truth.quantity > 0
    line = "" if shown_apart or truth.state is State.used_only else availability(truth, locale)
    return (
        f'<div id="leftCol"><div id="imageBlock">{landing_image(product)}</div>'
        f"{gallery_script(product)}</div>\n"
        f'<div id="centerCol"><div id="title_feature_div"><h1 id="title"><span id="productTitle"> '
        f"{escape(product.title)} </span></h1></div>"
        f'<a id="bylineInfo">{escape(product.brand)}</a>\n{_reviews(product, locale)}\n'
        f"{centre_prices(product, truth, locale)}\n{line}{_other_variant(truth, locale)}</div>\n"
        f'<div id="rightCol">{buy_box(product, truth, locale)}</div>\n'
        f'<input type="hidden" id="ASIN" name="ASIN" value="{product.id}">\n'
        f'<div id="detailBullets">{_reviews(product, locale)}</div>'
    )


def _reviews(product: Product, locale: Locale) -> str:
    if product.rating_tenths is None or product.review_count is None:
        return '<div id="averageCustomerReviews_feature_div"></div>'
    stars = escape(locale.stars(product.rating_tenths))
    count = escape(locale.ratings.format(locale.number(product.review_count)))
    return (
        f'<div id="averageCustomerReviews" data-asin="{product.id}">'
        f'<span id="acrPopover" title="{stars}"><span class="a-icon-alt">{stars}</span></span>'
        f'<span id="acrCustomerReviewText" class="a-size-base">{count}</span></div>'
    )


def _other_variant(truth: Truth, locale: Locale) -> str:
    """The swatch of another colour, with a price that is not this product's."""
    other = escape(locale.price(truth.price_minor + 137))
    return (
        '<div id="twister"><ul><li class="swatchAvailable"><span class="twisterSwatchPrice">'
        f"{other}</span></li></ul></div>"
    )
