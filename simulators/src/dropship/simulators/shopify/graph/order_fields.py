"""How orders are shown. The source of a part is the pair (order, part)."""

from decimal import Decimal
from typing import Any

from dropship.simulators.shopify.gids import gid
from dropship.simulators.shopify.graph.paging import Page, page_of
from dropship.simulators.shopify.graph.sight import Sight, moment
from dropship.simulators.shopify.graph.tables import (
    Args,
    Field,
    Resolve,
    Table,
    always,
    connection_tables,
    key,
    leaf,
)
from dropship.simulators.shopify.money import as_decimal
from dropship.simulators.shopify.trade.order import Line, Order, Refund, Transaction

_NONE = Decimal(0)


def bag(read: Any) -> Field:
    """A `MoneyBag` of the amount read off the source."""
    return Field(lambda source, _args, sight: sight.bag(read(source)), "MoneyBag")


def _parts(name: str) -> Resolve:
    """The plain list of one kind of part, cut at `first`."""

    def resolve(order: Order, args: Args, _sight: Sight) -> list[Any]:
        parts = [(order, part) for part in getattr(order, name)]
        first = args.get("first")
        return parts[:first] if isinstance(first, int) else parts

    return resolve


def _lines(order: Order, args: Args, _sight: Sight) -> Page:
    return page_of([(order, line) for line in order.lines], args)


def _refund_lines(pair: tuple[Order, Refund], args: Args, _sight: Sight) -> Page:
    order, refund = pair
    by_number = {line.number: line for line in order.lines}
    taken = [(order, refund, by_number[n], count) for n, count in refund.quantities]
    return page_of(taken, args)


def _refund_payments(pair: tuple[Order, Refund], args: Args, _sight: Sight) -> Page:
    order, refund = pair
    paid = [(order, t) for t in order.transactions if t.number == refund.transaction]
    return page_of(paid, args)


def _one(line: Line) -> Decimal:
    """About what one cost, as Shopify says itself."""
    return (line.total / line.quantity).quantize(Decimal("0.000001"))


def _current(order: Order) -> Decimal:
    """What is left of the total when refunded."""
    return order.total - order.refunded


ORDER: Table = {
    "id": leaf(lambda o: gid("Order", o.number)),
    "legacyResourceId": leaf(lambda o: str(o.number)),
    "name": leaf(lambda o: o.name),
    "number": leaf(lambda o: int(o.name.lstrip("#"))),
    "createdAt": leaf(lambda o: moment(o.at)),
    "processedAt": leaf(lambda o: moment(o.at)),
    "updatedAt": leaf(lambda o: moment(o.updated_at)),
    "cancelledAt": leaf(lambda o: moment(o.cancelled_at)),
    "cancelReason": leaf(lambda o: o.cancel_reason),
    "closed": always(False),
    "closedAt": always(None),
    "confirmed": always(True),
    "test": always(False),
    "note": always(None),
    "currencyCode": leaf(lambda o: o.currency),
    "presentmentCurrencyCode": leaf(lambda o: o.currency),
    "displayFinancialStatus": leaf(lambda o: o.financial_status),
    "displayFulfillmentStatus": always("UNFULFILLED"),
    "fullyPaid": always(True),
    "unpaid": always(False),
    "taxesIncluded": always(False),
    "subtotalLineItemsQuantity": leaf(lambda o: o.units),
    "currentSubtotalLineItemsQuantity": leaf(
        lambda o: o.units - sum(o.returned(line.number) for line in o.lines)
    ),
    "paymentGatewayNames": always(["shopify_payments"]),
    "totalPriceSet": bag(lambda o: o.total),
    "subtotalPriceSet": bag(lambda o: o.subtotal),
    "originalTotalPriceSet": bag(lambda o: o.total),
    "totalReceivedSet": bag(lambda o: o.total),
    "currentTotalPriceSet": bag(_current),
    "currentSubtotalPriceSet": bag(_current),
    "netPaymentSet": bag(_current),
    "totalRefundedSet": bag(lambda o: o.refunded),
    "totalRefundedShippingSet": bag(lambda o: o.shipping if o.is_undone else _NONE),
    "totalTaxSet": bag(lambda o: o.tax),
    "currentTotalTaxSet": bag(lambda o: _NONE if o.is_undone else o.tax),
    "totalShippingPriceSet": bag(lambda o: o.shipping),
    "totalDiscountsSet": bag(lambda o: sum((line.discount for line in o.lines), _NONE)),
    "totalOutstandingSet": bag(lambda _o: _NONE),
    "lineItems": Field(_lines, "LineItemConnection"),
    "transactions": Field(_parts("transactions"), "OrderTransaction"),
    "refunds": Field(_parts("refunds"), "Refund"),
}


def _line_product(pair: tuple[Order, Line], _args: Args, sight: Sight) -> Any:
    return sight.product(pair[1].product)


def _line_variant(pair: tuple[Order, Line], _args: Args, sight: Sight) -> Any:
    return sight.variant(pair[1].variant)


def _allocations(pair: tuple[Order, Line], _args: Args, _sight: Sight) -> list[Line]:
    """One discount on the whole order, if there is any."""
    return [pair[1]] if pair[1].discount else []


