"""The same request under the same Idempotency-Key is done once.

The key is claimed in the transaction that does the work. A second request waits for that
transaction, then finds what the first one made.
"""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from dropship.runtime.errors import Refused, Retry
from dropship.runtime.journal import Transaction

KEPT = timedelta(hours=48)


async def claim(
    tx: Transaction, scope: str, key: str, request: bytes, subject: UUID
) -> UUID | None:
    """Take the key for what `subject` names, or tell what it was taken for before.

    None means that it is ours now. Raises Refused(kind="key_reused") when the earlier request was
    another one. After 48 hours a key is free again.
    """
    digest = sha256(request).digest()
    claimed = await tx.fetch_one(
        "INSERT INTO answered_keys AS known (scope, key, request_sha256, subject, created_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (scope, key) DO UPDATE"
        " SET request_sha256 = excluded.request_sha256, subject = excluded.subject,"
        " created_at = excluded.created_at WHERE known.created_at < %s RETURNING subject",
        (scope, key, digest, subject, tx.at, tx.at - KEPT),
    )
    if claimed is not None:
        return None
    earlier = await tx.fetch_one(
        "SELECT request_sha256, subject FROM answered_keys WHERE scope = %s AND key = %s",
        (scope, key),
    )
    if earlier is None:
        raise Retry(1.0, "key_just_forgotten")
    if bytes(earlier[0]) != digest:
        raise reused()
    return UUID(str(earlier[1]))


def reused() -> Refused:
    """The refusal for a key that stands for another request."""
    return Refused(
        "key_reused",
        "this key was used for another request: take a fresh one",
        kind="key_reused",
        field="Idempotency-Key",
    )
