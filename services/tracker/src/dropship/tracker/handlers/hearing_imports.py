"""A user wants a product, or no longer waits for it."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from dropship.contracts.ids import product_id
from dropship.contracts.imports import ImportRequested
from dropship.contracts.jobs import JobCancelled
from dropship.contracts.products import ProductWatched
from dropship.runtime.errors import Unreadable
from dropship.runtime.hearing import Heard
from dropship.runtime.journal import Cause, Transaction
from dropship.tracker.domain.importing import (
    Patience,
    Waiting,
    leaves_watch,
    look_id,
    slots,
    take_turns,
)
from dropship.tracker.domain.watching import refusal
from dropship.tracker.handlers.asking_looks import Wish, ask
from dropship.tracker.handlers.ending_imports import say_failed, unwatch
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import imports, products, watches
from dropship.tracker.projections.imports import Load, Pending
from dropship.tracker.projections.products import Known, Wanted
from dropship.tracker.projections.watches import Watch
from msgspec import Struct

Batch = Sequence[Heard[ImportRequested | JobCancelled]]


class Request(Struct, frozen=True):
    """One readable import request."""

    job_id: str
    tenant_id: str
    wanted: Wanted
    cause: Cause

    def waiting(self) -> Waiting:
        return Waiting(self.job_id, str(self.wanted.id), self.tenant_id)


class Imports:
    """Hears imports and cancellations, many at once under one set of product locks."""

    def __init__(self, patience: Patience, check_every_s: int) -> None:
        self._patience = patience
        self._check_every_s = check_every_s

    async def hear(self, batch: Batch, tx: Transaction) -> None:
        """Take the locks of the whole batch first: in their one order they cannot deadlock."""
        requests = [_request(h) for h in batch if isinstance(h.event, ImportRequested)]
        cancelled = [h.event.job_id for h in batch if isinstance(h.event, JobCancelled)]
        waited_for = await imports.products_of(tx, cancelled) if cancelled else []
        known = await products.want(tx, [*waited_for, *(r.wanted for r in requests)])
        voice = Voice(tx, known)
        for type_, run in groupby(batch, key=lambda heard: type(heard.event)):
            if type_ is ImportRequested:
                await self._begin(voice, [_request(heard) for heard in run])
            else:
                for heard in run:
                    await self._cancel(voice, heard.event.job_id, Cause.of(heard.envelope))
        await products.write_versions(tx, known.values())

    async def _begin(self, voice: Voice, requests: Sequence[Request]) -> None:
        tx, allowed = voice.tx, _allowed(voice.tx, requests)
        if not allowed:
            return
        ids = {request.wanted.id for request in allowed}
        loads = await imports.loads(tx, {request.wanted.source for request in allowed})
        looks = await imports.looks_at(tx, ids)
        shared = {id_ for id_, look in looks.items() if self._patience.shares(look, tx.at)}
        await self._watch(voice, allowed)
        await imports.add(tx, [self._pending(r, r.wanted.id in shared, tx) for r in allowed])
        alone = [request for request in allowed if request.wanted.id not in shared]
        chosen = await _chosen(tx, alone, loads)
        await ask(tx, [_wish(voice, request) for request in chosen], self._patience)

    async def _watch(self, voice: Voice, requests: Sequence[Request]) -> None:
        rows = [Watch(r.tenant_id, r.wanted.id, r.job_id) for r in requests]
        new = await watches.add(voice.tx, rows, self._check_every_s)
        for request in requests:
            tie = (request.tenant_id, request.wanted.id)
            if tie in new:
                new.remove(tie)
                voice.tell(
                    voice.products[request.wanted.id],
                    ProductWatched(product_id=str(request.wanted.id), tenant_id=request.tenant_id),
                    cause=request.cause,
                    tenant=request.tenant_id,
                )
        await watches.plan(voice.tx, [request.wanted.id for request in requests])

    def _pending(self, request: Request, shared: bool, tx: Transaction) -> Pending:
        return Pending(
            request.job_id,
            request.wanted.id,
            request.tenant_id,
            request.wanted.source,
            request.cause,
            self._patience.deadline(tx.at) if shared else None,
        )

    async def _cancel(self, voice: Voice, job_id: str, cause: Cause) -> None:
        tx = voice.tx
        for gone in await imports.end(tx, [job_id]):
            product = voice.products[gone.product_id]
            others = await imports.of_products(tx, [product.id])
            await self._look_for(voice, product, others, job_id, cause)
            await _take_back(voice, product, gone, others, cause)

    async def _look_for(
        self, voice: Voice, product: Known, others: Sequence[Pending], job_id: str, cause: Cause
    ) -> None:
        """Ask again for the others: the doer skips a look that was ordered for a cancelled job."""
        if not others:
            await imports.forget_looks(voice.tx, [product.id])
            return
        look = (await imports.looks_at(voice.tx, [product.id])).get(product.id)
        if look is not None and look.job_id == job_id:
            heir = others[0]
            command_id = look_id(cause.id, str(product.id))
            wish = Wish(product, heir.job_id, heir.cause, command_id)
            await ask(voice.tx, [wish], self._patience)


def _request(heard: Heard[ImportRequested | JobCancelled]) -> Request:
    event, tenant = heard.event, heard.envelope.tenant
    assert isinstance(event, ImportRequested)
    if tenant is None:
        raise Unreadable("an import request names no tenant")
    id_ = UUID(product_id(event.source, event.external_id, event.variant))
    wanted = Wanted(id_, event.source, event.external_id, event.variant)
    return Request(event.job_id, tenant, wanted, Cause.of(heard.envelope))


def _allowed(tx: Transaction, requests: Iterable[Request]) -> list[Request]:
    allowed = []
    for request in requests:
        reason = refusal(request.wanted.source, request.tenant_id)
        if reason is None:
            allowed.append(request)
        else:
            say_failed(tx, request.job_id, request.tenant_id, request.cause, reason)
    return allowed


async def _chosen(
    tx: Transaction, requests: Iterable[Request], loads: dict[str, Load]
) -> list[Request]:
    """Whose look is ordered now; the rest waits for its turn in `pending_imports`.

    Where others wait already, nobody goes past them.
    """
    by_source: dict[str, list[Request]] = {}
    for request in requests:
        by_source.setdefault(request.wanted.source, []).append(request)
    chosen: list[Request] = []
    for source, group in by_source.items():
        load = loads[source]
        places = 0 if load.backlog else slots(load.looks_per_minute) - load.outstanding
        by_job = {request.job_id: request for request in group}
        turns = take_turns(
            (request.waiting() for request in group), after=load.last_tenant, places=places
        )
        chosen += [by_job[turn.job_id] for turn in turns]
        if turns and len(turns) < len({request.wanted.id for request in group}):
            await imports.served(tx, source, turns[-1].tenant_id)
    return chosen


def _wish(voice: Voice, request: Request) -> Wish:
    product = voice.products[request.wanted.id]
    command_id = look_id(request.cause.id, str(product.id))
    return Wish(product, request.job_id, request.cause, command_id)


async def _take_back(
    voice: Voice, product: Known, gone: Pending, others: Sequence[Pending], cause: Cause
) -> None:
    """Undo the watch that a cancelled import made, unless the tenant still waits by another."""
    heir = next((one for one in others if one.tenant_id == gone.tenant_id), None)
    made = await watches.made_by(voice.tx, gone.tenant_id, product.id) == gone.job_id
    if made and heir is not None:
        await watches.hand_over(voice.tx, gone.tenant_id, product.id, heir.job_id)
    if not leaves_watch(
        "cancelled", made_the_watch=made, imported=True, waits_elsewhere=bool(heir)
    ):
        await unwatch(voice, product, gone.tenant_id, cause)
