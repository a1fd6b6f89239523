"""Pages that show a plausible wrong price: hand-written, each with one trap."""

from typing import Any

import pytest

from dropship.contracts.availability import Availability
from dropship.contracts.offers import Flag
from dropship.scraper.domain.amazon.reader import read
from dropship.scraper.domain.reading import Look, NoReading, Page, PageKind, Reading

ASIN = "B0HANDMADE"
CART = '<input id="add-to-cart-button" type="submit">'
IN_STOCK = '<div id="availability"><span>In Stock</span></div>'


def offscreen(amount: str, more: str = "") -> str:
    return f'<span class="a-price {more}"><span class="a-offscreen">{amount}</span></span>'


def core(amount: str) -> str:
    return f'<div id="corePrice_feature_div">{offscreen(amount)}</div>'


def row(name: str, caption: str, inside: str, active: bool = False) -> str:
    chosen = "a-accordion-active" if active else ""
    return (
        f'<div id="{name}" class="a-box {chosen}"><span class="a-text-bold">{caption}</span>'
        f"{inside}</div>"
    )


def page_of(box: str, beside: str = "", lang: str = "en-us", head: str = "", **more: Any) -> Page:
    body = (
        f'<!doctype html><html lang="{lang}"><head>{head}</head><body><div id="dp">'
        f'<span id="productTitle">A thing</span>{beside}'
        f'<div id="desktop_buybox"><div id="buybox">'
        f'<input id="ASIN" value="{ASIN}">{box}</div></div>'
        f"</div></body></html>"
    )
    return Page(**{"url": "", "status": 200, "headers": {}, "body": body.encode(), **more})


def reading_of(page: Page, source: str = "amazon-com", asin: str = ASIN) -> Reading:
    reading = read(page, Look(source=source, external_id=asin))
    assert isinstance(reading, Reading), reading
    return reading


def paid(reading: Reading) -> str | None:
    return f"{reading.price.amount} {reading.price.currency}" if reading.price else None


def test_members_pay_less_but_we_are_no_member() -> None:
    reading = reading_of(
        page_of(
            row("primeSavingsUpsellAccordionRow", "Prime Member Price", core("$35.99"), active=True)
            + row("newAccordionRow_1", "Regular Price", core("$45.99") + IN_STOCK + CART),
            beside='<div id="corePriceDisplay_desktop_feature_div">'
            f"{offscreen('$35.99', 'priceToPay')}</div>",
        )
    )
    assert paid(reading) == "45.99 USD"
    assert Flag.members_only_price not in reading.flags


def test_a_price_for_members_only_is_flagged() -> None:
    reading = reading_of(
        page_of(row("newAccordionRow_0", "Prime Member Price", core("$35.99") + IN_STOCK + CART))
    )
    assert paid(reading) == "35.99 USD"
    assert Flag.members_only_price in reading.flags


def test_a_used_copy_above_the_new_one_is_passed_over() -> None:
    reading = reading_of(
        page_of(
            row("usedAccordionRow", "Save with Used - Good", core("$9.10") + CART, active=True)
            + row("renewedAccordionRow_0", "Renewed", core("$11.00") + CART)
            + row("snsAccordionRowMiddle", "Subscribe & Save", core("$17.00"))
            + row("newAccordionRow_0", "Buy new:", core("$19.99") + IN_STOCK + CART)
        )
    )
    assert paid(reading) == "19.99 USD"
    assert reading.flags == ()


def test_only_used_copies_are_flagged_used() -> None:
    modern = page_of(row("usedAccordionRow", "Used - Good", core("$6.16") + CART))
    book = page_of(
        '<div id="usedOnlyBuybox"><div id="usedBuySection"><span class="offer-price">$4.45</span>'
        '</div><input id="add-to-cart-button-ubb"></div>'
    )
    assert [Flag.used_only in reading_of(p).flags for p in (modern, book)] == [True, True]
    assert paid(reading_of(book)) == "4.45 USD"


