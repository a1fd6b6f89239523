"""Waiting for something to become true, with a bound and a readable end."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeVar, overload

T = TypeVar("T")
POLL_S = 0.02


@overload
async def eventually(
    predicate: Callable[[], Awaitable[T]], *, within_s: float = 10.0, what: str = ""
) -> T: ...
@overload
async def eventually(
    predicate: Callable[[], T], *, within_s: float = 10.0, what: str = ""
) -> T: ...
async def eventually(
    predicate: Callable[[], Any], *, within_s: float = 10.0, what: str = ""
) -> Any:
    """The first truthy value of `predicate`. Raises AssertionError when that comes too late.

    An exception raised by the predicate counts as "not yet"; the last one is named as the cause.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    last: object = None
    failure: BaseException | None = None
    while True:
        try:
            value = predicate()
            value = await value if isawaitable(value) else value
            if value:
                return value
            last, failure = value, None
        except (AssertionError, OSError, LookupError) as error:
            failure = error
        if loop.time() > deadline:
            raise AssertionError(
                f"{what or 'it'} did not come true in {within_s} s; last seen: {last!r}"
            ) from failure
        await asyncio.sleep(POLL_S)
