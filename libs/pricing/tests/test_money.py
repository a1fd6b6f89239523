"""Money is exact in both directions, in every currency."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropship.contracts import money as wire
from dropship.pricing.currencies import EXPONENTS
from dropship.pricing.money import (
    CurrencyMismatch,
    Money,
    NotMoney,
    exponent_of,
    from_wire,
    percent_change,
    to_wire,
)

currencies = st.sampled_from(sorted(EXPONENTS))


@st.composite
def amounts(draw: st.DrawFn, currency: str | None = None) -> Money:
    code = currency or draw(currencies)
    bound = 10 ** (12 + exponent_of(code)) - 1
    return Money(draw(st.integers(-bound, bound)), code)


@given(amounts())
def test_what_is_sent_is_what_is_received(money: Money) -> None:
    assert from_wire(to_wire(money)) == money


@given(amounts())
def test_the_wire_form_shows_every_digit_of_the_currency_and_no_more(money: Money) -> None:
    _, _, fraction = to_wire(money).amount.partition(".")
    assert len(fraction) == exponent_of(money.currency)


@given(amounts())
def test_the_wire_form_names_the_same_number(money: Money) -> None:
    named = Fraction(to_wire(money).amount) * 10 ** exponent_of(money.currency)
    assert named == money.minor


@given(currencies, st.integers(0, 10**12 - 1), st.text("0123456789", min_size=1, max_size=4))
def test_digits_that_the_currency_does_not_have_are_refused(
    currency: str, whole: int, fraction: str
) -> None:
    amount = wire.Money(amount=f"{whole}.{fraction}", currency=currency)
    if len(fraction) > exponent_of(currency):
        with pytest.raises(NotMoney, match="fraction digits"):
            from_wire(amount)
    else:
        scale = 10 ** exponent_of(currency)
        assert from_wire(amount).minor == Fraction(amount.amount) * scale


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("348.99", "USD", 34899),
        ("348.9", "USD", 34890),
        ("348", "EUR", 34800),
        ("-0.01", "GBP", -1),
        ("1200", "JPY", 1200),
        ("1.5", "KWD", 1500),
        ("0", "USD", 0),
    ],
)
def test_a_price_tag_is_read_to_the_cent(amount: str, currency: str, minor: int) -> None:
    assert from_wire(wire.Money(amount=amount, currency=currency)) == Money(minor, currency)


@pytest.mark.parametrize(
    "amount", ["", "1,5", "1.", ".5", "1e3", " 1", "1\n", "+1", "--1", "1234567890123", "\u0661"]
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(NotMoney):
        from_wire(wire.Money(amount=amount, currency="USD"))


@pytest.mark.parametrize("currency", ["RUR", "usd", "$", "", "XXX"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(NotMoney, match="ISO 4217"):
        from_wire(wire.Money(amount="1", currency=currency))


def test_more_than_the_wire_can_carry_is_refused() -> None:
    with pytest.raises(NotMoney, match="digits before"):
        Money(10**14, "USD")


@given(amounts(currency="USD"), amounts(currency="USD"))
def test_order_and_difference_agree(one: Money, other: Money) -> None:
    assert (one < other) == (one.minor - other.minor < 0)
    assert (one <= other) == (one < other or one == other)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_the_change_undone_gives_the_new_price_exactly(old: int, new: int) -> None:
    change = percent_change(Money(old, "EUR"), Money(new, "EUR"))
    assert old * (1 + change / 100) == new


def test_a_change_that_no_float_holds_is_exact() -> None:
    assert percent_change(Money(3, "USD"), Money(4, "USD")) == Fraction(100, 3)


def test_a_change_from_nothing_has_no_percentage() -> None:
    with pytest.raises(ZeroDivisionError):
        percent_change(Money(0, "USD"), Money(4, "USD"))


def test_sums_stay_in_one_currency() -> None:
    assert Money(1, "USD") + Money(2, "USD") == Money(3, "USD")
    assert Money(1, "USD") - Money(2, "USD") == Money(-1, "USD")
    for mixed in (
        lambda: Money(1, "USD") + Money(1, "EUR"),
        lambda: Money(1, "USD") - Money(1, "EUR"),
        lambda: Money(1, "USD") < Money(1, "EUR"),
        lambda: Money(1, "USD") <= Money(1, "EUR"),
        lambda: percent_change(Money(1, "USD"), Money(1, "EUR")),
    ):
        with pytest.raises(CurrencyMismatch):
            mixed()
