"""What was sold on a marketplace, as a part of `dropship.syncer.adapters.life`."""

from dropship.pricing.money import Money
from dropship.syncer.adapters.world import KEY, ORDERS, PRICE, InAStore, World


class SoldThere(InAStore):
    """Orders come whole, each with the money that is ours."""

    async def test_an_order_is_read_with_what_it_cost_the_buyer_and_us(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            name = await world.buy(KEY, 2)
            ((sold,), cursor) = await store.all_orders()
            assert sold.external_id == name
            assert sold.paid
            ((line,)) = sold.lines
            assert (line.key, line.quantity, line.unit_price) == (KEY, 2, PRICE)
            assert sold.total == Money(2 * PRICE.minor, "USD")
            assert sold.fees is None or Money(0, "USD") < sold.fees
            assert (sold.refunded, sold.cancelled_at) == (Money(0, "USD"), None)
            await world.refund(name, "10.00")
            ((sold,), cursor) = await store.all_orders(cursor)
            assert sold.refunded == Money(1000, "USD")
            assert sold.refunded_at is not None
            await world.cancel(name)
            ((sold,), cursor) = await store.all_orders(cursor)
            assert sold.cancelled_at is not None
            assert sold.ordered_at <= sold.cancelled_at

    async def test_many_orders_come_page_by_page_and_none_is_left_out(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live(quantity=ORDERS)
            names = {await world.buy(KEY, 1) for _ in range(ORDERS)}
            assert (await store.orders()).more
            sold, cursor = await store.all_orders()
            assert sorted(each.external_id for each in sold) == sorted(names)
            moments = [each.updated_at for each in sold]
            assert moments == sorted(moments)
            again, _ = await store.all_orders(cursor)
            assert {each.external_id for each in again} <= names, "the overlap, and nothing else"

    async def test_a_discount_on_several_is_counted_to_the_cent(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            await world.buy(KEY, 3, discount="10.00")
            ((sold,), _) = await store.all_orders()
            assert sold.total == Money(3 * PRICE.minor - 1000, "USD")
            sums = [line.unit_price.minor * line.quantity for line in sold.lines]
            assert sum(sums) == sold.total.minor
            assert sum(line.quantity for line in sold.lines) == 3
            assert {line.key for line in sold.lines} == {KEY}

    async def test_tax_and_shipping_that_go_back_are_no_loss(self, world: World) -> None:
        async with self._store(world) as store:
            await store.live()
            name = await world.buy(KEY, 1, tax="2.17", shipping="5.00")
            ((sold,), cursor) = await store.all_orders()
            assert (sold.total, sold.refunded) == (PRICE, Money(0, "USD"))
            await world.refund(name, "4.00")
            ((sold,), cursor) = await store.all_orders(cursor)
            assert sold.refunded == Money(400, "USD")
            await world.refund(name)
            ((sold,), cursor) = await store.all_orders(cursor)
            assert (sold.total, sold.refunded) == (PRICE, PRICE)
