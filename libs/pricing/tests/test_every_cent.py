"""The solver against a brute force that tries every cent and knows nothing of the solver.

The brute force reckons in Decimal, straight from the words of a fee schedule. For each scene (a fee
schedule, shipping, tax, VAT) it works out what every single price of a range brings and costs:

- Shopify, eBay and a cliff of 8 % to 15 %: 0.01 to 60.00, with tax 0, 6, 8.875 %, VAT 0, 20 %;
- eBay and jewellery: 60.00 to both sides of where the order reaches 7,500.00 and 5,000.00;
- yen: 1 to 6,000; schedules out of a hat, in dollars, yen and dinars: 1 to 3,000 minor units.

Then many costs, targets, bounds and endings are asked of each scene.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import cache
from itertools import accumulate, islice, product
from math import ceil
from random import Random

import pytest
from msgspec import Struct
from msgspec.structs import replace

from dropship.pricing import charging, solver
from dropship.pricing.fees import Component, FeeSchedule, Fixed, Part, Tier, schedule
from dropship.pricing.money import Money, exponent_of
from dropship.pricing.solver import least_price, meets
from dropship.pricing.terms import Basis, Charm, NoPrice, Target, Terms

CASES_OF_A_FAMILY = 17_000
CASES_AGAINST_A_BUG = 4_000


def made_up(currency: str, *fees: Component) -> FeeSchedule:
    return FeeSchedule(
        id="made-up/2020-01-01",
        name="made-up",
        channel="none",
        currency=currency,
        effective_from=date(2020, 1, 1),
        source="nobody charges this",
        verified_at=date(2020, 1, 1),
        components=fees,
    )


class Scene(Struct, frozen=True):
    """Everything but cost, target and bounds; prices from `low` to `high` minor units."""

    schedule: FeeSchedule
    shipping: int
    tax: str
    vat: str
    low: int
    high: int


class Case(Struct, frozen=True):
    scene: Scene
    terms: Terms
    target: Target
    at_least: int
    at_most: int
    charm: Charm | None


# --- the brute force ---------------------------------------------------------------------------


def whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), ROUND_HALF_EVEN)


def charged(fee: Component, parts: dict[Part, Decimal]) -> Decimal:
    """One fee, as a seller would work it out on paper."""
    base = sum((parts[part] for part in fee.base), Decimal(0))
    amount, below = Decimal(0), Decimal(0)
    for tier in fee.tiers:
        end = base if tier.up_to is None else min(base, Decimal(tier.up_to.minor))
        if fee.tiering == "marginal" and end > below:
            amount += (end - below) * Decimal(tier.rate)
        elif fee.tiering == "cliff" and below < base <= end:
            amount = base * Decimal(tier.rate)
        below = end
    amount += next((f.amount.minor for f in fee.fixed if not f.up_to or base <= f.up_to.minor), 0)
    if fee.minimum is not None:
        amount = max(amount, Decimal(fee.minimum.minor))
    if fee.cap is not None:
        amount = min(amount, Decimal(fee.cap.minor))
    return whole(amount)


@cache
def sales(scene: Scene) -> list[tuple[Decimal, Decimal]]:
    """Net revenue and what is left of it after fees, for every price from low to high."""
    rows = []
    tax, vat = Decimal(scene.tax), Decimal(scene.vat)
    with localcontext() as context:
        context.prec = 60
        for price in range(scene.low, scene.high + 1):
            gross = Decimal(price + scene.shipping)
            parts: dict[Part, Decimal] = {
                "item": Decimal(price),
                "shipping": Decimal(scene.shipping),
                "tax": whole(gross * tax),
            }
            net = gross - whole(gross * vat / (1 + vat))
            fees = sum(charged(f, parts) for f in scene.schedule.components)
            rows.append((net, net - fees))
    return rows


@cache
def bearable(scene: Scene, margin: str) -> tuple[list[Decimal], list[Decimal]]:
    """For every price, the highest cost that leaves this margin; and the highest so far."""
    rate = Decimal(margin)
    costs = [left - rate * net for net, left in sales(scene)]
    return costs, list(accumulate(costs, max))


def wanted(case: Case) -> tuple[str, Decimal]:
    """The target as a margin on what is left when this much has been paid."""
    cost, value = Decimal(case.terms.cost.minor), Decimal(case.target.value)
    if case.target.basis is Basis.margin_on_price:
        return case.target.value, cost
    if case.target.basis is Basis.fixed_profit:
        return "0", cost + value * 10 ** exponent_of(case.scene.schedule.currency)
    return "0", cost * (1 + value)


def tried(case: Case) -> int | None:
    """The least price that passes, found by looking at all of them; None: none up to at_most."""
    margin, cost = wanted(case)
    costs, highest = bearable(case.scene, margin)
    low = case.scene.low
    if case.at_least == low:
        found = bisect_left(highest, cost)
    else:
        rest = range(case.at_least - low, len(costs))
        found = next((i for i in rest if costs[i] >= cost), len(costs))
    if found + low > case.at_most:
        return None
    if case.charm is not None:
        digits = exponent_of(case.scene.schedule.currency)
        endings = tuple(ending.ljust(digits, "0") for ending in case.charm.endings)
        for price in range(found + low, case.at_most + 1):
            if str(price).zfill(6).endswith(endings) and costs[price - low] >= cost:
                return price
    return found + low


@pytest.fixture(autouse=True)
def forgetting() -> Iterator[None]:
    """What was tried for one test does not stay in memory for the next."""
    yield
    sales.cache_clear()
    bearable.cache_clear()


# --- the cases ---------------------------------------------------------------------------------


MARKETS = tuple(product((0, 499), ("0", "0.06", "0.08875"), ("0", "0.20")))


def from_the_first_cent(schedule: FeeSchedule) -> list[Scene]:
    return [Scene(schedule, *market, low=1, high=6000) for market in MARKETS]


def around(schedule: FeeSchedule, total: int) -> Iterator[Scene]:
    """Prices at which the order, with shipping and tax, comes to about this total."""
    for shipping, tax, vat in MARKETS:
        price = int(total / (1 + Decimal(tax))) - shipping
        yield Scene(schedule, shipping, tax, vat, price - 6000, price + 6000)


def drawn_scenes(random: Random) -> Iterator[Scene]:
    """Schedules out of a hat: steps up and down, minima, caps, any base."""
    for _ in range(60):
        currency = random.choice(("USD", "JPY", "KWD"))
        yield Scene(
            made_up(currency, *(drawn_fee(random, currency) for _ in range(random.randint(0, 3)))),
            shipping=random.choice((0, random.randint(1, 900))),
            tax=random.choice(("0", "0.06", "0.08875", "0.5")),
            vat=random.choice(("0", "0.20", "0.055")),
            low=1,
            high=3000,
        )


def drawn_fee(random: Random, currency: str) -> Component:
    def ends() -> list[Money | None]:
        several = sorted(random.sample(range(1, 3200), random.randint(0, 2)))
        return [*(Money(end, currency) for end in several), None]

    base: list[Part] = ["item"]
    base += random.sample(["shipping", "tax"], random.randint(0, 2))
    limits = sorted(random.sample(range(300), 2))
    rates = ("0", "0.029", "0.1325", "0.0005", str(Decimal(random.randint(0, 4000)) / 10000))
    return Component(
        name="drawn",
        base=tuple(base),
        tiers=tuple(Tier(random.choice(rates), end) for end in ends()),
        tiering=random.choice(("marginal", "cliff")),
        fixed=tuple(Fixed(Money(random.randint(0, 90), currency), end) for end in ends()),
        minimum=random.choice((None, Money(limits[0], currency))),
        cap=random.choice((None, Money(limits[1], currency))),
    )


SHOPIFY = schedule("shopify-basic", date(2026, 1, 1))
EBAY = schedule("ebay-us", date(2024, 3, 15))
JEWELRY = schedule("ebay-us-jewelry", date(2024, 3, 15))
CLIFF = made_up(
    "USD",
    Component(
        name="referral",
        base=("item", "shipping"),
        tiers=(Tier("0.08", Money(1500, "USD")), Tier("0.15")),
        tiering="cliff",
        minimum=Money(30, "USD"),
    ),
)
YEN = made_up(
    "JPY",
    Component(
        name="payment",
        base=("item", "shipping", "tax"),
        tiers=(Tier("0.0355"),),
        cap=Money(150, "JPY"),
    ),
    Component(
        name="handling",
        base=("item",),
        fixed=(Fixed(Money(30, "JPY"), Money(1000, "JPY")), Fixed(Money(70, "JPY"))),
    ),
)
FAMILIES: dict[str, Callable[[Random], list[Scene]]] = {
    "shopify": lambda _: from_the_first_cent(SHOPIFY),
    "ebay": lambda _: from_the_first_cent(EBAY),
    "ebay's steps": lambda _: [*around(EBAY, 750_000), *around(JEWELRY, 500_000)],
    "cliff": lambda _: from_the_first_cent(CLIFF),
    "yen": lambda _: from_the_first_cent(YEN),
    "hat": lambda random: list(drawn_scenes(random)),
}
MARGINS = ("0", "0.05", "0.20", "0.3333")
SHARES = ("0", "0.10", "0.5", "1.25")
GAINS = ("0", "0.5", "2.00", "5.005")
CHARMS = (None, None, Charm(("99", "95")), Charm(("9",)), Charm(("99",)), Charm(("00", "499")))


def cases(family: str) -> Iterator[Case]:
    random = Random(family)  # noqa: S311
    scenes = FAMILIES[family](random)
    while True:
        scene = random.choice(scenes)
        currency = scene.schedule.currency
        basis = random.choice(tuple(Basis))
        values = {Basis.margin_on_price: MARGINS, Basis.fixed_profit: GAINS}.get(basis, SHARES)
        value = random.choice(values)
        cost = random.randint(0, scene.high * 2 // 3)
        if scene.low > 1:
            _, highest = bearable(scene, value if basis is Basis.margin_on_price else "0")
            cost = max(0, int(random.choice(highest)) + random.randint(-99, 99))
        bound = random.randint(scene.low, scene.high)
        yield Case(
            scene,
            Terms(
                Money(cost, currency),
                scene.schedule,
                Money(scene.shipping, currency) if scene.shipping else None,
                scene.tax,
                scene.vat,
            ),
            Target(basis, value),
            at_least=random.choice((scene.low, scene.low, scene.low, bound)),
            at_most=random.choice((scene.high, scene.high, scene.high, bound)),
            charm=random.choice(CHARMS),
        )


Solve = Callable[[Case], int | None]


def solved(case: Case) -> int | None:
    currency = case.scene.schedule.currency
    try:
        price = least_price(
            case.terms,
            case.target,
            at_least=Money(case.at_least, currency),
            at_most=Money(case.at_most, currency),
            charm=case.charm,
        )
    except NoPrice:
        return None
    return price.minor


def disagreements(solve: Solve, asked: Iterator[Case]) -> Iterator[tuple[Case, int | None]]:
    return ((case, solve(case)) for case in asked if solve(case) != tried(case))


def test_the_comparison_is_of_a_hundred_thousand_cases() -> None:
    assert CASES_OF_A_FAMILY * len(FAMILIES) >= 100_000


@pytest.mark.parametrize("family", FAMILIES)
def test_no_price_is_a_cent_too_high_or_too_low(family: str) -> None:
    asked = islice(cases(family), CASES_OF_A_FAMILY)

    assert next(disagreements(solved, asked), None) is None


# --- planted bugs --------------------------------------------------------------------------------


def plain(family: str) -> Iterator[Case]:
    """Cases without bounds and endings, for solvers that know nothing of them."""
    for case in cases(family):
        yield replace(case, at_least=case.scene.low, at_most=case.scene.high, charm=None)


def by_formula(case: Case, to_cents: Callable[[Fraction], int]) -> int | None:
    """The textbook: P = (C + f - S·d) / d, on one rate and one fixed fee. Shopify's, that is."""
    margin, want = (Fraction(each) for each in wanted(case))
    tax, vat = Fraction(case.scene.tax), Fraction(case.scene.vat)
    share = (1 - margin) / (1 + vat) - Fraction("0.029") * (1 + tax)
    price = max(1, to_cents((want + 30) / share - case.scene.shipping))
    return price if price <= case.at_most else None


