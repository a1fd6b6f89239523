"""How a store's secrets are sealed: each for its own row and column, so no text fits another."""

from uuid import UUID

import msgspec

from dropship.runtime.sealing import Sealer
from dropship.syncer.adapters.port import Credentials


def seal_credentials(sealer: Sealer, store: UUID, credentials: Credentials) -> bytes:
    """The text for `store_accounts.credentials`."""
    plain = {"client_id": credentials.client_id, "client_secret": credentials.client_secret}
    return sealer.seal(msgspec.json.encode(plain), credentials_of(store))


def open_credentials(sealer: Sealer, store: UUID, sealed: bytes) -> Credentials:
    """What was sealed. Raises SealBroken for a text that belongs to another store."""
    plain = msgspec.json.decode(sealer.open(sealed, credentials_of(store)), type=dict[str, str])
    return Credentials(plain["client_id"], plain["client_secret"])


def credentials_of(store: UUID) -> str:
    """The place of a store's credentials."""
    return f"store_accounts/{store}/credentials"


def token_of(store: UUID) -> str:
    """The place of a store's token."""
    return f"store_accounts/{store}/token"
