"""What a schedule does to the programs themselves: kills, and old decisions said once more."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec
from nats.aio.client import Client

from dropship.runtime.testing import eventually
from integration.running import Stack, strike

BACK_S = 40.0
AT_ONCE = 3
_SAID = """
SELECT subject, payload FROM policy.journal
 WHERE stream = 'EVENTS' AND aggregate = ANY(%s) ORDER BY random() LIMIT %s
"""


@dataclass
class Killer:
    """Kills one program after another; the next when the last has been replaced."""

    stack: Stack
    struck: Counter[str] = field(default_factory=Counter)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def strikes(self, victim: str) -> None:
        async with self._turn:
            pid = self.stack.pids()[victim]
            strike(pid)
            self.struck[victim] += 1
            await eventually(
                lambda: self.stack.pids()[victim] != pid,
                within_s=BACK_S,
                what=f"the return of {victim}",
            )


async def repeats_an_old_decision(stack: Stack, log: Client, listings: Iterable[str]) -> None:
    """Some decisions about these listings are published once more, as new messages."""
    about = [f"decision:{id_}" for id_ in listings]
    for subject, payload in await stack.sql(_SAID, about, AT_ONCE):
        envelope = msgspec.json.decode(bytes(payload))
        envelope["id"] = str(uuid4())
        answer = await log.request(subject, msgspec.json.encode(envelope), timeout=10)
        assert b'"seq"' in answer.data, answer.data
