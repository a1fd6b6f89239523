"""Whether a supplier has a thing, in words that keep *unknown* apart from *none*."""

from enum import StrEnum


class Availability(StrEnum):
    """What a supplier says about stock: schema.org's words, plus the ones sellers need.

    `unknown` is never read as `out_of_stock`: a blocked or broken page must not empty a shop.
    """

    in_stock = "in_stock"
    low = "low"
    backorder = "backorder"
    preorder = "preorder"
    made_to_order = "made_to_order"
    in_store_only = "in_store_only"
    out_of_stock = "out_of_stock"
    discontinued = "discontinued"
    unknown = "unknown"


class QuantityKind(StrEnum):
    """How a stated quantity is meant: the number itself, a lower bound, or our assumption."""

    exact = "exact"
    at_least = "at_least"
    assumed = "assumed"
