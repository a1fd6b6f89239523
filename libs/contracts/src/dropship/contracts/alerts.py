"""Owner: policy. What a seller should know now. An alert stands until its cause is gone."""

from enum import StrEnum
from typing import Any, ClassVar, Literal

from msgspec import Struct

from dropship.contracts.ids import Id
from dropship.contracts.messages import Command, Event, Query
from dropship.contracts.moments import Moment
from dropship.contracts.products import Cursor, Limit

Severity = Literal["info", "warning", "critical"]


class AlertKind(StrEnum):
    """What an alert is about: a closed list."""

    low_stock = "low_stock"
    out_of_stock = "out_of_stock"
    vanished = "vanished"
    low_margin = "low_margin"
    cost_moved = "cost_moved"
    no_price = "no_price"
    no_policy = "no_policy"
    unfit = "unfit"
    listing_stale = "listing_stale"
    listing_rejected = "listing_rejected"
    listing_drifted = "listing_drifted"
    listing_ended = "listing_ended"
    gate_refused = "gate_refused"
    supplier_suspended = "supplier_suspended"
    store_suspended = "store_suspended"


class AlertRaised(Event, frozen=True, kw_only=True):
    """Something needs a seller's eyes. Raised once; it stands until `AlertResolved`."""

    owner: ClassVar[str] = "policy"
    alert_id: Id
    kind: AlertKind
    severity: Severity
    message: str
    listing_id: Id | None = None
    product_id: Id | None = None
    store_id: Id | None = None
    source: str | None = None
    threshold: str | None = None


class AlertResolved(Event, frozen=True, kw_only=True):
    """The cause is gone, or a person said that it does not matter."""

    owner: ClassVar[str] = "policy"
    alert_id: Id
    kind: AlertKind
    reason: str


class Alert(Struct, frozen=True, kw_only=True):
    """An alert as its tenant sees it."""

    id: Id
    kind: AlertKind
    severity: Severity
    message: str
    listing_id: Id | None
    product_id: Id | None
    store_id: Id | None
    source: str | None
    threshold: str | None
    raised_at: Moment
    read_at: Moment | None
    acknowledged_at: Moment | None
    resolved_at: Moment | None


class AlertPage(Struct, frozen=True, kw_only=True):
    items: list[Alert]
    next_cursor: str | None


class AmendAlert(Command, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mark an alert as read, or acknowledge it (then it is read as well)."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = Alert
    alert_id: Id
    read: bool = True
    acknowledge: bool = False


class TenantAlerts(Query, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The asking tenant's alerts, newest first; `open` leaves out those that are resolved."""

    owner: ClassVar[str] = "policy"
    answer: ClassVar[Any] = AlertPage
    open: bool = False
    listing_id: Id | None = None
    cursor: Cursor | None = None
    limit: Limit = 50
