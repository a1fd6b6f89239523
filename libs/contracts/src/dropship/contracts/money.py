"""Money as it travels: an exact decimal text and a currency, never a float.

Arithmetic is done in integer minor units by `dropship.pricing.money`; this is only the wire form.
"""

from typing import Annotated

from msgspec import Meta, Struct

Amount = Annotated[str, Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$(?!\n)", examples=["348.99"])]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", examples=["USD"])]


class Money(Struct, frozen=True):
    """An amount in major units of an ISO 4217 currency.

    On the wire: ``{"amount": "348.99", "currency": "USD"}``.
    """

    amount: Amount
    currency: Currency
