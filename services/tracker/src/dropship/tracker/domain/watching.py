"""Who may watch what."""

from dropship.contracts.ids import tenant_of

NOT_YOURS = "not_found"
"""Said of another tenant's feed in the very words that are said of a feed that does not exist."""


def refusal(source: str, tenant: str) -> str | None:
    """Why the tenant may not watch products of this source, or None where they may.

    A tenant's own instance of a supplier is theirs alone; every other source is open to all.
    """
    owner = tenant_of(source)
    return NOT_YOURS if owner is not None and owner != tenant else None
