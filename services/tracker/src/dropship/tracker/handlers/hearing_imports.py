"""A user wants a product, or no longer waits for it."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from msgspec import Struct

from dropship.contracts.envelope import Envelope
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
    look_id,
    slots,
    take_turns,
)
from dropship.tracker.domain.watching import refusal
from dropship.tracker.handlers.asking_looks import Wish, ask
from dropship.tracker.handlers.ending_imports import say_failed, settle_watch
from dropship.tracker.handlers.voice import Voice
from dropship.tracker.projections import imports, products, watches
from dropship.tracker.projections.imports import Load, Pending
from dropship.tracker.projections.products import Known, Wanted
from dropship.tracker.projections.watches import Watch

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
        cancelled = [h.event.job_id for h in batch if isinstance(h.event, JobCancelled)]
        waited_for = await imports.products_of(tx, cancelled) if cancelled else []
        wanted = [request.wanted for request in _requests(batch)]
        voice = Voice(tx, await products.want(tx, [*waited_for, *wanted]))
        for _, run in groupby(batch, key=lambda heard: type(heard.event)):
            heard = list(run)
            await self._begin(voice, _allowed(tx, _requests(heard)))
            for one in heard:
                if isinstance(one.event, JobCancelled):
                    await self._cancel(voice, one.event.job_id, Cause.of(one.envelope))
        await voice.keep()

    async def _begin(self, voice: Voice, allowed: Sequence[Request]) -> None:
        if not allowed:
            return
        tx, ids = voice.tx, {request.wanted.id for request in allowed}
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
            await settle_watch(voice, gone, others, "cancelled", cause)

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


def _requests(batch: Batch) -> list[Request]:
    return [_request(h.event, h.envelope) for h in batch if isinstance(h.event, ImportRequested)]


def _request(event: ImportRequested, envelope: Envelope) -> Request:
    if envelope.tenant is None:
        raise Unreadable("an import request names no tenant")
    id_ = UUID(product_id(event.source, event.external_id, event.variant))
    wanted = Wanted(id_, event.source, event.external_id, event.variant)
    return Request(event.job_id, envelope.tenant, wanted, Cause.of(envelope))


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