def test_a_used_copy_in_the_same_box_lends_no_price() -> None:
    reading = reading_of(
        page_of(
            '<div id="usedBuySection"><span class="offer-price a-color-price">$2.00</span></div>'
            '<div id="buyNewSection"><span class="offer-price">$12.00</span></div>'
            + IN_STOCK
            + CART
        )
    )
    assert paid(reading) == "12.00 USD"
    assert reading.flags == ()


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en-us", "Available from these sellers."),
        ("es-es", "Disponible a través de estos vendedores."),
        ("de-de", "Erhältlich bei diesen Anbietern."),
        ("fr-fr", "Disponible auprès de ces vendeurs."),
    ],
)
def test_without_a_featured_offer_there_is_no_price(lang: str, line: str) -> None:
    reading = reading_of(
        page_of(
            f'<div id="unqualifiedBuyBox"><div id="availability">{line}</div>'
            '<span id="buybox-see-all-buying-choices">…</span></div>',
            beside=f'<div id="olp_feature_div">{offscreen("$149.00")}</div>',
            lang=lang,
        )
    )
    assert paid(reading) is None
    assert reading.flags == (Flag.no_featured_offer,)
    assert reading.is_conclusive


def test_a_sold_out_page_has_no_price_although_others_stand_on_it() -> None:
    reading = reading_of(
        page_of(
            '<div id="outOfStock"><span>Currently unavailable.</span></div>',
            beside=f'<div id="twister">{offscreen("$29.99")}</div>',
        )
    )
    assert reading.availability is Availability.out_of_stock
    assert (reading.quantity, paid(reading)) == (0, None)


def test_a_layout_without_a_buy_box_is_unknown_and_not_sold_out() -> None:
    page = Page(
        url="",
        status=200,
        headers={},
        body=f'<html><body><div id="dp"><h1 id="title">A thing</h1><input id="ASIN" value="{ASIN}">'
        f"{offscreen('$29.99')}</div></body></html>".encode(),
    )
    reading = reading_of(page)
    assert (reading.availability, reading.price) == (Availability.unknown, None)
    assert not reading.is_conclusive


def test_a_box_whose_price_we_cannot_find_is_no_fact() -> None:
    reading = reading_of(page_of('<span class="brand-new-layout">$12.00</span>' + IN_STOCK + CART))
    assert reading.price is None
    assert not reading.is_conclusive


def test_a_span_of_prices_is_the_price_of_nothing() -> None:
    reading = reading_of(
        page_of(IN_STOCK + CART, beside='<span id="priceblock_ourprice">$12.99 - $25.99</span>')
    )
    assert reading.price is None
    assert reading.flags == (Flag.price_range,)


def test_the_two_forms_of_a_price_must_agree() -> None:
    parts = (
        '<span class="a-price"><span class="a-offscreen">$10.99</span>'
        '<span class="a-price-symbol">$</span><span class="a-price-whole">19<span>.</span></span>'
        '<span class="a-price-fraction">99</span></span>'
    )
    box = f'<div id="corePrice_feature_div">{parts}</div>{IN_STOCK}{CART}'
    assert reading_of(page_of(box)).price is None


def test_a_price_may_stand_in_its_parts_only() -> None:
    parts = (
        '<span class="a-price"><span class="a-offscreen"> </span><span class="a-price-whole">1.024'
        '<span>,</span></span><span class="a-price-fraction">95</span>'
        '<span class="a-price-symbol">€</span></span>'
    )
    box = f'<div id="corePrice_feature_div">{parts}</div>{IN_STOCK}{CART}'
    reading = reading_of(page_of(box, lang="de-de"), source="amazon-de")
    assert paid(reading) == "1024.95 EUR"


def test_what_the_button_would_submit_must_agree_with_what_is_shown() -> None:
    sent = (
        '<input name="items[0.base][customerVisiblePrice][amount]" value="{}">'
        '<input name="items[0.base][customerVisiblePrice][currencyCode]" value="USD">'
    )
    shown = core("$12.00") + IN_STOCK + CART
    assert paid(reading_of(page_of(shown + sent.format("12.0")))) == "12.00 USD"
    assert paid(reading_of(page_of(shown + sent.format("21.0")))) is None
    assert paid(reading_of(page_of(IN_STOCK + CART + sent.format("7.5")))) == "7.50 USD"


