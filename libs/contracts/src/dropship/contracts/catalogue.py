"""Every message there is, by name: the one list that schemas, permissions and the CLI work from."""

from collections.abc import Iterable
from types import ModuleType

from dropship.contracts import (
    alerts,
    decisions,
    imports,
    jobs,
    listings,
    offers,
    orders,
    policies,
    products,
    reports,
    stores,
    suppliers,
    tenants,
    work,
)
from dropship.contracts.messages import Command, Event, Message, Query
from dropship.contracts.reading import Reader

NOUNS: tuple[ModuleType, ...] = (
    alerts,
    decisions,
    imports,
    jobs,
    listings,
    offers,
    orders,
    policies,
    products,
    reports,
    stores,
    suppliers,
    tenants,
    work,
)


def _found() -> Iterable[type[Message]]:
    for module in NOUNS:
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, Message)
                and value not in (Message, Event, Command, Query)
                and value.__module__ == module.__name__
            ):
                yield value


MESSAGES: dict[str, type[Message]] = {message.type_name(): message for message in _found()}
EVENTS: dict[str, type[Event]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Event)}
COMMANDS: dict[str, type[Command]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Command)}
QUERIES: dict[str, type[Query]] = {n: m for n, m in MESSAGES.items() if issubclass(m, Query)}

READER = Reader(MESSAGES.values())
"""Reads anything we ever said."""