def fee_on_the_price_before_the_fee(case: Case) -> int | None:
    """cost/0.8 + cost/0.8·0.029 + 0.30: the fee is charged neither on itself nor on the 0.30."""
    margin, want = (Fraction(each) for each in wanted(case))
    price = ceil(want / (1 - margin) * Fraction("1.029")) + 30
    return price if price <= case.at_most else None


def holes_forgotten(case: Case) -> int | None:
    """Bisection, as if a higher price always earned more."""
    currency = case.scene.schedule.currency
    prices = range(case.scene.low, case.scene.high + 1)
    found = bisect_left(
        prices, 1, key=lambda price: meets(case.terms, case.target, Money(price, currency))
    )
    return prices[found] if found < len(prices) else None


def tax_forgotten(case: Case) -> int | None:
    return solved(replace(case, terms=replace(case.terms, buyer_tax="0")))


BUGS: dict[str, tuple[str, Solve]] = {
    "rounded to the nearest cent": ("shopify", lambda case: by_formula(case, round)),
    "fees not rounded": ("shopify", lambda case: by_formula(case, ceil)),
    "fee on the price before the fee": ("shopify", fee_on_the_price_before_the_fee),
    "the buyer's tax forgotten": ("shopify", tax_forgotten),
    "holes forgotten on eBay": ("ebay", holes_forgotten),
    "holes forgotten at a cliff": ("cliff", holes_forgotten),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_solver_with_a_mistake_would_be_noticed(bug: str) -> None:
    family, mistaken = BUGS[bug]

    assert any(disagreements(mistaken, islice(plain(family), CASES_AGAINST_A_BUG)))


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def test_ties_rounded_up_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charging, "half_even", half_up)

    assert any(disagreements(solved, islice(plain("shopify"), CASES_AGAINST_A_BUG)))


def test_looking_only_from_the_formula_upwards_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = solver._line
    monkeypatch.setattr(solver, "_line", lambda *asked: replace(exact(*asked), wobble=0))

    assert any(disagreements(solved, islice(plain("shopify"), CASES_AGAINST_A_BUG)))
