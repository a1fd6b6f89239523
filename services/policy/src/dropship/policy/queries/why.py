"""Why a listing is as it is, and why it has not changed: from the records of its decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from dropship.contracts.decisions import (
    DecisionMade,
    Link,
    ListingWhy,
    ListingWhyNot,
    RuleOutcome,
    Why,
    WhyNot,
)
from dropship.policy.domain.facts import Facts, Ruling
from dropship.policy.domain.shop_holds import ShopHolds, shown_with
from dropship.policy.domain.wording import money
from dropship.policy.queries.verdicts import in_wire
from dropship.runtime.asking import Asked
from dropship.runtime.database import Database, Reads
from dropship.runtime.errors import Refused


class Record(Struct, frozen=True, kw_only=True):
    """A decision as it stands in its row. `brought` has the latest first."""

    listing_id: str
    decision_no: int
    at: datetime
    facts: Facts
    ruling: Ruling
    chain: tuple[Link, ...]
    event_id: UUID | None
    brought: tuple[Link, ...]
    confirmations: int
    last_confirmed_at: datetime

    @property
    def told(self) -> tuple[Link, ...]:
        """What led to it, itself where it was said, and what it led to."""
        if self.event_id is None:
            return self.chain
        return (*self.chain, self._link(self.event_id), *reversed(self.brought))

    def _link(self, event_id: UUID) -> Link:
        return Link(
            event_id=str(event_id),
            type=DecisionMade.wire_type(),
            by=DecisionMade.owner,
            at=self.at,
            said=_sentence(self.ruling),
            caused_by=self.chain[-1].event_id if self.chain else None,
        )


_SELECT = """
SELECT listing_id, decision_no, at, facts::text, ruling::text, chain::text, event_id, brought::text,
       confirmations, last_confirmed_at
  FROM decisions WHERE tenant_id = %s AND listing_id = %s
"""
_NEWEST = _SELECT + "ORDER BY decision_no DESC LIMIT 1"
_NUMBERED = _SELECT + "AND decision_no = %s"
_SAID = _SELECT + "AND decision_no <= %s AND said ORDER BY decision_no DESC LIMIT 1"
_SHOP_HOLDS = """
SELECT shop_holds::text FROM listings WHERE tenant_id = %s AND id = %s AND decision_no = %s
"""
_SINCE = """
SELECT sum(confirmations) + count(*) - 1 FROM decisions
 WHERE tenant_id = %s AND listing_id = %s AND decision_no >= %s
"""


async def listing_why(asked: Asked[ListingWhy], database: Database) -> Why:
    """The decision with its rules, figures, and chain of causes."""
    question = asked.question
    record = await _record(database, asked.tenant, question.listing_id, question.decision_no)
    said = await said_before(database, asked.tenant, record.listing_id, record.decision_no)
    chain = record.told if said is None or said == record else (*said.told, *record.told)
    return Why(
        listing_id=record.listing_id,
        decision_no=record.decision_no,
        decided_at=record.at,
        price=in_wire(record.ruling.price),
        floor=in_wire(record.ruling.floor),
        quantity=record.ruling.quantity,
        holds=list(record.ruling.holds),
        reasons=list(record.ruling.reasons),
        rules=await _rules(database, asked.tenant, record),
        breakdown=list(record.ruling.breakdown),
        policy_id=record.facts.policy.policy_id if record.facts.policy else None,
        policy_version=record.facts.policy.version if record.facts.policy else None,
        fee_schedule=record.ruling.fee_schedule,
        chain=list(chain),
        confirmations=record.confirmations,
        last_confirmed_at=record.last_confirmed_at,
    )


async def listing_why_not(asked: Asked[ListingWhyNot], database: Database) -> WhyNot:
    """Since when nothing changed, how often that was found again, and the rules that keep it so."""
    tenant, id_ = asked.tenant, asked.question.listing_id
    newest = await _record(database, tenant, id_, None)
    said = await said_before(database, tenant, newest.listing_id, newest.decision_no) or newest
    row = await database.fetch_one(_SINCE, (tenant, newest.listing_id, said.decision_no))
    return WhyNot(
        listing_id=newest.listing_id,
        decision_no=said.decision_no,
        unchanged_since=said.at,
        confirmations=int(row[0]) if row else 0,
        last_confirmed_at=newest.last_confirmed_at,
        because=await _rules(database, tenant, newest),
    )


async def _rules(reads: Reads, tenant: str, record: Record) -> list[RuleOutcome]:
    """What the rules found, and with the newest decision what holds the listing besides."""
    row = await reads.fetch_one(_SHOP_HOLDS, (tenant, record.listing_id, record.decision_no))
    holds = msgspec.json.decode(row[0], type=ShopHolds) if row else ()
    return shown_with(record.ruling.rules, holds)


async def said_before(reads: Reads, tenant: str, listing: str, decision_no: int) -> Record | None:
    """The newest decision up to this one that was said, and with it the one that is in force."""
    row = await reads.fetch_one(_SAID, (tenant, listing, decision_no))
    return _read(row) if row else None


async def _record(reads: Reads, tenant: str, listing: str, decision_no: int | None) -> Record:
    try:
        key = tenant, UUID(listing)
    except ValueError:
        raise _not_found(listing) from None
    if decision_no is None:
        row = await reads.fetch_one(_NEWEST, key)
    else:
        row = await reads.fetch_one(_NUMBERED, (*key, decision_no))
    if row is None:
        raise _not_found(listing)
    return _read(row)


def _not_found(listing: str) -> Refused:
    """The one answer for unknown and foreign listings alike."""
    return Refused(
        "not_found", f"no such decision of a listing {listing} of yours", kind="not_found"
    )


def _read(row: tuple[Any, ...]) -> Record:
    listing_id, decision_no, at, facts, ruling, chain, event_id, brought, *confirmed = row
    confirmations, last_confirmed_at = confirmed
    return Record(
        listing_id=str(listing_id),
        decision_no=decision_no,
        at=at,
        facts=msgspec.json.decode(facts, type=Facts),
        ruling=msgspec.json.decode(ruling, type=Ruling),
        chain=msgspec.json.decode(chain, type=tuple[Link, ...]),
        event_id=event_id,
        brought=msgspec.json.decode(brought, type=tuple[Link, ...]),
        confirmations=confirmations,
        last_confirmed_at=last_confirmed_at,
    )


def _sentence(ruling: Ruling) -> str:
    price = money(ruling.price) if ruling.price else "no price"
    if ruling.holds:
        return f"Decided: on hold ({', '.join(hold.value for hold in ruling.holds)}), {price}."
    return f"Decided: {price}, quantity {ruling.quantity}."