LINE: Table = {
    "id": leaf(lambda pair: gid("LineItem", pair[1].number)),
    "title": leaf(lambda pair: pair[1].title),
    "name": leaf(lambda pair: pair[1].title),
    "variantTitle": leaf(lambda pair: pair[1].variant_title),
    "sku": leaf(lambda pair: pair[1].sku),
    "quantity": leaf(lambda pair: pair[1].quantity),
    "currentQuantity": leaf(lambda pair: pair[1].quantity - pair[0].returned(pair[1].number)),
    "refundableQuantity": leaf(lambda pair: pair[1].quantity - pair[0].returned(pair[1].number)),
    "unfulfilledQuantity": leaf(lambda pair: pair[1].quantity - pair[0].returned(pair[1].number)),
    "isGiftCard": always(False),
    "requiresShipping": always(True),
    "originalUnitPriceSet": bag(lambda pair: pair[1].unit_price),
    "discountedUnitPriceSet": bag(lambda pair: pair[1].unit_price),
    "discountedUnitPriceAfterAllDiscountsSet": bag(lambda pair: _one(pair[1])),
    "originalTotalSet": bag(lambda pair: pair[1].undiscounted),
    "discountedTotalSet": bag(lambda pair: pair[1].undiscounted),
    "discountAllocations": Field(_allocations, "DiscountAllocation"),
    "totalDiscountSet": bag(lambda _pair: _NONE),
    "product": Field(_line_product, "Product"),
    "variant": Field(_line_variant, "ProductVariant"),
}


def _parent(pair: tuple[Order, Transaction], _args: Args, _sight: Sight) -> Any:
    order, paid = pair
    found = (t for t in order.transactions if t.number == paid.parent)
    return next(((order, t) for t in found), None)


TRANSACTION: Table = {
    "id": leaf(lambda pair: gid("OrderTransaction", pair[1].number)),
    "kind": leaf(lambda pair: pair[1].kind),
    "status": always("SUCCESS"),
    "gateway": always("shopify_payments"),
    "formattedGateway": always("Shopify Payments"),
    "test": always(False),
    "createdAt": leaf(lambda pair: moment(pair[1].at)),
    "processedAt": leaf(lambda pair: moment(pair[1].at)),
    "amountSet": bag(lambda pair: pair[1].amount),
    "fees": Field(lambda pair, _a, _s: list(pair[1].fees), "TransactionFee"),
    "parentTransaction": Field(_parent, "OrderTransaction"),
    "order": Field(lambda pair, _a, _s: pair[0], "Order"),
}

FEE: Table = {
    "id": leaf(lambda fee: gid("TransactionFee", fee.number)),
    "amount": Field(lambda fee, _a, s: s.money(fee.amount), "MoneyV2"),
    "flatFee": Field(lambda fee, _a, s: s.money(fee.flat), "MoneyV2"),
    "flatFeeName": always("Shopify Payments fixed fee"),
    "rate": leaf(lambda fee: as_decimal(fee.rate)),
    "rateName": always("Shopify Payments rate"),
    "taxAmount": Field(lambda _fee, _a, s: s.money(_NONE), "MoneyV2"),
    "type": always("processing_fee"),
}

REFUND: Table = {
    "id": leaf(lambda pair: gid("Refund", pair[1].number)),
    "legacyResourceId": leaf(lambda pair: str(pair[1].number)),
    "note": leaf(lambda pair: pair[1].note),
    "createdAt": leaf(lambda pair: moment(pair[1].at)),
    "processedAt": leaf(lambda pair: moment(pair[1].at)),
    "updatedAt": leaf(lambda pair: moment(pair[1].at)),
    "totalRefundedSet": bag(lambda pair: pair[1].amount),
    "refundLineItems": Field(_refund_lines, "RefundLineItemConnection"),
    "transactions": Field(_refund_payments, "OrderTransactionConnection"),
    "order": Field(lambda pair, _a, _s: pair[0], "Order"),
}

REFUND_LINE: Table = {
    "id": leaf(lambda r: gid("RefundLineItem", r[1].number * 1_000 + r[2].number % 1_000)),
    "quantity": leaf(lambda r: r[3]),
    "restocked": leaf(lambda r: r[1].restocked),
    "restockType": leaf(lambda r: "RETURN" if r[1].restocked else "NO_RESTOCK"),
    "priceSet": bag(lambda r: r[2].unit_price),
    "subtotalSet": bag(lambda r: r[2].total * r[3] / r[2].quantity),
    "totalTaxSet": bag(lambda _r: _NONE),
    "lineItem": Field(lambda r, _a, _s: (r[0], r[2]), "LineItem"),
}

TABLES: dict[str, Table] = {
    "Order": ORDER,
    "LineItem": LINE,
    "DiscountAllocation": {"allocatedAmountSet": bag(lambda line: line.discount)},
    "OrderTransaction": TRANSACTION,
    "TransactionFee": FEE,
    "Refund": REFUND,
    "RefundLineItem": REFUND_LINE,
    "MoneyV2": {"amount": key("amount"), "currencyCode": key("currencyCode")},
    "MoneyBag": {
        "shopMoney": key("shopMoney", "MoneyV2"),
        "presentmentMoney": key("presentmentMoney", "MoneyV2"),
    },
    **connection_tables("Order"),
    **connection_tables("LineItem"),
    **connection_tables("RefundLineItem"),
    **connection_tables("OrderTransaction"),
}
