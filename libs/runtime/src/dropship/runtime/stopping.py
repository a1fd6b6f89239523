"""A cancellation that cannot get lost on the way.

Before Python 3.12 `asyncio.wait_for`, which nats-py and psycopg use for every answer, returns the
answer and forgets the cancellation when both arrive in the same turn of the loop. A task group
whose child fails while it is cancelled forgets it too. A loop that then goes on keeps its process
from ever leaving; so every loop that runs for ever asks here at each turn.
"""

import asyncio


def unless_cancelled() -> bool:
    """True, or the CancelledError that was meant for this task and has been swallowed below it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return True
