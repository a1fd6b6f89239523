"""Policies: the rules by which your listings get price and quantity."""

from dropship.contracts.policies import (
    DefinePolicy,
    Policy,
    PolicyDetails,
    PolicyPage,
    PolicyPreview,
    Preview,
    RetirePolicy,
    TenantPolicies,
)
from dropship.gateway.domain.access import Scope
from dropship.gateway.http.asking import asks
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes import Page
from dropship.gateway.http.shapes_shop import PolicyText, PolicyTrial

ROUTES = (
    Endpoint(
        "POST",
        "/v1/policies",
        "definePolicy",
        "Define a policy; it applies at once",
        asks(DefinePolicy, naming=("store_id",), shown_at="/v1/policies"),
        scope=Scope.write,
        status=201,
        answer=Policy,
        body=PolicyText,
        keyed=True,
        quota="policies",
        located=True,
        problems=frozenset({"conflict", "not_found"}),
    ),
    Endpoint(
        "GET",
        "/v1/policies",
        "listPolicies",
        "Your policies, newest first",
        asks(TenantPolicies),
        scope=Scope.read,
        answer=PolicyPage,
        query=Page,
    ),
    Endpoint(
        "POST",
        "/v1/policies/preview",
        "previewPolicy",
        "What a policy would change, without changing anything",
        asks(PolicyPreview, naming=("policy_id", "store_id")),
        scope=Scope.read,
        answer=Preview,
        body=PolicyTrial,
        problems=frozenset({"conflict", "not_found"}),
    ),
    Endpoint(
        "GET",
        "/v1/policies/{policy_id}",
        "showPolicy",
        "A policy in its newest version",
        asks(PolicyDetails),
        scope=Scope.read,
        answer=Policy,
    ),
    Endpoint(
        "PUT",
        "/v1/policies/{policy_id}",
        "redefinePolicy",
        "Define the next version of a policy; it applies at once",
        asks(DefinePolicy, naming=("store_id",)),
        scope=Scope.write,
        answer=Policy,
        body=PolicyText,
        keyed=True,
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "DELETE",
        "/v1/policies/{policy_id}",
        "retirePolicy",
        "Retire a policy; its listings fall to the next wider one",
        asks(RetirePolicy),
        scope=Scope.write,
        status=204,
        problems=frozenset({"conflict"}),
    ),
)
