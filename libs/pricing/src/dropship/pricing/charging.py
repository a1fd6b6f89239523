"""What one sale brings and costs at any price, in whole minor units, as it would be charged.

Everything here is a function of the price alone: the terms are worked into integers once. Solver
and breakdown both ask here, so a price is verified by the very sums that are shown.
"""

from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from dropship.pricing.fees import Component, FeeSchedule
from dropship.pricing.money import Money
from dropship.pricing.rounding import Ratio, half_even, ratio
from dropship.pricing.terms import Terms

ENDLESS = 10**30
"""The end of the last piece: beyond any base that money can hold."""


class Piece(Struct, frozen=True):
    """Up to a base of `last`, a fee is (`slope` x base + `offset`) / denominator, then rounded."""

    last: int
    slope: int
    offset: int


class Curve(Struct, frozen=True):
    """One fee component as a function of its base: linear pieces that need not join."""

    shipping: bool
    tax: bool
    denominator: int
    pieces: tuple[Piece, ...]

    def piece(self, amount: int) -> Piece:
        """The piece on which a base of this amount lies."""
        for piece in self.pieces:
            if amount <= piece.last:
                return piece
        raise ValueError("no money is as much as this")

    def fee(self, amount: int) -> int:
        """The fee on this base, rounded as charged."""
        piece = self.piece(amount)
        return half_even(piece.slope * amount + piece.offset, self.denominator)


@lru_cache(maxsize=256)
def curves(schedule: FeeSchedule) -> tuple[Curve, ...]:
    """The components of a schedule over one common denominator, in their order."""
    rates = [ratio(tier.rate) for each in schedule.components for tier in each.tiers]
    denominator = max((down for _, down in rates), default=1)
    return tuple(_curve(each, denominator) for each in schedule.components)


def _curve(component: Component, denominator: int) -> Curve:
    ends = {0, ENDLESS, *(end.minor for end in component.ends())}
    pieces: list[Piece] = []
    for start, last in pairwise(sorted(ends)):
        slope, offset = _rate_part(component, start, denominator)
        offset += _fixed_part(component, start) * denominator
        pieces += _clamped(component, Piece(last, slope, offset), start, denominator)
    shipping, tax = "shipping" in component.base, "tax" in component.base
    return Curve(shipping, tax, denominator, tuple(pieces))


def _end(up_to: Money | None) -> int:
    return ENDLESS if up_to is None else up_to.minor


def _rate_part(component: Component, start: int, denominator: int) -> tuple[int, int]:
    """Slope and offset of the rates for bases just above `start`.

    Marginal slices join: where one ends, both lines name the same fee.
    """
    slope = offset = lower = 0
    for tier in component.tiers:
        up, down = ratio(tier.rate)
        rate = up * (denominator // down)
        if component.tiering == "marginal":
            offset += (slope - rate) * lower
        slope, lower = rate, _end(tier.up_to)
        if start < lower:
            break
    return slope, offset


def _fixed_part(component: Component, start: int) -> int:
    for step in component.fixed:
        if start < _end(step.up_to):
            return step.amount.minor
    return 0


def _clamped(component: Component, piece: Piece, start: int, denominator: int) -> list[Piece]:
    """The piece cut where the minimum stops to hold and where the cap begins to."""
    parts = []
    if component.minimum is not None:
        floor = component.minimum.minor * denominator
        parts.append(Piece(_last_not_above(floor, piece), 0, floor))
    if component.cap is None:
        parts.append(piece)
    else:
        roof = component.cap.minor * denominator
        parts.append(Piece(_last_not_above(roof, piece), piece.slope, piece.offset))
        parts.append(Piece(piece.last, 0, roof))
    kept: list[Piece] = []
    for part in parts:
        if part.last > (kept[-1].last if kept else start):
            kept.append(part)
    return kept


def _last_not_above(bound: int, piece: Piece) -> int:
    """The greatest base on the piece at which its line does not exceed `bound`."""
    if piece.slope == 0:
        return piece.last if piece.offset <= bound else -1
    return min(piece.last, (bound - piece.offset) // piece.slope)


class Sale(Struct, frozen=True):
    """One unit sold under one set of terms. `vat` is the share contained in what the buyer pays."""

    cost: int
    shipping: int
    tax: Ratio
    vat: Ratio
    curves: tuple[Curve, ...]

    def tax_at(self, price: int) -> int:
        """The tax added on top, as the buyer pays it."""
        up, down = self.tax
        return half_even((price + self.shipping) * up, down) if up else 0

    def vat_at(self, price: int) -> int:
        """The VAT contained in price and shipping, as it is owed."""
        up, down = self.vat
        return half_even((price + self.shipping) * up, down) if up else 0

    def bases_at(self, price: int) -> list[int]:
        """The base of each fee."""
        shipping, tax = self.shipping, self.tax_at(price)
        return [
            price + (shipping if curve.shipping else 0) + (tax if curve.tax else 0)
            for curve in self.curves
        ]

    def net_and_fees(self, price: int) -> tuple[int, int]:
        """The revenue less VAT, and the sum of the fees: all that depends on the price."""
        fees = 0
        for curve, amount in zip(self.curves, self.bases_at(price), strict=True):
            fees += curve.fee(amount)
        return price + self.shipping - self.vat_at(price), fees

    def highest_price(self, curve: Curve, last: int) -> int:
        """The highest price at which the base of this fee is `last` or less.

        A base climbs by at least one unit with the price, so the pieces of a fee are intervals of
        prices. The quotient is never too high; a tax rounded down may leave room for one more.
        """
        start = last - (self.shipping if curve.shipping else 0)
        up, down = self.tax
        if not (curve.tax and up):
            return start
        price = (start * down - self.shipping * up) // (up + down)
        while price + 1 + self.tax_at(price + 1) <= start:
            price += 1
        return price


def sale_under(terms: Terms) -> Sale:
    """The terms worked into integers."""
    up, down = ratio(terms.vat)
    shipping = terms.shipping_charged
    return Sale(
        cost=terms.cost.minor,
        shipping=0 if shipping is None else shipping.minor,
        tax=ratio(terms.buyer_tax),
        vat=(up, down + up),
        curves=curves(terms.schedule),
    )