def test_the_unit_price_is_not_the_price() -> None:
    unit = f'<span class="pricePerUnit">({offscreen("$6.24", "a-text-price")} / count)</span>'
    box = f'<div id="corePrice_feature_div">{unit}{offscreen("$12.48")}</div>{IN_STOCK}{CART}'
    assert paid(reading_of(page_of(box))) == "12.48 USD"


def test_an_electronic_book_needs_no_word_about_stock() -> None:
    reading = reading_of(
        page_of(
            '<table><tr class="kindle-price"><td>Kindle Price:</td><td><span id="kindle-price" '
            'class="a-color-price">$9.99</span></td></tr></table><input id="one-click-button">',
            beside='<span id="digital-list-price">$14.99</span>',
        )
    )
    assert (paid(reading), reading.availability) == ("9.99 USD", Availability.in_stock)
    assert reading.list_price is not None


def test_an_album_is_read_by_its_chosen_format() -> None:
    body = (
        '<html lang="en-gb"><head><link rel="canonical" href="https://www.amazon.co.uk/x/dp/'
        f'{ASIN}"></head><body><div id="dmusicProductTitle_feature_div"><h1>An Album</h1></div>'
        '<div id="tmmSwatches"><li class="swatchElement"><span>Audio CD</span><span '
        'class="a-color-price">£5.00</span></li><li class="swatchElement selected"><span>MP3'
        '</span><span class="a-color-price">£7.99</span></li></div>'
        '<div id="rightCol"><div id="dmusic_buybox">Buy</div></div></body></html>'
    )
    page = Page(url="", status=200, headers={}, body=body.encode())
    reading = reading_of(page, source="amazon-co-uk")
    assert (reading.title, paid(reading)) == ("An Album", "7.99 GBP")
    assert reading.availability is Availability.in_stock


def test_another_product_than_the_one_asked_for_is_flagged() -> None:
    reading = reading_of(page_of(core("$1.00") + IN_STOCK + CART), asin="B0OTHERONE")
    assert Flag.other_product in reading.flags


def test_a_japanese_rating_names_its_scale_first() -> None:
    stars = '<span id="acrPopover" title="5つ星のうち4.3"></span>'
    page = page_of(core("￥24,800") + IN_STOCK + CART, beside=stars, lang="ja-jp")
    reading = reading_of(page, source="amazon-co-jp")
    assert (reading.rating, paid(reading)) == ("4.3", "24800 JPY")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html><body>Sorry! We couldn't find that page</body></html>", 200, PageKind.not_found),
        ("<html><body><img alt='Dogs of Amazon'></body></html>", 404, PageKind.not_found),
        ("<html><body>slow</body></html>", 429, PageKind.rate_limited),
        ("<html><body>no</body></html>", 403, PageKind.forbidden),
        ("<html><body>oops</body></html>", 503, PageKind.server_error),
        ("", 200, PageKind.empty_shell),
        ("<html><body><div>half", 200, PageKind.truncated),
        ("<html><body>something new</body></html>", 200, PageKind.unknown_layout),
        (
            "<html><body><!-- api-services-support@amazon.com --><p>Hi</p></body></html>",
            200,
            PageKind.soft_block,
        ),
        ("<html><script>window.gokuProps={}</script></html>", 202, PageKind.js_challenge),
    ],
)
def test_pages_without_a_product_are_told_apart(body: str, status: int, kind: PageKind) -> None:
    page = Page(url="", status=status, headers={}, body=body.encode())
    told = read(page, Look(source="amazon-com", external_id=ASIN))
    assert isinstance(told, NoReading)
    assert told.kind is kind


def test_a_product_page_with_a_status_of_refusal_is_no_product() -> None:
    for status in (403, 404, 429, 503):
        told = read(
            page_of(core("$1.00") + IN_STOCK + CART, status=status),
            Look(source="amazon-com", external_id=ASIN),
        )
        assert isinstance(told, NoReading)
