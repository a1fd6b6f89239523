"""How a syncer attends to a BringListing: claim, intent, call, outcome, ack; and how it compares.

Every `yield` is a moment at which the process may die or stand still.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta

from campaign.clockwork import Clockwork, Routine
from campaign.hands import Begun, Hands
from campaign.shop import DEADLINE_S, READ_LAG_S, Finding, Shop
from campaign.work import Message, Queue
from dropship.contracts.stores import SuspendReason
from dropship.runtime.claims import Claim, Overtaken
from dropship.runtime.errors import Retry, Unknown
from dropship.runtime.working import ATTEMPTS
from dropship.syncer.adapters.errors import AuthRevoked, MarketplaceError, OutcomeUnknown
from dropship.syncer.domain.listing import There
from dropship.syncer.domain.outcomes import Intent
from dropship.syncer.domain.steps import Look
from dropship.syncer.handlers import bring_listing

MOMENT_S = 0.004
"""What a transaction takes."""
Sending = Generator[float, None, tuple[Intent, There | None] | None]


@dataclass
class Worker:
    """Both syncers' way of working: `dropship.runtime.working`, and the effect behind it."""

    clock: Clockwork
    hands: Hands
    shop: Shop
    queue: Queue

    def attend(self, message: Message, delivered: int) -> Routine:
        """One delivery, from its receipt to the word that ends it."""
        yield MOMENT_S
        try:
            claim = self._claim(message, delivered)
            if claim is not None:
                yield MOMENT_S
                yield from self._do(message, claim)
        except Overtaken:
            self.queue.leave(message, delivered)
            return
        except Retry as again:
            self.queue.nak(message, delivered, max(again.after_s, 0.001))
            return
        yield MOMENT_S
        self.queue.ack(message, delivered)

    def _claim(self, message: Message, delivered: int) -> Claim | None:
        at = self.clock.at
        return self.queue.claims.take(
            message.command_id,
            f"listing:{message.listing_id}",
            at + timedelta(seconds=DEADLINE_S + READ_LAG_S),
            delivered,
            at,
        )

    def _do(self, message: Message, claim: Claim) -> Routine:
        id_, command_id = message.listing_id, message.command_id
        if claim.attempt > ATTEMPTS:
            self.queue.claims.finish(command_id, claim.attempt, "dead")
            self.clock.note("given up", id_)
            self.hands.is_in_doubt(id_, command_id, "gave up")
            return
        assert claim.settle_at is not None
        settle_s = self.clock.now + (claim.settle_at - self.clock.at).total_seconds()
        limit_s = settle_s - READ_LAG_S
        try:
            yield from self._perform(message, claim, limit_s)
        except (Unknown, OutcomeUnknown) as error:
            self.clock.note("unknown", id_)
            self.queue.claims.hold(command_id, claim.attempt)
            raise Retry(max(settle_s - self.clock.now, 0.1), str(error)) from None

    def _perform(self, message: Message, claim: Claim, limit_s: float) -> Routine:
        self._in_time(limit_s)
        if claim.again:
            found = yield from self._look_first(message, claim, limit_s)
            if found:
                return
        yield from self._call(message, claim, limit_s)

    def _in_time(self, limit_s: float) -> None:
        if self.clock.now >= limit_s:
            raise Unknown("too late to begin")

    def _look_first(
        self, message: Message, claim: Claim, limit_s: float
    ) -> Generator[float, None, bool]:
        """`BringEffect.find`: what has an earlier attempt done?"""
        id_, command_id = message.listing_id, message.command_id
        intent = self.hands.intent_of(command_id)
        if intent is None:
            return False
        yield MOMENT_S
        try:
            there = yield from self._reads(id_, limit_s)
        except MarketplaceError as error:
            yield MOMENT_S
            self.queue.claims.finish(command_id, claim.attempt, "done")
            self.hands.is_in_doubt(id_, command_id, error.detail)
            return True
        yield MOMENT_S
        self.queue.claims.finish(command_id, claim.attempt, "done")
        self.hands.has_seen(id_, command_id, there, intent)
        return True

    def _reads(self, id_: str, limit_s: float) -> Finding:
        if self._is_shut():
            raise AuthRevoked("the store is closed to us")
        self._in_time(limit_s)
        began_s = self.clock.now
        try:
            there = yield from self.shop.find(id_, limit_s)
        except AuthRevoked:
            self.hands.suspends(SuspendReason.auth_revoked)
            raise
        self.hands.judge.has_read(id_, began_s)
        return there

    def _is_shut(self) -> bool:
        return self.hands.standing.reason == SuspendReason.auth_revoked

    def _call(self, message: Message, claim: Claim, limit_s: float) -> Routine:
        """`BringEffect.call`: the gate and the intent, the call, the outcome."""
        id_, command_id = message.listing_id, message.command_id
        try:
            sent = yield from self._send(message, claim, limit_s)
        except OutcomeUnknown:
            raise
        except MarketplaceError as error:
            trouble = bring_listing._trouble(error)
            self.clock.note("trouble", id_, type(trouble).__name__)
            yield MOMENT_S
            self.queue.claims.finish(command_id, claim.attempt, "done")
            self.hands.judge.answered(id_, command_id, trouble)
            self.hands.has_failed(id_, command_id, trouble)
            return
        yield MOMENT_S
        self.queue.claims.finish(command_id, claim.attempt, "done")
        if sent is not None:
            intent, there = sent
            self.hands.judge.answered(id_, command_id, None)
            self.hands.has_seen(id_, command_id, there, intent)

    def _send(self, message: Message, claim: Claim, limit_s: float) -> Sending:
        id_, command_id = message.listing_id, message.command_id
        if self._is_shut():
            raise AuthRevoked("the store is closed to us")
        yield MOMENT_S
        self.queue.claims.hold(command_id, claim.attempt)
        begun = self.hands.begins(id_, command_id)
        if begun is None:
            return None
        yield MOMENT_S
        self._in_time(limit_s)
        return begun.intent, (yield from self._calls(begun, limit_s))

    def _calls(self, begun: Begun, limit_s: float) -> Finding:
        """The one exchange with the marketplace."""
        listing, step = begun.listing, begun.step
        if isinstance(step, Look):
            return (yield from self._reads(listing.id, limit_s))
        sending = self.shop.send(listing.id, listing.product_id, step, listing.there, limit_s)
        try:
            return (yield from sending)
        except AuthRevoked:
            self.hands.suspends(SuspendReason.auth_revoked)
            raise

    def compare(self, id_: str) -> Routine:
        """`CheckListing`: what stands there against what is believed."""
        before = self.hands.rows[id_]
        quiet = self.hands.is_quiet(before)
        if not quiet or not self.hands.standing.reachable or self._is_shut():
            return
        yield MOMENT_S
        try:
            there = yield from self._reads(id_, self.clock.now + DEADLINE_S)
        except (MarketplaceError, Unknown):
            return
        yield MOMENT_S
        self.hands.has_checked(before, there)
