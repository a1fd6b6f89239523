"""The least price that reaches a target, exactly: not a cent more, and never a cent too little.

**Why not the formula alone.** Fees, tax and VAT are rounded to whole minor units, so the profit
wobbles by a unit around the formula's straight line; and fees step, so there are holes: with a cost
of 8.37 on eBay, 10.00 pays and 10.01 to 10.10 do not. A price *above* `break_even` may lose money:
before a price is used, ask `meets`.

**Why the answer is the least.** Prices are cut into pieces on which every fee is one line of its
base (`Sale.highest_price`: bases climb with the price, so a piece is an interval, and its ends are
exact). On a piece, what a price earns beyond its target is

    s(p) = keep·(revenue - vat) - weigh·Σ fees - least

with three integers made of the target. Replace each rounded term by its exact value, and s becomes
a line l(p). Rounding moves a term by at most 1/2, so |s(p) - l(p)| ≤ E with

    E = |keep|/2 [if there is VAT] + weigh·Σ (1/2 + rate/2 [if its base holds tax]), over fees that
        are not whole by themselves.

On a rising line no price under p₀ = ⌈(-E - l(0))/slope⌉ passes, and every price from
p₁ = ⌈(E - l(0))/slope⌉ on does: the least is one of p₀ … p₁, which are tried one by one with
everything rounded. On a level or falling line only prices with l(p) ≥ -E can pass, and they are the
first of the piece: these are tried. Pieces are taken in ascending order, so the first hit is the
least. The same holds among the prices with a charming ending. All this is in integers, the unit
being one half of the common denominator: E is one of them.

**Its bound.** p₁ - p₀ is 2E/slope: two or three cents for real targets. On a piece `WINDOW` prices
are tried, so the proof holds wherever 2E/slope < WINDOW. It ends where fees, VAT and target leave
the seller less than about 1/2000 of each further cent, or take that little more than all of it. On
so flat a rise p₁ is answered: it passes, and may not be the least. On so flat a fall the rest of
the piece is left.
"""

from collections.abc import Callable

from msgspec import Struct

from dropship.pricing.charging import Piece, Sale, sale_under
from dropship.pricing.money import CurrencyMismatch, Money, exponent_of, to_wire
from dropship.pricing.rounding import ratio
from dropship.pricing.terms import Basis, Charm, NoPrice, Target, Terms

WINDOW = 4096
LARGEST_MAJOR = 10**9
"""Higher prices are not looked for: there, somebody has mistaken the unit."""

NO_LOSS = Target(Basis.fixed_profit, "0")

Next = Callable[[int], int]
"""The least price one may ask for that is not under this one."""


class _Wish(Struct, frozen=True):
    """A target as integers: keep·net revenue - weigh·fees ≥ least."""

    keep: int
    weigh: int
    least: int

    def met(self, sale: Sale, price: int) -> bool:
        net, fees = sale.net_and_fees(price)
        return self.keep * net - self.weigh * fees >= self.least


class _Line(Struct, frozen=True):
    """slope·price + level, and by how much the rounded truth may differ from it."""

    slope: int
    level: int
    wobble: int


def least_price(
    terms: Terms,
    target: Target,
    *,
    at_least: Money | None = None,
    at_most: Money | None = None,
    charm: Charm | None = None,
) -> Money:
    """The least item price, from `at_least` on, at which the target is met with fees as charged.

    With `charm`: the least such price that also ends so; where that would be above `at_most`, the
    exact price, for an ending is worth no sale. Never less than one minor unit.

    Raises NoPrice, and CurrencyMismatch for a bound in another currency. NoPrice(`infeasible`) also
    when only a price of more than a billion would do.
    """
    currency = terms.schedule.currency
    sale = sale_under(terms)
    wish = _wish(target, sale.cost, currency)
    largest = LARGEST_MAJOR * 10 ** exponent_of(currency)
    ceiling = largest if at_most is None else min(_minor(at_most, currency), largest)
    start = 1 if at_least is None else max(1, _minor(at_least, currency))
    price = _first(sale, wish, start, largest, _any)
    if price is None:
        raise NoPrice("infeasible", f"no price reaches {_said(target, currency)}")
    if price > ceiling:
        raise NoPrice(
            "above_ceiling",
            f"{_said(target, currency)} needs {_text(price, currency)},"
            f" above the ceiling of {_text(ceiling, currency)}",
        )
    if charm is not None:
        charming = _first(sale, wish, price, ceiling, _ending(charm, currency))
        price = price if charming is None else charming
    return Money(price, currency)


