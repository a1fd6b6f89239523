"""Where the buyer's money goes, line by line, to the last minor unit."""

from msgspec import Struct

from dropship.pricing.charging import sale_under
from dropship.pricing.fees import Component
from dropship.pricing.money import CurrencyMismatch, Money, to_wire
from dropship.pricing.rounding import decimal_text, half_even, ratio
from dropship.pricing.terms import Terms


class FeeLine(Struct, frozen=True):
    """One fee as charged. `rate` is given where it alone explains the amount: not for a fixed fee,
    a minimum, a cap, or a sale that reaches into a second slice.
    """

    name: str
    base: Money
    rate: str | None
    amount: Money


class Breakdown(Struct, frozen=True, kw_only=True):
    """price + shipping_charged = vat + fees_total + cost + profit, exactly.

    `margin_on_price` is profit over net revenue, `markup_on_cost` profit over cost, each rounded
    half-even to four digits for reading, "0" where there is nothing to divide by. To judge a target
    ask `meets`: a margin of 0.19996 reads 0.2000.
    """

    price: Money
    shipping_charged: Money
    vat: Money
    fees: tuple[FeeLine, ...]
    fees_total: Money
    cost: Money
    profit: Money
    margin_on_price: str
    markup_on_cost: str
    schedule_id: str


def breakdown(terms: Terms, price: Money) -> Breakdown:
    """What is left of this price, and where the rest went. Raises CurrencyMismatch."""
    currency = terms.schedule.currency
    if price.currency != currency:
        raise CurrencyMismatch(f"{price.currency} and {currency}")
    sale = sale_under(terms)
    net, fees_total = sale.net_and_fees(price.minor)
    profit = net - fees_total - sale.cost
    bases = sale.bases_at(price.minor)
    return Breakdown(
        price=price,
        shipping_charged=Money(sale.shipping, currency),
        vat=Money(sale.vat_at(price.minor), currency),
        fees=tuple(
            _line(component, Money(amount, currency), Money(curve.fee(amount), currency))
            for component, curve, amount in zip(
                terms.schedule.components, sale.curves, bases, strict=True
            )
        ),
        fees_total=Money(fees_total, currency),
        cost=terms.cost,
        profit=Money(profit, currency),
        margin_on_price=decimal_text(profit, net) if net > 0 else "0",
        markup_on_cost=decimal_text(profit, sale.cost) if sale.cost else "0",
        schedule_id=terms.schedule.id,
    )


def _line(component: Component, base: Money, amount: Money) -> FeeLine:
    rate = next(
        (tier.rate for tier in component.tiers if tier.up_to is None or base <= tier.up_to), None
    )
    if rate is not None:
        up, down = ratio(rate)
        rate = rate if half_even(base.minor * up, down) == amount.minor else None
    return FeeLine(component.name, base, rate, amount)


def readable(breakdown: Breakdown) -> str:
    """The same for a seller's eye: what comes in, what goes out, what is left."""
    lines = [("price", breakdown.price)]
    if breakdown.shipping_charged.minor:
        lines.append(("shipping charged", breakdown.shipping_charged))
    if breakdown.vat.minor:
        lines.append(("- VAT", breakdown.vat))
    lines += [(f"- {_named(fee)}", fee.amount) for fee in breakdown.fees]
    lines += [("- cost", breakdown.cost), ("= profit", breakdown.profit)]
    wide = max(len(name) for name, _ in lines)
    deep = max(len(_digits(amount)) for _, amount in lines)
    table = [f"{name:<{wide}}  {_digits(amount):>{deep}}" for name, amount in lines]
    table[-1] += (
        f" {breakdown.price.currency}: {_percent(breakdown.margin_on_price)} of the net revenue,"
        f" {_percent(breakdown.markup_on_cost)} on cost"
    )
    return "\n".join([*table, f"fees of {breakdown.schedule_id}"])


def _named(fee: FeeLine) -> str:
    return fee.name if fee.rate is None else f"{fee.name}, {_percent(fee.rate)}"


def _digits(amount: Money) -> str:
    return to_wire(amount).amount


def _percent(share: str) -> str:
    """0.1325 as 13.25 %; the text is moved, nothing is rounded."""
    sign, text = ("-", share[1:]) if share.startswith("-") else ("", share)
    whole, _, fraction = text.partition(".")
    shifted = f"{whole}{fraction.ljust(2, '0')[:2]}".lstrip("0") or "0"
    rest = fraction[2:].rstrip("0")
    return f"{sign}{shifted}{'.' + rest if rest else ''} %"
