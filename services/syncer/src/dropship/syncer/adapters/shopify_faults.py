"""What Shopify's three layers of errors say of the effect: HTTP, GraphQL errors, user errors.

Whoever checks only the HTTP status loses every refusal; whoever checks only `userErrors` loses
every doubt. A change whose outcome no layer tells is `OutcomeUnknown`, never "failed".
"""

from collections.abc import Mapping, Sequence

from dropship.syncer.adapters.errors import (
    AuthExpired,
    Frozen,
    Invalid,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    ScopeMissing,
    Stale,
    Throttled,
    Unavailable,
)
from dropship.syncer.adapters.shopify_answers import Answer, Fault, UserError
from dropship.syncer.adapters.shopify_budget import FALLBACK_S

DETAIL_MAX = 200
ILL_S = 5.0
"""How long to leave a marketplace alone that does not say how long."""

_SELLER_MUST_ACT: Mapping[int | str, tuple[type[MarketplaceError], str]] = {
    402: (Frozen, "the store is frozen"),
    403: (ScopeMissing, "forbidden"),
    423: (Frozen, "the store is locked"),
    "ACCESS_DENIED": (ScopeMissing, "forbidden"),
    "FORBIDDEN": (ScopeMissing, "forbidden"),
    "UNAUTHORIZED": (ScopeMissing, "forbidden"),
    "SHOP_INACTIVE": (Frozen, "the store is closed"),
}
_TOO_MANY = frozenset({429, 430})
_NOT_CARRIED_OUT = frozenset({301, 302, 303, 307, 308, 404})
_ILL = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})
_NEVER_BEGUN = frozenset({"BAD_REQUEST", "MAX_COST_EXCEEDED", "NOT_FOUND"})
_STALE = frozenset(
    {
        "CHANGE_FROM_QUANTITY_STALE",
        "COMPARE_QUANTITY_STALE",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
    }
)
_GONE = frozenset(
    {
        "INVALID_INVENTORY_ITEM",
        "NOT_FOUND",
        "PRODUCT_DOES_NOT_EXIST",
        "PRODUCT_VARIANT_DOES_NOT_EXIST",
    }
)
_DOUBTFUL = frozenset({"GENERIC_ERROR", "JOB_ERROR"})
_BUSY = "IDEMPOTENCY_CONCURRENT_REQUEST"


def doubt(writes: bool, detail: str, after_s: float = ILL_S) -> MarketplaceError:
    """No telling answer came: of a change nobody knows, a read has simply failed."""
    if writes:
        return OutcomeUnknown(detail)
    return Unavailable(detail, after_s=after_s)


def of_status(status: int, headers: Mapping[str, str], *, writes: bool) -> MarketplaceError | None:
    """The first layer. None for a 200, whose body decides."""
    detail, wait_s = f"HTTP {status}", retry_after_s(headers)
    if status == 200:
        return None
    if status in _SELLER_MUST_ACT:
        error, why = _SELLER_MUST_ACT[status]
        return error(f"{why} ({detail})")
    if status in _NOT_CARRIED_OUT:
        return Unavailable(f"nothing answers there ({detail})", after_s=60.0)
    if status in _TOO_MANY:
        return Throttled(detail, after_s=wait_s or FALLBACK_S)
    if 400 <= status < 500 and status != 408:
        return AuthExpired(detail) if status == 401 else Invalid(detail)
    return doubt(writes, detail, wait_s or ILL_S)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, at most an hour; None where it is missing or a date."""
    try:
        return min(max(float(headers.get("retry-after", "")), 0.0), 3600.0)
    except ValueError:
        return None


def of_errors(answer: Answer, *, writes: bool) -> MarketplaceError | None:
    """The second layer. None where there are no top-level errors.

    An error inside a payload means that the change before it was made: that is in doubt, too.
    """
    if not answer.errors:
        return None
    fault = min(answer.errors, key=lambda each: not _leaves_doubt(each, answer))
    detail = fault.code or "refused without a code"
    if _leaves_doubt(fault, answer):
        return doubt(writes, f"{detail} in the answer")
    if fault.code == "THROTTLED":
        cost = answer.cost
        return Throttled(detail, after_s=cost.wait_s() if cost is not None else FALLBACK_S)
    if fault.code in _SELLER_MUST_ACT:
        error, why = _SELLER_MUST_ACT[fault.code]
        return error(f"{why} ({detail})")
    if fault.code in _NEVER_BEGUN or (fault.locations and not answer.has_begun):
        return Invalid(plain(f"{detail}: {fault.message}"))
    return doubt(writes, detail)


def _leaves_doubt(fault: Fault, answer: Answer) -> bool:
    """Such an error outweighs everything that would be told instead."""
    inside = answer.has_begun and fault.path is not None and len(fault.path) > 1
    return inside or fault.code in _ILL


def of_user_errors(errors: Sequence[UserError]) -> MarketplaceError | None:
    """The third layer. None where nothing was wrong with what was sent."""
    if not errors:
        return None
    codes = {error.code for error in errors}
    detail = plain("; ".join(_told(error) for error in errors))
    if codes & _DOUBTFUL:
        return OutcomeUnknown(detail)
    if codes & _GONE or any(_says_gone(error) for error in errors):
        return NotFound(detail)
    if codes & _STALE:
        return Stale(detail)
    if _BUSY in codes:
        return Throttled(detail, after_s=FALLBACK_S)
    fields = tuple(".".join(error.field or ()) for error in errors)
    return Invalid(detail, fields=tuple(field for field in fields if field))


def _told(error: UserError) -> str:
    return f"{error.code}: {error.message}" if error.code else error.message


def _says_gone(error: UserError) -> bool:
    """Two of the mutations give no codes: there the field and the sentence are all there is."""
    return error.code is None and error.field == ["id"] and "exist" in error.message


def plain(text: str) -> str:
    """Short and printable, whatever a stranger has written."""
    return "".join(c if c.isprintable() else " " for c in text[:DETAIL_MAX])
