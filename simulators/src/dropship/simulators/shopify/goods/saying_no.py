"""Errors of the third layer: the call succeeded, the wish did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dropship.simulators.shopify.graph.errors import NotSimulated


@dataclass(frozen=True, slots=True)
class UserError:
    """One entry of `userErrors`. The plain `UserError` type has no `code`; it is then unused."""

    message: str
    field: tuple[str, ...] | None = None
    code: str | None = None


class Denied(Exception):
    """The mutation does nothing and says why."""

    def __init__(self, message: str, field: Sequence[str] | None, code: str | None = None) -> None:
        super().__init__(message)
        self.error = UserError(message, None if field is None else tuple(field), code)


def only(wish: dict[str, Any], known: frozenset[str], where: str) -> None:
    """Whatever we would forget in silence is answered 501: a wish half fulfilled misleads."""
    for name, value in wish.items():
        if value is not None and name not in known:
            raise NotSimulated(f"{where}.{name}")


def as_list(written: Any) -> list[Any]:
    """A list input; GraphQL takes one thing for a list of one."""
    if written is None:
        return []
    return written if isinstance(written, list) else [written]
