"""Alerts: raised when their cause appears, resolved when it is gone, said once each time."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from dropship.contracts.alerts import AlertKind, AlertRaised, AlertResolved
from dropship.policy.domain.alerts import changes
from dropship.policy.domain.facts import Condition
from dropship.policy.projections import alerts
from dropship.policy.projections.alerts import About, Raised, Standing, Wanted
from dropship.runtime.journal import Cause, Transaction, on_behalf

DECIDED = frozenset(
    {
        AlertKind.low_stock,
        AlertKind.out_of_stock,
        AlertKind.vanished,
        AlertKind.low_margin,
        AlertKind.cost_moved,
        AlertKind.no_price,
        AlertKind.no_policy,
        AlertKind.unfit,
    }
)
"""The kinds that a ruling speaks of: if it names no condition of one, there is none."""


class Judged(Struct, frozen=True):
    """The conditions that should stand about one thing, and why they are looked at."""

    about: About
    conditions: Sequence[Condition]
    cause: Cause


class Ended(Struct, frozen=True):
    """An alert that is over, why, and because of what."""

    alert: Standing
    reason: str
    cause: Cause


async def settle(
    tx: Transaction, judged: Sequence[Judged], kinds: Collection[AlertKind] = DECIDED
) -> None:
    """Raise what should stand and does not; end what stands without a cause, of these kinds."""
    if not judged:
        return
    found: dict[tuple[str, str], list[Standing]] = {}
    for alert in await alerts.standing(tx, (one.about for one in judged), kinds):
        found.setdefault((alert.tenant, alert.name), []).append(alert)
    ended: list[Ended] = []
    wanted: list[tuple[Wanted, Cause]] = []
    for one in judged:
        change = changes(one.conditions, found.get((one.about.tenant, one.about.name), ()))
        ended += [Ended(alert, reason, one.cause) for alert, reason in change.over]
        wanted += [(_wanted(one.about, condition), one.cause) for condition in change.wanted]
    await end(tx, ended)
    if wanted:
        raised = await alerts.add(tx, [one for one, _ in wanted])
        for new, (_, cause) in zip(raised, wanted, strict=True):
            _say_raised(tx, new, cause)


async def end(tx: Transaction, ended: Sequence[Ended]) -> None:
    """Write and say that these alerts are over."""
    if ended:
        await alerts.resolve(tx, [one.alert.id for one in ended])
    for alert, reason, cause in ((one.alert, one.reason, one.cause) for one in ended):
        tx.say(
            AlertResolved(alert_id=str(alert.id), kind=alert.kind, reason=reason),
            about=f"alert:{alert.id}",
            version=2,
            tenant=alert.tenant,
            cause=on_behalf(cause, alert.tenant),
        )


async def end_all(tx: Transaction, about: About, reason: str) -> None:
    """The thing itself is over, and whatever stands about it."""
    standing = await alerts.standing(tx, [about], AlertKind)
    await end(tx, [Ended(alert, reason, tx.cause) for alert in standing])


def _say_raised(tx: Transaction, raised: Raised, cause: Cause) -> None:
    wanted, about = raised.wanted, raised.wanted.about
    tx.say(
        AlertRaised(
            alert_id=str(raised.id),
            kind=wanted.kind,
            severity=wanted.severity,
            message=wanted.message,
            listing_id=about.listing_id,
            product_id=about.product_id,
            store_id=about.store_id,
            source=about.source,
            threshold=wanted.threshold,
        ),
        about=f"alert:{raised.id}",
        version=1,
        tenant=about.tenant,
        cause=on_behalf(cause, about.tenant),
    )


def _wanted(about: About, condition: Condition) -> Wanted:
    return Wanted(
        about=about,
        kind=condition.kind,
        severity=condition.severity,
        message=condition.message,
        threshold=condition.threshold,
    )
