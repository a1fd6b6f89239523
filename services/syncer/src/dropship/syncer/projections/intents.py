"""The rows of `intents`: a call is written down before it is made, and closed with its outcome."""

from uuid import UUID

import msgspec

from dropship.runtime.journal import Transaction
from dropship.syncer.domain.outcomes import Intent
from dropship.syncer.domain.steps import Look, Step

SEEN = "seen"
IN_DOUBT = "in_doubt"

_OPEN = """
INSERT INTO intents (command_id, listing_id, step, decision_no, started_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (command_id) DO UPDATE SET step = excluded.step, decision_no = excluded.decision_no,
  started_at = excluded.started_at, finished_at = NULL, outcome = NULL
"""


async def begin(tx: Transaction, intent: Intent, listing: UUID) -> None:
    """Write down what is about to be sent."""
    step = msgspec.json.encode(intent.step).decode()
    await tx.execute(_OPEN, (UUID(intent.command_id), listing, step, intent.decision_no, tx.at))


async def close(tx: Transaction, command_id: UUID, outcome: str) -> None:
    """Write down what came of it."""
    await tx.execute(
        "UPDATE intents SET finished_at = %s, outcome = %s WHERE command_id = %s",
        (tx.at, outcome, command_id),
    )


async def resolve(tx: Transaction, listing: UUID) -> None:
    """The listing has been read: no call of its is in doubt any more."""
    await tx.execute(
        "UPDATE intents SET outcome = %s WHERE listing_id = %s AND outcome = %s",
        (SEEN, listing, IN_DOUBT),
    )


async def of(tx: Transaction, command_id: UUID) -> Intent | None:
    """What an earlier attempt at this command was about to send, None if it came to nothing."""
    row = await tx.fetch_one(
        "SELECT step, decision_no FROM intents WHERE command_id = %s AND finished_at IS NULL",
        (command_id,),
    )
    return Intent(str(command_id), _step(row[0]), row[1]) if row else None


async def doubtful(tx: Transaction, listing: UUID, command_id: UUID) -> Intent:
    """What this command is going to find out about: the listing's last call in doubt, if any."""
    row = await tx.fetch_one(
        "SELECT step, decision_no, outcome FROM intents WHERE listing_id = %s"
        " ORDER BY started_at DESC LIMIT 1",
        (listing,),
    )
    if row is None or row[2] not in (None, IN_DOUBT):
        return Intent(str(command_id), Look(), row[1] if row else 0)
    return Intent(str(command_id), _step(row[0]), row[1])


def _step(document: object) -> Step:
    return msgspec.convert(document, type=Step)  # type: ignore[no-any-return]
