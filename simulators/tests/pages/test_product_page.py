"""Made pages say the truth in their site's own way, and nothing true where there is no offer."""

from dataclasses import replace
from html import unescape

import pytest

from dropship.simulators.pages.locales import locale_of
from dropship.simulators.pages.product import product_page
from dropship.simulators.world.catalogue import make_products
from dropship.simulators.world.product import Layout, Product, State, Truth

SIZE = 60 * 1024
PRODUCT = replace(make_products(7)[0][0], has_list_price=False, has_unit_price=False)
PLAIN = Truth(price_minor=129_900, quantity=40)


def page(product: Product, truth: Truth) -> str:
    return unescape(product_page(product, truth, SIZE).decode())


def between(text: str, start: str, end: str) -> str:
    return text.partition(start)[2].partition(end)[0]


@pytest.mark.parametrize(
    ("site", "money"),
    [
        ("com", "$1,299.00"),
        ("co.uk", "£1,299.00"),
        ("de", "1.299,00\u00a0€"),
        ("fr", "1\u202f299,00\u00a0€"),
        ("it", "1.299,00\u00a0€"),
        ("es", "1.299,00\u00a0€"),
    ],
)
def test_a_price_is_written_as_the_site_writes_it(site: str, money: str) -> None:
    text = page(replace(PRODUCT, site=site, layout=Layout.core_price), PLAIN)
    box = between(text, 'id="corePriceDisplay_desktop_feature_div"', "</div>")
    assert f'<span class="a-offscreen">{money}</span>' in box


def test_the_2021_layout_has_its_own_price_block() -> None:
    text = page(replace(PRODUCT, layout=Layout.price_block), PLAIN)
    assert between(text, 'id="priceblock_ourprice"', "</span>").endswith(">$1,299.00")
    assert "corePriceDisplay_desktop_feature_div" not in text


def test_the_newest_layout_tells_the_price_in_parts_only() -> None:
    text = page(replace(PRODUCT, layout=Layout.split_price), PLAIN)
    box = between(text, 'id="corePriceDisplay_desktop_feature_div"', "</div>")
    assert '<span class="a-offscreen"> </span>' in box
    assert '<span class="a-price-whole">1,299<' in box
    assert '<span class="a-price-fraction">00</span>' in box


def test_an_accordion_shows_the_members_price_first_and_the_regular_one_in_its_row() -> None:
    text = page(replace(PRODUCT, layout=Layout.accordion), PLAIN)
    first = between(text, 'id="corePriceDisplay_desktop_feature_div"', "</div>")
    assert "$1,026.21" in first
    regular = between(text, 'id="newAccordionRow_1"', 'id="usedAccordionRow"')
    assert "$1,299.00" in between(regular, 'id="corePrice_feature_div"', "</div>")


def test_a_used_offer_may_stand_before_the_new_one() -> None:
    text = page(replace(PRODUCT, layout=Layout.used_first), PLAIN)
    assert text.index('id="usedAccordionRow"') < text.index('id="newAccordionRow_0"')


def test_a_low_stock_is_stated_as_a_number() -> None:
    assert "Only 3 left in stock" in page(PRODUCT, replace(PLAIN, quantity=3))
    assert "left in stock" not in page(PRODUCT, PLAIN)


@pytest.mark.parametrize("layout", [lay for lay in Layout if lay is not Layout.feed])
def test_without_an_offer_no_layout_states_a_price_of_the_product(layout: Layout) -> None:
    product = replace(PRODUCT, layout=layout)
    sold_out = page(product, replace(PLAIN, quantity=0))
    assert 'id="outOfStock"' in sold_out
    assert "Currently unavailable." in sold_out
    unfeatured = page(product, replace(PLAIN, state=State.no_featured_offer))
    assert 'id="buybox-see-all-buying-choices"' in unfeatured
    for text in (sold_out, unfeatured):
        assert "$1,299.00" not in text
        assert "corePrice" not in text
        assert 'id="add-to-cart-button"' not in text


def test_a_used_only_page_has_the_used_price_and_no_cart_for_a_new_one() -> None:
    truth = replace(PLAIN, state=State.used_only)
    text = page(PRODUCT, truth)
    assert locale_of("com").price(truth.used_minor) in between(
        text, 'id="usedBuySection"', "</div>"
    )
    assert 'id="add-to-cart-button"' not in text


def test_ratings_are_absent_where_nobody_has_rated() -> None:
    assert "acrPopover" not in page(replace(PRODUCT, rating_tenths=None, review_count=None), PLAIN)
    german = page(replace(PRODUCT, site="de", rating_tenths=47, review_count=1091), PLAIN)
    assert 'id="acrPopover" title="4,7 von 5 Sternen"' in german
    assert "1.091 Sternebewertungen" in german


def test_titles_are_escaped_and_pages_are_as_large_as_asked() -> None:
    product = replace(PRODUCT, title='Lamp <b>"1.5\'" & more')
    raw = product_page(product, PLAIN, 300 * 1024)
    assert b'<span id="productTitle"> Lamp &lt;b&gt;&quot;1.5&#x27;&quot; &amp; more </span>' in raw
    assert 300 * 1024 <= len(raw) < 310 * 1024
