"""The buy box and the prices beside it, by layout and offer state."""

from html import escape

from dropship.simulators.pages.locales import Locale
from dropship.simulators.pages.markup import offscreen_price, seller_link, struck_price
from dropship.simulators.world.product import Layout, Product, State, Truth


def centre_prices(product: Product, truth: Truth, locale: Locale) -> str:
    """What stands under the title. Nothing at all where the page has no price to state."""
    if truth.state is not State.buyable or truth.quantity == 0:
        return '<div id="apex_desktop"></div>'
    if product.layout is Layout.price_block:
        return _price_block(product, truth, locale)
    rows = _display_price(product, truth, locale)
    if product.layout is Layout.accordion:
        members = offscreen_price(locale, truth.members_minor, "priceToPay")
        rows = f'<div id="corePriceDisplay_desktop_feature_div">{members}</div>{rows}'
    return f'<div id="apex_desktop">{rows}</div>'


def availability(truth: Truth, locale: Locale) -> str:
    """The line that says whether it is there; it names a number only when few are left."""
    if truth.state is State.no_featured_offer:
        line = f'<span class="a-size-medium a-color-success">{escape(locale.from_sellers)}</span>'
    elif truth.quantity == 0:
        line = (
            f'<span class="a-size-medium a-color-price">{escape(locale.unavailable)}</span>'
            f"<br>{escape(locale.unavailable_more)}"
        )
    elif truth.availability == "low":
        low = escape(locale.low.format(truth.quantity))
        line = f'<span class="a-size-medium a-color-price">{low}</span>'
    else:
        line = f'<span class="a-size-medium a-color-success">{escape(locale.in_stock)}</span>'
    return f'<div id="availability" class="a-section a-spacing-base">{line}</div>'


def buy_box(product: Product, truth: Truth, locale: Locale) -> str:
    """The right column."""
    if truth.state is State.no_featured_offer:
        inside = _no_featured_offer(truth, locale)
    elif truth.state is State.used_only:
        inside = _used_only(product, truth, locale)
    elif truth.quantity == 0:
        inside = _out_of_stock(locale)
    elif product.layout in {Layout.accordion, Layout.used_first}:
        inside = _accordion(product, truth, locale)
    elif product.layout is Layout.price_block:
        inside = _old_box(product, truth, locale)
    else:
        inside = _row_inside(product, truth, locale, truth.price_minor)
    return f'<div id="desktop_buybox" class="celwidget"><div id="buybox">{inside}</div></div>'


