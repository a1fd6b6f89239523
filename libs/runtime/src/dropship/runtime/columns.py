"""What the columns of every service's tables are declared with, so that all mean the same by it."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, text

AWARE = DateTime(timezone=True)
ZERO = text("0")
FALSE = text("false")
NO_ITEMS = text("'[]'::jsonb")
NO_MEMBERS = text("'{}'::jsonb")


def one_of(column: str, words: type[StrEnum], name: str | None = None) -> CheckConstraint:
    """The column holds one of these words, or null. `name` is that of the check, unique in a table.

    A word that is added later needs a migration which replaces the check.
    """
    allowed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({allowed})", name=name or f"{column}_known")
