"""The rounds that keep imports moving: turns for those that wait, an end for those that hang."""

from datetime import timedelta
from uuid import UUID

from dropship.runtime.database import Database
from dropship.runtime.journal import Transaction
from dropship.tracker.domain.importing import (
    ASKS,
    TIMED_OUT,
    Patience,
    Waiting,
    again_id,
    look_id,
    slots,
    take_turns,
)
from dropship.tracker.handlers.asking_looks import Wish, ask
from dropship.tracker.handlers.ending_imports import fail
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import imports, products

AT_ONCE = 500

_OLDEST = """
SELECT i.job_id, i.product_id::text, i.tenant_id
  FROM (SELECT DISTINCT tenant_id FROM pending_imports
         WHERE source = %s AND deadline_at IS NULL) t
 CROSS JOIN LATERAL
       (SELECT job_id, product_id, tenant_id, requested_at FROM pending_imports p
         WHERE p.source = %s AND p.tenant_id = t.tenant_id AND p.deadline_at IS NULL
         ORDER BY requested_at LIMIT %s) i
 ORDER BY i.requested_at
"""


class Minding:
    """What happens to imports when nothing is heard."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    async def take_turns(self, database: Database) -> None:
        """Order looks for imports that wait, round-robin by tenant, as places become free."""
        sources = await database.fetch_all(
            "SELECT DISTINCT source FROM pending_imports WHERE deadline_at IS NULL"
        )
        for (source,) in sources:
            async with database.transaction() as tx:
                await self._serve(tx, source)

    async def _serve(self, tx: Transaction, source: str) -> None:
        load = (await imports.loads(tx, [source]))[source]
        places = slots(load.looks_per_minute) - load.outstanding
        if places <= 0:
            return
        rows = await tx.fetch_all(_OLDEST, (source, source, places))
        waiting = [Waiting(*row) for row in rows]
        turns = take_turns(waiting, after=load.last_tenant, places=min(places, AT_ONCE))
        locked = await products.lock_free(tx, [UUID(turn.product_id) for turn in turns])
        still = {one.job_id: one for one in await imports.of_products(tx, locked)}
        wishes = [
            Wish(
                locked[one.product_id],
                one.job_id,
                one.cause,
                look_id(one.cause.id, turn.product_id),
            )
            for turn in turns
            if (one := still.get(turn.job_id)) is not None and one.deadline_at is None
        ]
        await ask(tx, wishes, self._patience)
        if turns:
            await imports.served(tx, source, turns[-1].tenant_id)

    async def ask_again(self, database: Database) -> None:
        """Ask once more for looks that nobody has answered: a command may be parked or lost."""
        async with database.transaction() as tx:
            silent_since = tx.at - timedelta(seconds=self._patience.again_after_s)
            rows = await tx.fetch_all(
                "SELECT product_id FROM looks WHERE asks < %s AND asked_at <= %s LIMIT %s",
                (ASKS, silent_since, AT_ONCE),
            )
            locked = await products.lock_free(tx, [row[0] for row in rows])
            looks = await imports.looks_at(tx, locked)
            pending = await imports.of_products(tx, locked)
            heirs = {one.product_id: one for one in reversed(pending)}
            await ask(
                tx,
                [
                    Wish(
                        locked[id_],
                        heirs[id_].job_id,
                        heirs[id_].cause,
                        again_id(look.command_id),
                        look.asks + 1,
                    )
                    for id_, look in looks.items()
                    if id_ in heirs and self._patience.overdue(look, tx.at)
                ],
                self._patience,
            )

    async def expire(self, database: Database) -> None:
        """Fail the imports whose time is up."""
        async with database.transaction() as tx:
            rows = await tx.fetch_all(
                "SELECT DISTINCT product_id FROM pending_imports WHERE deadline_at <= %s LIMIT %s",
                (tx.at, AT_ONCE),
            )
            locked = await products.lock_free(tx, [row[0] for row in rows])
            pending = await imports.of_products(tx, locked)
            late = [p for p in pending if p.deadline_at is not None and p.deadline_at <= tx.at]
            others = [p for p in pending if p not in late]
            voice = Voice(tx, locked)
            ended = await imports.end(tx, [one.job_id for one in late])
            detail = f"nobody looked within {self._patience.deadline_s:g} s"
            await fail(voice, ended, TIMED_OUT, detail, others=others)
            await imports.forget_looks(tx, set(locked) - {one.product_id for one in others})
            await voice.keep()