def _price_block(product: Product, truth: Truth, locale: Locale) -> str:
    struck = ""
    if product.has_list_price:
        was = escape(locale.price(truth.price_minor * 5 // 4))
        struck = (
            f"<tr><td>{escape(locale.list_price)}</td><td>"
            f'<span class="priceBlockStrikePriceString a-text-strike">{was}</span></td></tr>'
        )
    return (
        f'<div id="price" class="a-section"><table>{struck}<tr id="priceblock_ourprice_row"><td>'
        '<span id="priceblock_ourprice" class="a-size-medium a-color-price '
        f'priceBlockBuyingPriceString">{escape(locale.price(truth.price_minor))}</span>'
        f"{_unit_price(product, truth, locale)}</td></tr></table></div>"
    )


def _display_price(product: Product, truth: Truth, locale: Locale) -> str:
    blank = product.layout is Layout.split_price
    price = offscreen_price(locale, truth.price_minor, "priceToPay", blank=blank)
    saving = '<span class="savingsPercentage">-20%</span>' if product.has_list_price else ""
    struck = struck_price(locale, truth.price_minor * 5 // 4) if product.has_list_price else ""
    return (
        '<div id="corePriceDisplay_desktop_feature_div" class="celwidget">'
        f"{saving}{price}{_unit_price(product, truth, locale)}<div>{struck}</div></div>"
    )


def _unit_price(product: Product, truth: Truth, locale: Locale) -> str:
    if not product.has_unit_price:
        return ""
    each = escape(locale.price(max(1, truth.price_minor // 2)))
    return f'<span class="a-size-small a-color-price pricePerUnit">({each} / 100 ml)</span>'


def _old_box(product: Product, truth: Truth, locale: Locale) -> str:
    if product.is_third_party:
        sold = f"{escape(locale.sold_by)} {seller_link(product)}"
    else:
        sold = escape(locale.ships_and_sold.format(product.seller))
    return (
        '<div id="qualifiedBuybox"><form id="addToCart"><span id="price_inside_buybox" '
        f'class="a-size-medium a-color-price">{escape(locale.price(truth.price_minor))}</span>'
        f'{availability(truth, locale)}{_cart(product, locale)}<div id="merchant-info">{sold}</div>'
        "</form></div>"
    )


def _row_inside(product: Product, truth: Truth, locale: Locale, minor: int) -> str:
    blank = product.layout is Layout.split_price
    sold = seller_link(product) if product.is_third_party else escape(product.seller)
    return (
        '<div id="corePrice_feature_div" class="celwidget">'
        f"{offscreen_price(locale, minor, blank=blank)}</div>{availability(truth, locale)}"
        f'<form id="addToCart">{_cart(product, locale)}</form>'
        '<div id="offer-display-features"><div id="fulfillerInfoFeature_feature_div">'
        f"{escape(locale.shop)}</div>"
        f'<div id="merchantInfoFeature_feature_div"><span>{escape(locale.sold_by)}</span> '
        f'<span class="offer-display-feature-text-message">{sold}</span></div></div>'
    )


def _cart(product: Product, locale: Locale) -> str:
    return (
        f'<input type="hidden" id="ASIN" name="ASIN" value="{product.id}">'
        '<input id="add-to-cart-button" type="button" name="submit.add-to-cart" '
        f'value="{escape(locale.add_to_cart)}">'
    )


def _accordion(product: Product, truth: Truth, locale: Locale) -> str:
    regular = _accordion_row(
        "newAccordionRow_1" if product.layout is Layout.accordion else "newAccordionRow_0",
        locale.new,
        _row_inside(product, truth, locale, truth.price_minor),
        active=product.layout is Layout.used_first,
    )
    used_price = offscreen_price(locale, truth.used_minor)
    used_inside = f'<div id="corePrice_feature_div">{used_price}</div>'
    used = _accordion_row("usedAccordionRow", locale.used, used_inside)
    if product.layout is Layout.used_first:
        return f'<div id="buyBoxAccordion" class="a-box-group">{used}{regular}</div>'
    members_price = offscreen_price(locale, truth.members_minor)
    members = _accordion_row(
        "primeSavingsUpsellAccordionRow",
        locale.members,
        f'<div id="corePrice_feature_div">{members_price}</div>',
        active=True,
    )
    return f'<div id="buyBoxAccordion" class="a-box-group">{members}{regular}{used}</div>'


def _accordion_row(id_: str, caption: str, inside: str, *, active: bool = False) -> str:
    chosen = "a-accordion-active" if active else ""
    return (
        f'<div id="{id_}" class="a-box celwidget {chosen}" data-a-accordion-row-name="{id_}">'
        f'<h5 class="accordion-caption">{escape(caption)}</h5>'
        f'<div class="a-accordion-inner">{inside}</div></div>'
    )


def _no_featured_offer(truth: Truth, locale: Locale) -> str:
    cheapest = locale.from_price.format(7, locale.price(truth.used_minor))
    return (
        f'<div id="unqualifiedBuyBox" class="a-box">{availability(truth, locale)}'
        '<span id="buybox-see-all-buying-choices" class="a-button">'
        f'<a href="#aod">{escape(locale.see_all)}</a></span>'
        f'<div id="olp_feature_div"><a href="#aod">{escape(cheapest)}</a></div></div>'
    )


def _used_only(product: Product, truth: Truth, locale: Locale) -> str:
    price = escape(locale.price(truth.used_minor))
    return (
        '<div id="usedOnlyBuybox" class="a-section"><div id="usedBuySection">'
        f'<span class="a-text-bold">{escape(locale.used)}</span> '
        f'<span class="a-size-base a-color-price offer-price">{price}</span></div>'
        f"<div>{escape(locale.sold_by)} {seller_link(product)}</div>"
        f'<input type="hidden" id="ASIN" name="ASIN" value="{product.id}">'
        f'<input id="add-to-cart-button-ubb" type="button" value="{escape(locale.add_to_cart)}">'
        "</div>"
    )


def _out_of_stock(locale: Locale) -> str:
    return (
        '<div id="outOfStock" class="a-box"><span class="a-color-price a-text-bold">'
        f"{escape(locale.unavailable)}</span><br>{escape(locale.unavailable_more)}</div>"
    )
