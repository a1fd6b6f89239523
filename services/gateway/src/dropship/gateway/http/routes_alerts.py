"""Alerts: what you should know now."""

from dropship.contracts.alerts import Alert, AlertPage, AmendAlert, TenantAlerts
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import asks
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes_shop import AlertChange, AlertsOf

ROUTES = (
    Endpoint(
        "GET",
        "/v1/alerts",
        "listAlerts",
        "Your alerts, newest first",
        asks(TenantAlerts),
        scope=Scope.read,
        answer=AlertPage,
        query=AlertsOf,
        problems=frozenset({"not_found"}),
    ),
    Endpoint(
        "PATCH",
        "/v1/alerts/{alert_id}",
        "amendAlert",
        "Mark an alert as read, or acknowledge it",
        asks(AmendAlert),
        scope=Scope.write,
        answer=Alert,
        body=AlertChange,
        problems=frozenset({"conflict"}),
    ),
)
