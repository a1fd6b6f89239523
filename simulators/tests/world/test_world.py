"""The world is repeatable: seed in, history out."""

import pytest

from dropship.simulators.world.catalogue import make_products
from dropship.simulators.world.product import Layout, State
from dropship.simulators.world.world import World

DAY = 86_400.0


def test_the_same_seed_gives_the_same_history_however_time_is_cut() -> None:
    at_once = World(7, make_products(7)).advance_to(5 * DAY)
    world = World(7, make_products(7))
    in_steps = [change for hour in range(1, 121) for change in world.advance_to(hour * 3600.0)]
    assert at_once == in_steps
    assert len(at_once) > 1_000


def test_another_seed_gives_other_products_and_another_history() -> None:
    assert {p.id for p, _ in make_products(7)}.isdisjoint(
        p.id for p, _ in make_products(8) if p.layout is not Layout.feed
    )
    assert World(7, make_products(7)).advance_to(DAY) != World(8, make_products(8)).advance_to(DAY)


def test_a_product_moves_the_same_whatever_else_is_in_the_world() -> None:
    few = World(7, make_products(7, shop_count=8, feed_count=0))
    many = World(7, make_products(7))
    ours = [change for change in many.advance_to(DAY) if change.id in few.products]
    assert few.advance_to(DAY) == ours


def test_prices_wander_near_their_anchor_and_stock_runs_out_and_comes_back() -> None:
    world = World(7, make_products(7))
    changes = world.advance_to(40 * DAY)
    for change in changes:
        anchor = world.products[change.id].anchor_minor
        assert anchor // 2 <= change.truth.price_minor <= anchor * 2
        assert change.truth.quantity >= 0
    empty = {change.id for change in changes if change.truth.quantity == 0}
    refilled = {change.id for change in changes if change.truth.quantity > 20}
    assert len(empty & refilled) > 20
    sold_out_now = [t for t in world.truths.values() if t.quantity == 0]
    assert len(sold_out_now) < len(world.truths) / 3


def test_what_is_held_stays_until_it_is_let_go() -> None:
    world = World(7, make_products(7))
    id_ = next(iter(world.products))
    world.set(id_, price_minor=1234, quantity=7, held=True)
    assert not [c for c in world.advance_to(5 * DAY) if c.id == id_]
    world.set(id_, held=False)
    assert [c for c in world.advance_to(10 * DAY) if c.id == id_]


def test_every_layout_and_every_kind_of_offer_is_in_the_catalogue() -> None:
    beginnings = make_products(7)
    assert {p.layout for p, _ in beginnings} == set(Layout)
    assert {t.state for _, t in beginnings} == set(State) - {State.gone}
    assert {t.availability for _, t in beginnings} >= {"in_stock", "low", "out_of_stock"}
    assert {p.site for p, _ in beginnings} == {"com", "co.uk", "de", "fr", "it", "es", ""}


@pytest.mark.parametrize("seed", [1, 7, 99])
def test_the_first_products_are_plainly_for_sale(seed: int) -> None:
    first = make_products(seed)[:8]
    assert {t.availability for _, t in first} == {"in_stock"}
    assert len({p.id for p, _ in make_products(seed)}) == 80
