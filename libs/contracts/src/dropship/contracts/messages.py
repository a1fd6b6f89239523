"""What every message is: an event, a command or a query, with a type derived from its class.

``PriceChanged`` is ``dropship.price.changed.v1`` and travels as ``evt.<partition>.price.changed``;
``ScrapeProduct`` is ``dropship.product.scrape.v1``. Nobody types these strings by hand.
"""

import re
from functools import cache
from typing import Any, ClassVar, Literal

from msgspec import Struct

Stream = Literal["EVENTS", "OBSERVATIONS", "WORK"]
Lane = Literal["now", "soon", "later"]
LANES: tuple[Lane, ...] = ("now", "soon", "later")

_WORD = re.compile(r"[A-Z][a-z0-9]*")


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORD.findall(name))


class Message(Struct, frozen=True, kw_only=True):
    """Anything that is said.

    `owner` is the one service that says it (an event), or obeys or answers it (the rest).
    """

    owner: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def noun(cls) -> str:
        """What it is about, as one subject token."""
        raise NotImplementedError

    @classmethod
    def verb(cls) -> str:
        """What happened or shall happen, as one subject token."""
        raise NotImplementedError

    @classmethod
    def token(cls) -> str:
        """Its name as one token of a ``work`` or ``ask`` subject: ``scrape_product``."""
        raise NotImplementedError

    @classmethod
    @cache
    def type_name(cls) -> str:
        """The type without its version: ``dropship.price.changed``."""
        return f"dropship.{cls.noun()}.{cls.verb()}"

    @classmethod
    @cache
    def wire_type(cls) -> str:
        """The CloudEvents type: ``dropship.price.changed.v1``."""
        return f"{cls.type_name()}.v{cls.version}"


class Event(Message, frozen=True, kw_only=True):
    """A fact, named noun then past participle, said by its owner alone; unknown fields ignored."""

    stream: ClassVar[Stream] = "EVENTS"

    @classmethod
    def noun(cls) -> str:
        return "_".join(_words(cls.__name__)[:-1])

    @classmethod
    def verb(cls) -> str:
        return _words(cls.__name__)[-1]


class Command(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wish, named verb then noun. It carries all that its doer needs; its owner is the doer."""

    @classmethod
    def noun(cls) -> str:
        return "_".join(_words(cls.__name__)[1:])

    @classmethod
    def verb(cls) -> str:
        return _words(cls.__name__)[0]

    @classmethod
    def token(cls) -> str:
        return "_".join(_words(cls.__name__))


class Query(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question, named like its answer and put to its owner by request and reply."""

    answer: ClassVar[Any]

    @classmethod
    def noun(cls) -> str:
        return "_".join(_words(cls.__name__))

    @classmethod
    def verb(cls) -> str:
        return "asked"

    @classmethod
    def token(cls) -> str:
        return cls.noun()
