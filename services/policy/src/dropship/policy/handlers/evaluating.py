"""Listings are decided: the rules are asked, the answer is recorded, and said where it is news."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dropship.contracts.decisions import DecisionMade
from dropship.policy.domain.deciding import UNDECIDED, decide_or_hold, undecided
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.handlers.raising_alerts import Judged, settle
from dropship.policy.projections import decisions, listings
from dropship.policy.projections.alerts import About
from dropship.policy.projections.causes import Chain
from dropship.policy.projections.decisions import Decision
from dropship.policy.projections.listings import Outcome
from dropship.policy.queries.knowing import Known, of_products
from dropship.policy.queries.verdicts import Novelty, Verdict, in_wire, novelty, verdict_of
from dropship.pricing.money import Money
from dropship.runtime.database import stores_are_lost
from dropship.runtime.journal import Cause, Transaction, on_behalf
from dropship.runtime.telemetry import get_logger

AT_A_TIME = 200
"""Listings decided between two statements."""

_log = get_logger()


class Trigger(Struct, frozen=True, kw_only=True):
    """Why a listing is looked at: the event in hand, and how it came about.

    `previous_cost` is set only where a PriceChanged is in hand.
    """

    cause: Cause
    chain: Chain
    previous_cost: Money | None = None


class Judgement(Struct, frozen=True, kw_only=True):
    """One evaluation, before it is written."""

    known: Known
    trigger: Trigger
    facts: Facts
    ruling: Ruling
    verdict: Verdict
    news: Novelty

    @property
    def decision_no(self) -> int:
        """The number of the row that holds it: a new one, or the one it confirms."""
        return self.known.decision_no + (self.news != "confirmed")


async def evaluate_products(tx: Transaction, triggers: Mapping[UUID, Trigger]) -> None:
    """Decide every listing of these products, which this transaction has locked.

    Some at a time, so that neither the process nor the database waits long for the other.
    """
    found = await of_products(tx, triggers)
    for start in range(0, len(found), AT_A_TIME):
        some = found[start : start + AT_A_TIME]
        await write(tx, [judge(tx, one, triggers[UUID(one.facts.product_id)]) for one in some])


async def evaluate_listing(tx: Transaction, product: UUID, listing: str, trigger: Trigger) -> None:
    """Decide one listing of a product that this transaction has locked."""
    found = await of_products(tx, [product])
    await write(
        tx, [judge(tx, known, trigger) for known in found if known.facts.listing_id == listing]
    )


def judge(tx: Transaction, known: Known, trigger: Trigger) -> Judgement:
    """Ask the rules; nothing is written yet. Whatever they stumble over holds this listing only."""
    facts = replace(known.facts, previous_cost=trigger.previous_cost)
    return _judged(known, trigger, facts, decide_or_hold(facts, tx.at))


def _judged(known: Known, trigger: Trigger, facts: Facts, ruling: Ruling) -> Judgement:
    if ruling.rules[0].outcome == UNDECIDED:
        _log.error("listing_undecided", listing=facts.listing_id, error=ruling.reasons[0])
    verdict = verdict_of(facts, ruling)
    return Judgement(
        known=known,
        trigger=trigger,
        facts=facts,
        ruling=ruling,
        verdict=verdict,
        news=novelty(known.verdict, verdict),
    )


async def write(tx: Transaction, judged: Sequence[Judgement]) -> None:
    """Record these evaluations, say what is news, and settle the alerts of their listings.

    Where one cannot be written, its listing is held instead; the others are written all the same.
    """
    try:
        async with tx.savepoint():
            await _write(tx, judged)
    except Exception as error:
        if stores_are_lost(error):
            raise
        if len(judged) == 1:
            await _write(tx, [_unwritten(judged[0], error, tx.at)])
        else:
            for one in judged:
                await write(tx, [one])


def _unwritten(one: Judgement, error: Exception, at: datetime) -> Judgement:
    return _judged(one.known, one.trigger, one.facts, undecided(one.facts, error, at))


async def _write(tx: Transaction, judged: Sequence[Judgement]) -> None:
    told = {one.facts.listing_id: _say(tx, one) for one in judged if one.news == "said"}
    await decisions.add(
        tx,
        [
            Decision(
                tenant=one.known.tenant,
                decision_no=one.decision_no,
                facts=one.facts,
                ruling=one.ruling,
                chain=one.trigger.chain,
                event_id=told[one.facts.listing_id].id if one.news == "said" else None,
            )
            for one in judged
            if one.news != "confirmed"
        ],
    )
    await decisions.confirm(
        tx,
        [
            (one.known.tenant, one.facts.listing_id, one.decision_no)
            for one in judged
            if one.news == "confirmed"
        ],
    )
    await listings.decided(tx, [_outcome(one, told.get(one.facts.listing_id)) for one in judged])
    await settle(
        tx,
        [Judged(_about(one.known), one.ruling.conditions, one.trigger.cause) for one in judged],
    )


def _about(known: Known) -> About:
    return About(
        tenant=known.tenant,
        name=known.facts.listing_id,
        listing_id=known.facts.listing_id,
        product_id=known.facts.product_id,
        store_id=known.facts.store_id,
    )


def _outcome(one: Judgement, told: Cause | None) -> Outcome:
    return Outcome(
        listing_id=one.facts.listing_id,
        decision_no=one.decision_no,
        verdict=msgspec.json.encode(one.verdict).decode(),
        cause=one.known.cause if told is None else msgspec.json.encode(told),
        sellable_since=one.ruling.sellable_since,
        revisit_at=one.ruling.revisit_at,
    )


def _say(tx: Transaction, one: Judgement) -> Cause:
    """Say the decision; returns it as the cause of what time alone may lead to."""
    facts, ruling, tenant = one.facts, one.ruling, one.known.tenant
    event = DecisionMade(
        listing_id=facts.listing_id,
        product_id=facts.product_id,
        store_id=facts.store_id,
        decision_no=one.decision_no,
        price=in_wire(ruling.price),
        floor=in_wire(ruling.floor),
        quantity=ruling.quantity,
        holds=ruling.holds,
        reasons=ruling.reasons,
        cost=in_wire(facts.cost),
        availability=facts.availability,
        stock=facts.stock,
        policy_id=one.verdict.policy_id,
        policy_version=one.verdict.policy_version,
        fee_schedule=ruling.fee_schedule,
        buyer_tax=one.verdict.buyer_tax,
        vat=one.verdict.vat,
        decided_at=tx.at,
    )
    cause = on_behalf(one.trigger.cause, tenant)
    id_ = tx.say(
        event,
        about=f"decision:{facts.listing_id}",
        version=one.decision_no,
        key=facts.product_id,
        tenant=tenant,
        cause=cause,
    )
    return Cause(id_, cause.correlation, tenant)
