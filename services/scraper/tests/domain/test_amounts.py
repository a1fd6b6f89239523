"""Amounts as shops write them: read right, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.money import Money
from dropship.scraper.domain.amounts import count_in, digits_of, number_in, price_in


@pytest.mark.parametrize(
    ("text", "mark", "site", "amount", "currency"),
    [
        ("$34.98", ".", "USD", "34.98", "USD"),
        ("1.099,00 €", ",", "EUR", "1099.00", "EUR"),
        ("1\u202f299,00\u00a0€", ",", "EUR", "1299.00", "EUR"),
        ("EUR 12,44", ",", "EUR", "12.44", "EUR"),
        ("€12.99", ",", "EUR", "12.99", "EUR"),
        ("￥24,800", ".", "JPY", "24800", "JPY"),
        ("₹1,29,999.00", ".", "INR", "129999.00", "INR"),
        ("CHF 1\u2019299.\u2013", ".", "CHF", "1299.00", "CHF"),
        ("£4.45", ".", "GBP", "4.45", "GBP"),
        ("US$19.99", ".", "CAD", "19.99", "USD"),
        ("$19.99", ".", "CAD", "19.99", "CAD"),
        ("349 kr", ",", "SEK", "349.00", "SEK"),
        ("KWD 1.250", ".", "KWD", "1.250", "KWD"),
        ("$35.99$35.99", ".", "USD", "35.99", "USD"),
    ],
)
def test_a_price_is_read_as_a_buyer_of_that_country_reads_it(
    text: str, mark: str, site: str, amount: str, currency: str
) -> None:
    assert price_in(text, mark, site) == Money(amount, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Free",
        "$0.00",
        "19.99",
        "$4.19 - $4.79",
        "$4.19 to $4.79",
        "3 for $10",
        "8,71 € (4,36 € / 100 ml)",
        "$1.2345",
        "$2 99",
        "12,44 € + 6,99 € shipping",
        "$1.00 €2.00",
        "-22% $35.99 was 45.99",
        "$9999999999999",
        "x" * 90 + "$1.00",
    ],
)
def test_what_can_be_read_in_two_ways_is_no_price(text: str) -> None:
    assert price_in(text, ".", "USD") is None


def test_a_sign_that_the_site_does_not_sell_in_is_no_price() -> None:
    assert price_in("¥1,000", ".", "USD") is None
    assert price_in("$10.00", ".", "EUR") is None


@given(
    st.integers(min_value=1, max_value=10**9),
    st.sampled_from([",", "."]),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    st.booleans(),
)
def test_every_amount_written_by_the_rules_is_read_back(
    minor: int, mark: str, currency: str, grouped: bool
) -> None:
    digits = digits_of(currency)
    amount = Decimal(minor).scaleb(-digits)
    group = {",": ".", ".": ","}[mark] if grouped else ""
    text = f"{amount:,.{digits}f}".replace(",", "g").replace(".", mark).replace("g", group)
    assert price_in(f"{currency} {text}", mark, currency) == Money(f"{amount:.{digits}f}", currency)


@given(st.text(max_size=100))
def test_no_text_makes_reading_fail(text: str) -> None:
    price_in(text, ".", "USD")
    number_in(text, ",")
    count_in(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2,842 ratings", 2842),
        ("1.091 Sternebewertungen", 1091),
        ("2\u202f480 évaluations", 2480),
        ("(226)", 226),
        ("1,23,456 ratings", 123456),
        ("(1.2K)", None),
        ("Be the first to review this item", None),
    ],
)
def test_reviews_are_counted_exactly_or_not(text: str, count: int | None) -> None:
    assert count_in(text) == count
