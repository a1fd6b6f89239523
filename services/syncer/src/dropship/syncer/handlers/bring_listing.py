"""Bringing listings: each command makes one call at most, decided on the newest state right before.

The domain decides (`bringing.begin`, `outcomes`); here its decisions meet rows and a marketplace.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from dropship.contracts.listings import BringListing
from dropship.contracts.stores import SuspendReason
from dropship.runtime import claims
from dropship.runtime.database import Database
from dropship.runtime.errors import Unknown
from dropship.runtime.journal import Transaction
from dropship.runtime.telemetry import get_logger
from dropship.runtime.working import Outcome, Task
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Frozen,
    Invalid,
    MarketplaceError,
    NotFound,
    OutcomeUnknown,
    ScopeMissing,
    Stale,
)
from dropship.syncer.adapters.port import Access, Capabilities, Marketplace
from dropship.syncer.domain import bringing, capping, outcomes
from dropship.syncer.domain.bringing import Change, Scene
from dropship.syncer.domain.facts import Product
from dropship.syncer.domain.listing import Listing, There
from dropship.syncer.domain.outcomes import Barred, Ill, Intent, Moved, Trouble, Unfit
from dropship.syncer.domain.steps import Create, Look, SetPrice
from dropship.syncer.handlers.access import Keyring
from dropship.syncer.handlers.sending import Sent, refs_of, there_of
from dropship.syncer.handlers.voice import Voice, suspend_store
from dropship.syncer.projections import intents, listings, products, stores
from dropship.syncer.projections.listings import Known

_log = get_logger()
Bring = Task[BringListing]


@dataclass(frozen=True)
class Answered:
    """What a call told, and which intent it answers; no intent: nothing was left to send."""

    intent: Intent | None
    there: There | None


class BringEffect:
    """The effect behind `BringListing` for one marketplace."""

    def __init__(self, database: Database, keyring: Keyring, capabilities: Capabilities) -> None:
        self._database, self._keyring = database, keyring
        self.deadline_s = capabilities.call_deadline_s
        self.read_lag_s = capabilities.read_lag_s

    def natural_key(self, command: BringListing) -> str:
        """One call at a time about a listing, whoever makes it."""
        return f"listing:{command.listing_id}"

    async def call(self, task: Bring) -> Outcome:
        """Send the next step, if there is one that passes the gate. Raises Unknown."""
        store = await self._store(task)
        if store is None:
            return _nothing
        try:
            answered = await self._keyring.calling(
                store,
                lambda market, access: self._send(task, market, access),
                task.envelope,
            )
        except OutcomeUnknown as error:
            raise Unknown(error.detail) from None
        except MarketplaceError as error:
            return _failed(task, _trouble(error))
        return _nothing if answered.intent is None else _seen(task, answered.intent, answered.there)

    async def find(self, task: Bring) -> Outcome | None:
        """Look what an earlier attempt has done; None when it had sent nothing."""
        async with self._database.transaction(task.envelope) as tx:
            intent = await intents.of(tx, task.command_id)
            known = await listings.lock_one(tx, UUID(task.command.listing_id)) if intent else None
        if intent is None or known is None:
            return None
        before = known.listing
        try:
            there = await self._keyring.calling(
                before.store_id,
                lambda market, access: _found(market, access, before),
                task.envelope,
            )
        except MarketplaceError as error:
            return _in_doubt(task, error.detail)
        return _seen(task, intent, there)

    async def give_up(self, task: Bring, tx: Transaction, reason: str) -> None:
        """The command was parked: nobody knows what came of it, so the listing is looked at."""
        await _in_doubt(task, reason)(tx)

    async def _store(self, task: Bring) -> str | None:
        """The store of the listing, None if we know no such listing."""
        row = await self._database.fetch_one(
            "SELECT store_id FROM listings WHERE id = %s", (UUID(task.command.listing_id),)
        )
        return str(row[0]) if row else None

    async def _send(self, task: Bring, market: Marketplace, access: Access) -> Answered:
        async with self._database.transaction(task.envelope) as tx:
            await claims.hold(tx, task.command_id, task.attempt)
            sent = await self._begin(task, tx)
        if sent is None:
            return Answered(None, None)
        return Answered(sent.intent, await sent.make(market, access))

    async def _begin(self, task: Bring, tx: Transaction) -> Sent | None:
        """The gate, under the locks of store and listing; what will be sent is written down."""
        known, scene = await _scene(task, tx, self.read_lag_s)
        if known is None or scene is None:
            return None
        begun = bringing.begin(known.listing, str(task.command_id), scene, tx.at)
        await _apply(tx, known, begun.change)
        if begun.moved_bp is not None:
            await stores.note_move(tx, UUID(known.listing.store_id), known.id, begun.moved_bp)
        if begun.step is None:
            return None
        intent = Intent(str(task.command_id), begun.step, known.listing.decision_no)
        if isinstance(begun.step, Look):
            intent = await intents.doubtful(tx, known.id, task.command_id)
        else:
            await intents.begin(tx, intent, known.id)
        creates = isinstance(begun.step, Create)
        content = await listings.content(tx, known.id) if creates else None
        return Sent(intent, begun.step, known.listing, content)


async def _scene(
    task: Bring, tx: Transaction, read_lag_s: float
) -> tuple[Known | None, Scene | None]:
    """The listing and all that its gate asks for, with store and listing locked in this order."""
    id_ = UUID(task.command.listing_id)
    row = await tx.fetch_one("SELECT store_id FROM listings WHERE id = %s", (id_,))
    store = await stores.lock(tx, row[0]) if row else None
    known = await listings.lock_one(tx, id_) if store else None
    if store is None or known is None:
        return None, None
    product = await products.read(tx, UUID(known.listing.product_id))
    prices = isinstance(capping.allowed_step(known.listing, known.standing), SetPrice)
    scene = Scene(
        standing=known.standing,
        product=product.product if product else Product(),
        fee_schedule=store.fee_schedule,
        moved=await stores.moved(tx, store) if prices else frozenset(),
        active=await stores.active(tx, store.id) if prices else 0,
        read_lag_s=read_lag_s,
    )
    return known, scene


async def _apply(tx: Transaction, known: Known, change: Change) -> None:
    """Write a listing's change; the store's row is locked where it may be suspended by it."""
    voice = Voice(tx, {known.id: known})
    voice.apply(known, change)
    await voice.keep()
    if change.suspend is not None:
        await suspend_store(tx, UUID(known.listing.store_id), change.suspend)


async def _found(market: Marketplace, access: Access, before: Listing) -> There | None:
    return there_of(await market.find(access, before.id, refs_of(before)))


async def _nothing(_tx: Transaction) -> None:
    """All was written before: there was nothing to send."""


def _seen(task: Bring, intent: Intent, there: There | None) -> Outcome:
    async def seen(tx: Transaction, known: Known) -> Change:
        known.synced = True
        await intents.resolve(tx, known.id)
        listing = capping.noted(known.listing, there, intent.step, tx.at)
        return outcomes.seen(listing, there, intent, known.standing, tx.at)

    return _outcome(task, seen, intents.SEEN)


def _failed(task: Bring, trouble: Trouble) -> Outcome:
    async def failed(tx: Transaction, known: Known) -> Change:
        intent = await intents.of(tx, task.command_id)
        if intent is None:
            step = capping.allowed_step(known.listing, known.standing) or Look()
            intent = Intent(str(task.command_id), step, known.listing.decision_no)
        return outcomes.failed(known.listing, trouble, intent, known.standing, tx.at)

    return _outcome(task, failed, type(trouble).__name__.lower())


def _in_doubt(task: Bring, detail: str) -> Outcome:
    async def in_doubt(tx: Transaction, known: Known) -> Change:
        command_id = str(task.command_id)
        return outcomes.in_doubt(known.listing, command_id, detail, known.standing, tx.at)

    return _outcome(task, in_doubt, intents.IN_DOUBT)


def _outcome(
    task: Bring, decide: Callable[[Transaction, Known], Awaitable[Change]], word: str
) -> Outcome:
    """The outcome transaction. A store that refuses us was suspended by the keyring before."""

    async def outcome(tx: Transaction) -> None:
        known = await listings.lock_one(tx, UUID(task.command.listing_id))
        if known is None:
            return
        voice = Voice(tx, {known.id: known})
        voice.apply(known, await decide(tx, known))
        await voice.keep()
        await intents.close(tx, task.command_id, word)
        _log.info("listing_brought", listing_id=task.command.listing_id, outcome=word)

    return outcome


def _trouble(error: MarketplaceError) -> Trouble:
    """What an exception of the port means to the domain."""
    match error:
        case AuthRevoked():
            return Barred(SuspendReason.auth_revoked, error.detail)
        case ScopeMissing():
            return Barred(SuspendReason.scope_missing, error.detail)
        case Frozen():
            return Barred(SuspendReason.frozen, error.detail)
        case Invalid():
            return Unfit(error.detail)
        case Stale() | NotFound():
            return Moved(error.detail)
        case _:
            return Ill(error.after_s, error.detail)
