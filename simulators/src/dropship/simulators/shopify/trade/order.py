"""What an order is at one moment. A refund or a cancellation makes a new version of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the price is the one at the moment of sale, whatever happens to the product."""

    number: int
    product: int
    variant: int
    listing: str | None
    title: str
    variant_title: str
    sku: str | None
    quantity: int
    unit_price: Decimal
    discount: Decimal = Decimal(0)

    @property
    def undiscounted(self) -> Decimal:
        return self.unit_price * self.quantity

    @property
    def total(self) -> Decimal:
        return self.undiscounted - self.discount


@dataclass(frozen=True, slots=True)
class Fee:
    """What the payment cost: `amount` is rounded, `rate` and `flat` are the tariff."""

    number: int
    amount: Decimal
    rate: Decimal
    flat: Decimal


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that moved. A refund has no fee, and gives none back."""

    number: int
    kind: str
    amount: Decimal
    at: datetime
    fees: tuple[Fee, ...] = ()
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """`quantities` are the units taken back, by line."""

    number: int
    at: datetime
    amount: Decimal
    note: str
    quantities: tuple[tuple[int, int], ...]
    restocked: bool
    transaction: int


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    name: str
    at: datetime
    updated_at: datetime
    currency: str
    lines: tuple[Line, ...]
    transactions: tuple[Transaction, ...]
    refunds: tuple[Refund, ...] = ()
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)

    @property
    def subtotal(self) -> Decimal:
        """What the goods cost, after discounts."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """All that the buyer paid; tax stands beside the prices."""
        return self.subtotal + self.tax + self.shipping

    @property
    def is_undone(self) -> bool:
        """All of it went back, tax and shipping with it; before that, none of the two did."""
        return self.refunded >= self.total

    @property
    def refunded(self) -> Decimal:
        return sum((refund.amount for refund in self.refunds), Decimal(0))

    @property
    def fees(self) -> Decimal:
        each = (fee.amount for one in self.transactions for fee in one.fees)
        return sum(each, Decimal(0))

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def financial_status(self) -> str:
        if not self.refunded:
            return "PAID"
        return "REFUNDED" if self.is_undone else "PARTIALLY_REFUNDED"

    def returned(self, line: int) -> int:
        """Units of this line that were taken back."""
        pairs = (pair for refund in self.refunds for pair in refund.quantities)
        return sum(quantity for number, quantity in pairs if number == line)
