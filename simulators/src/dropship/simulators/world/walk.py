"""How prices and stocks move: pure steps from one truth to the next."""

from dataclasses import replace
from enum import IntEnum

from dropship.simulators.world.dice import Dice
from dropship.simulators.world.product import Layout, Product, State, Truth

HOUR = 3600.0
_JUMP = 0.08


class Move(IntEnum):
    """What may happen next to a product. The numbers order moves that fall on the same moment."""

    price = 0
    sale = 1
    restock = 2
    offer = 3


_MEAN_WAIT_S = {Move.price: 4 * HOUR, Move.sale: 5 * HOUR, Move.restock: 12 * HOUR}


def wait_s(move: Move, product: Product, truth: Truth, dice: Dice) -> float:
    """Virtual seconds until this kind of move comes again."""
    if move is Move.offer:
        return dice.wait(8 * HOUR if truth.state is State.no_featured_offer else 480 * HOUR)
    if move is Move.restock and truth.quantity == 0:
        return dice.wait(8 * HOUR)
    return dice.wait(_MEAN_WAIT_S[move])


def moves_of(product: Product) -> tuple[Move, ...]:
    """A feed has no featured offer to lose."""
    return tuple(m for m in Move if m is not Move.offer or product.layout is not Layout.feed)


def step(move: Move, product: Product, truth: Truth, dice: Dice) -> Truth:
    """The truth after one move; equal to the one before where nothing changes."""
    if move is Move.price:
        return replace(truth, price_minor=_next_price(product, truth, dice))
    if move is Move.sale:
        return replace(truth, quantity=max(0, truth.quantity - dice.between(1, 3)))
    if move is Move.restock:
        grown = truth.quantity + dice.between(15, 60)
        return replace(truth, quantity=grown) if truth.quantity < 15 else truth
    return replace(truth, state=_next_state(truth))


def _next_price(product: Product, truth: Truth, dice: Dice) -> int:
    """Nearly half-way home, with noise; at times a fifth off or on. Between ½ and 2 anchors."""
    anchor, price = product.anchor_minor, truth.price_minor
    noise, jumps, cut = dice.bell(), dice.chance(_JUMP), dice.chance(0.7)
    moved = price + (anchor - price) * 0.4 + noise * anchor * 0.02
    if jumps:
        moved *= 0.8 if cut else 1.2
    return max(anchor // 2, 1, min(anchor * 2, round(moved)))


def _next_state(truth: Truth) -> State:
    if truth.state is State.buyable:
        return State.no_featured_offer
    return State.buyable if truth.state is State.no_featured_offer else truth.state