def break_even(terms: Terms) -> Money:
    """The least price at which a sale does not lose. A higher one may: ask `meets`.

    Raises NoPrice.
    """
    return least_price(terms, NO_LOSS)


def meets(terms: Terms, target: Target, price: Money) -> bool:
    """Whether the target is met at this very price, with fees rounded as charged.

    A price of nothing meets no target, whatever the buyer pays for shipping.
    """
    minor = _minor(price, terms.schedule.currency)
    sale = sale_under(terms)
    return minor > 0 and _wish(target, sale.cost, price.currency).met(sale, minor)


def _minor(amount: Money, currency: str) -> int:
    if amount.currency != currency:
        raise CurrencyMismatch(f"{amount.currency} and {currency}")
    return amount.minor


def _wish(target: Target, cost: int, currency: str) -> _Wish:
    up, down = ratio(target.value)
    if target.basis == Basis.margin_on_price:
        return _Wish(down - up, down, down * cost)
    if target.basis == Basis.fixed_profit:
        return _Wish(down, down, down * cost + up * 10 ** exponent_of(currency))
    return _Wish(down, down, (down + up) * cost)


def _first(sale: Sale, wish: _Wish, start: int, largest: int, allowed: Next) -> int | None:
    """The least allowed price from `start` to `largest` that passes."""
    while start <= largest:
        pieces, end = _pieces(sale, start, largest)
        found = _first_on_piece(sale, wish, pieces, start, end, allowed)
        if found is not None:
            return found
        start = end + 1
    return None


def _pieces(sale: Sale, start: int, largest: int) -> tuple[list[Piece], int]:
    """The line of each fee at this price, and the last price at which all of them still hold."""
    pieces = []
    end = largest
    for curve, amount in zip(sale.curves, sale.bases_at(start), strict=True):
        piece = curve.piece(amount)
        pieces.append(piece)
        if len(curve.pieces) > 1:
            end = min(end, sale.highest_price(curve, piece.last))
    return pieces, end


def _first_on_piece(
    sale: Sale, wish: _Wish, pieces: list[Piece], start: int, end: int, allowed: Next
) -> int | None:
    line = _line(sale, wish, pieces)
    surely = None
    if line.slope > 0:
        surely = max(start, -((line.level - line.wobble) // line.slope))
        start = max(start, -((line.level + line.wobble) // line.slope))
    elif line.slope < 0:
        end = min(end, (line.level + line.wobble) // -line.slope)
    elif line.level + line.wobble < 0:
        return None
    price = allowed(start)
    for _ in range(WINDOW):
        if price > end:
            return None
        if wish.met(sale, price):
            return price
        price = allowed(price + 1)
    price = end + 1 if surely is None else allowed(surely)
    return price if price <= end and wish.met(sale, price) else None


def _line(sale: Sale, wish: _Wish, pieces: list[Piece]) -> _Line:
    """s(p) without its roundings, in units of 1/(2·Q), Q being the product of all denominators."""
    tax_up, tax_down = sale.tax
    vat_up, vat_down = sale.vat
    denominator = sale.curves[0].denominator if sale.curves else 1
    whole = vat_down * denominator * tax_down
    kept = wish.keep * (vat_down - vat_up) * denominator * tax_down
    weight = wish.weigh * vat_down
    slope = kept
    level = kept * sale.shipping - wish.least * whole
    wobble = abs(wish.keep) * whole if vat_up else 0
    for curve, piece in zip(sale.curves, pieces, strict=True):
        taxed = tax_up if curve.tax else 0
        shipped = (tax_down if curve.shipping else 0) + taxed
        slope -= weight * piece.slope * (tax_down + taxed)
        level -= weight * (piece.slope * shipped * sale.shipping + piece.offset * tax_down)
        if piece.slope or piece.offset % denominator:
            wobble += wish.weigh * whole
            wobble += weight * piece.slope * tax_down if taxed else 0
    return _Line(2 * slope, 2 * level, wobble)


def _any(price: int) -> int:
    return price


def _ending(charm: Charm, currency: str) -> Next:
    rests = charm.rests(currency)

    def following(price: int) -> int:
        return min(price + (rest - price) % modulus for rest, modulus in rests)

    return following


def _said(target: Target, currency: str) -> str:
    unit = f" {currency}" if target.basis == Basis.fixed_profit else ""
    return f"{target.basis.replace('_', ' ')} {target.value}{unit}"


def _text(minor: int, currency: str) -> str:
    amount = to_wire(Money(minor, currency))
    return f"{amount.amount} {amount.currency}"
