"""Policy, wired: what it hears, obeys and answers, and what it does by itself."""

from dropship.contracts.alerts import AmendAlert, TenantAlerts
from dropship.contracts.decisions import ListingWhy, ListingWhyNot
from dropship.contracts.policies import (
    DefinePolicy,
    PolicyDetails,
    PolicyPreview,
    RetirePolicy,
    TenantPolicies,
)
from dropship.policy.handlers.amending_alerts import amend_alert
from dropship.policy.handlers.deciding_again import decide_again, mark_revisits
from dropship.policy.handlers.defining_policies import define_policy, retire_policy
from dropship.policy.handlers.hearing_listings import hear_wish
from dropship.policy.handlers.hearing_orders import forget_sales, hear_order
from dropship.policy.handlers.hearing_outcomes import hear_end, hear_progress, hear_trouble
from dropship.policy.handlers.hearing_products import hear_products
from dropship.policy.handlers.hearing_stores import hear_store
from dropship.policy.handlers.hearing_suppliers import hear_supplier
from dropship.policy.handlers.hearing_tenants import hear_tenant
from dropship.policy.queries.alerts import tenant_alerts
from dropship.policy.queries.policies import policy_details, tenant_policies
from dropship.policy.queries.previews import policy_preview
from dropship.policy.queries.why import listing_why, listing_why_not
from dropship.policy.settings import PolicySettings
from dropship.runtime.service import Service


def build(settings: PolicySettings) -> Service:
    """Every plug of this service on one page."""
    service = Service("policy", settings)

    service.hears_many(hear_products)
    service.hears(hear_wish)
    service.hears(hear_progress)
    service.hears(hear_trouble)
    service.hears(hear_end)
    service.hears(hear_order)
    service.hears(hear_store)
    service.hears(hear_supplier)
    service.hears(hear_tenant)
    service.drains_due(decide_again)

    service.obeys(DefinePolicy, define_policy)
    service.obeys(RetirePolicy, retire_policy)
    service.obeys(AmendAlert, amend_alert)

    service.answers(PolicyDetails, policy_details)
    service.answers(TenantPolicies, tenant_policies)
    service.answers(PolicyPreview, policy_preview)
    service.answers(ListingWhy, listing_why)
    service.answers(ListingWhyNot, listing_why_not)
    service.answers(TenantAlerts, tenant_alerts)

    service.rounds("revisit", mark_revisits, every_s=0.5)
    service.rounds("forget_sales", forget_sales, every_s=3600)
    return service
