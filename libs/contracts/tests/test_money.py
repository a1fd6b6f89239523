"""Money on the wire is an exact text: nothing that a float or a typing error could bend."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts.money import Money

amounts = st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=4).map(lambda d: f"{d}")


@given(amount=amounts, currency=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3))
def test_an_amount_travels_without_losing_a_digit(amount: str, currency: str) -> None:
    sent = msgspec.json.encode(Money(amount, currency))

    received = msgspec.json.decode(sent, type=Money)

    assert Decimal(received.amount) == Decimal(amount)
    assert received.currency == currency


@given(st.text(max_size=20))
def test_what_is_not_a_plain_decimal_number_is_no_amount(text: str) -> None:
    body = msgspec.json.encode({"amount": text, "currency": "USD"})
    try:
        money = msgspec.json.decode(body, type=Money)
    except msgspec.ValidationError:
        return
    whole, _, fraction = money.amount.removeprefix("-").partition(".")
    assert whole.isascii()
    assert whole.isdecimal()
    assert len(whole) <= 12
    assert fraction == "" or (fraction.isascii() and fraction.isdecimal() and len(fraction) <= 4)


@pytest.mark.parametrize(
    "text",
    ["", "1.", ".5", "1.23456", "1,50", "1e3", "NaN", "+1", "--1", "1 ", "1\n", "٣", "1" * 13],
)
def test_amounts_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"amount": text, "currency": "USD"}, Money)


@pytest.mark.parametrize("body", [b'{"amount":348.99,"currency":"USD"}', b'{"amount":"1"}'])
def test_a_float_or_a_bare_number_is_not_money(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Money)


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "U5D", "USD\n", "ÄÖÜ"])
def test_a_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"amount": "1", "currency": currency}, Money)
