"""What holds for every sale: sums to the cent, and no charm at the target's expense."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from dropship.pricing.breakdown import breakdown, readable
from dropship.pricing.fees import schedule, schedules
from dropship.pricing.money import Money
from dropship.pricing.rounding import decimal_text, half_even
from dropship.pricing.solver import NO_LOSS, break_even, least_price, meets
from dropship.pricing.terms import Basis, Charm, Target, Terms

rates = st.integers(0, 3000).map(lambda n: f"0.{n:04}")
amounts = st.integers(0, 1_000_000).map(lambda minor: Money(minor, "USD"))
targets = st.builds(Target, st.sampled_from(Basis), rates)
charms = st.lists(st.text("0123456789", min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda endings: Charm(tuple(endings))
)
terms = st.builds(
    Terms,
    amounts,
    st.sampled_from(schedules()),
    st.none() | amounts,
    buyer_tax=rates,
    vat=rates,
)


@given(terms, amounts)
def test_every_cent_the_buyer_pays_is_accounted_for(terms: Terms, price: Money) -> None:
    shown = breakdown(terms, price)
    fees = sum(line.amount.minor for line in shown.fees)

    came = shown.price.minor + shown.shipping_charged.minor
    went = shown.vat.minor + shown.fees_total.minor + shown.cost.minor + shown.profit.minor

    assert came == went
    assert fees == shown.fees_total.minor
    assert shown.price == price
    assert shown.schedule_id == terms.schedule.id


@given(terms, amounts, targets)
def test_the_breakdown_and_the_verdict_never_contradict_each_other(
    terms: Terms, price: Money, target: Target
) -> None:
    shown = breakdown(terms, price)
    value, profit = Fraction(target.value), shown.profit.minor
    net = price.minor + shown.shipping_charged.minor - shown.vat.minor

    asked = {
        Basis.margin_on_price: value * net,
        Basis.markup_on_cost: value * terms.cost.minor,
        Basis.roi: value * terms.cost.minor,
        Basis.fixed_profit: value * 100,
    }[target.basis]

    assert meets(terms, target, price) == (price.minor > 0 and profit >= asked)


@given(terms, targets)
def test_a_price_earns_what_was_asked_and_a_cent_less_does_not(
    terms: Terms, target: Target
) -> None:
    price = least_price(terms, target)

    assert meets(terms, target, price)
    assert not meets(terms, target, price - Money(1, "USD"))


@given(terms, targets, charms, st.none() | amounts)
def test_a_charm_never_costs_the_target_nor_lowers_the_price(
    terms: Terms, target: Target, charm: Charm, at_least: Money | None
) -> None:
    exact = least_price(terms, target, at_least=at_least)
    charming = least_price(terms, target, at_least=at_least, charm=charm)

    assert exact <= charming
    assert meets(terms, target, charming)
    assert f"{charming.minor:09}".endswith(tuple(e.ljust(2, "0") for e in charm.endings))


@given(terms)
def test_break_even_loses_nothing_and_nothing_below_it_does_not_lose(terms: Terms) -> None:
    price = break_even(terms)
    below = [*range(max(0, price.minor - 50), price.minor), *range(0, price.minor, 997)]

    assert breakdown(terms, price).profit.minor >= 0
    assert not any(meets(terms, NO_LOSS, Money(minor, "USD")) for minor in below)


@given(terms, targets)
def test_asking_from_the_answer_on_gives_the_same_answer(terms: Terms, target: Target) -> None:
    price = least_price(terms, target)

    assert least_price(terms, target, at_least=price, at_most=price) == price


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_an_amount_is_rounded_to_the_nearest_cent_and_a_tie_to_the_even_one(
    numerator: int, denominator: int
) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_a_share_is_shown_with_four_digits(numerator: int, denominator: int) -> None:
    shown = Fraction(decimal_text(numerator, denominator))

    assert shown == round(Fraction(numerator, denominator), 4)


def test_a_seller_can_read_where_the_money_goes() -> None:
    terms = Terms(
        Money(2000, "USD"),
        schedule("shopify-basic", date(2026, 11, 23)),
        Money(499, "USD"),
        vat="0.20",
    )

    assert readable(breakdown(terms, Money(2684, "USD"))).splitlines() == [
        "price                             26.84",
        "shipping charged                   4.99",
        "- VAT                              5.30",
        "- Shopify Payments, 2.9 %          0.92",
        "- Shopify Payments, each payment   0.30",
        "- cost                            20.00",
        "= profit                           5.31 USD: 20.02 % of the net revenue, 26.55 % on cost",
        "fees of shopify-basic/2024-01-01",
    ]


def test_a_loss_reads_as_a_loss() -> None:
    terms = Terms(Money(1000, "USD"), schedule("ebay-us", date(2024, 3, 15)))

    shown = breakdown(terms, Money(1001, "USD"))

    assert shown.profit == Money(-172, "USD")
    assert (
        readable(shown)
        .splitlines()[-2]
        .endswith("-1.72 USD: -17.18 % of the net revenue, -17.2 % on cost")
    )


def test_nothing_is_a_share_of_nothing() -> None:
    terms = Terms(Money(0, "USD"), schedule("shopify-basic", date(2026, 11, 23)))

    shown = breakdown(terms, Money(0, "USD"))

    assert (shown.margin_on_price, shown.markup_on_cost) == ("0", "0")


def test_a_rate_is_shown_only_where_it_alone_explains_the_fee() -> None:
    ebay = schedule("ebay-us", date(2024, 3, 15))

    low = breakdown(Terms(Money(0, "USD"), ebay), Money(2500, "USD"))
    high = breakdown(Terms(Money(0, "USD"), ebay), Money(800_000, "USD"))

    assert [line.rate for line in low.fees] == ["0.1325", None]
    assert [line.rate for line in high.fees] == [None, None]
