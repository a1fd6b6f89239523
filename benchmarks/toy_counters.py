"""The made-up service that `log_throughput` measures: counters move, and are counted."""

from collections.abc import Sequence
from typing import ClassVar

from dropship.contracts.ids import Id
from dropship.contracts.messages import Event
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Transaction

STREAM = """
[[stream]]
name = "{name}"
subjects = {subjects}
storage = "file"
compression = "s2"
allow_atomic = true
allow_direct = true
"""
TOPOLOGY = 'services = ["bench"]' + "".join(
    STREAM.replace("{name}", name).replace("{subjects}", subjects)
    for name, subjects in (
        ("EVENTS", '["evt.>", "fence.>"]'),
        ("OBSERVATIONS", '["obs.>", "obsfence.>"]'),
        ("WORK", '["work.>"]'),
        ("DEAD", '["dead.>"]'),
        ("RAW", '["raw.>"]'),
    )
)
DDL = (
    "CREATE TABLE counters (id text PRIMARY KEY, version bigint NOT NULL)",
    "RESET ROLE",
    "SET ROLE hearer_owner",
    "CREATE TABLE hearer.heard_counters"
    " (id text PRIMARY KEY, heard bigint NOT NULL, last bigint NOT NULL)",
)


class Moved(Event, frozen=True, kw_only=True):
    """A counter moved."""

    owner: ClassVar[str] = "bench"
    counter: Id
    number: int
    note: str

    @classmethod
    def noun(cls) -> str:
        return "counter"


async def count_many(batch: Sequence[Heard[Moved]], tx: Transaction) -> None:
    """Fold by counter, then one UNNEST upsert: what a projection does."""
    heard: dict[str, int] = {}
    last: dict[str, int] = {}
    for one in batch:
        heard[one.event.counter] = heard.get(one.event.counter, 0) + 1
        last[one.event.counter] = one.event.number
    keys = sorted(heard)
    await tx.execute(
        "INSERT INTO heard_counters (id, heard, last)"
        " SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[])"
        " ON CONFLICT (id) DO UPDATE SET heard = heard_counters.heard + excluded.heard,"
        " last = excluded.last",
        (keys, [heard[key] for key in keys], [last[key] for key in keys]),
    )
