"""Everything the gateway is wired to, on one page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from dropship.contracts.tenants import QUOTAS, Tier
from dropship.gateway.adapters.passwords import Passwords
from dropship.gateway.handlers.api_keys import holder_of
from dropship.gateway.handlers.follow_job import follow_job
from dropship.gateway.handlers.sweep import EVERY_S, sweep
from dropship.gateway.http.callers import Callers
from dropship.gateway.http.desk import Desk, Limits
from dropship.gateway.http.limits import Limit
from dropship.gateway.http.server import serving
from dropship.gateway.http.site import site
from dropship.gateway.http.tokens import Keyring
from dropship.gateway.http.visitors import networks
from dropship.gateway.projections.suppliers import remember_supplier
from dropship.gateway.queries.standings import standing_of_session
from dropship.gateway.settings import GatewaySettings
from dropship.runtime.service import Service


def build(settings: GatewaySettings) -> Service:
    """The gateway, ready to run."""
    service = Service("gateway", settings)
    service.hears(follow_job)
    service.hears(remember_supplier)
    service.rounds("sweep", sweep, every_s=EVERY_S)
    service.lives_with(partial(_open_to_the_world, service, settings))
    return service


@asynccontextmanager
async def _open_to_the_world(service: Service, settings: GatewaySettings) -> AsyncIterator[None]:
    passwords = Passwords()
    try:
        app = site(desk_of(service, settings, passwords))
        drain_s = settings.drain_s / 2
        async with serving(app, settings.host, settings.port, drain_s=drain_s):
            yield
    finally:
        passwords.close()


def desk_of(service: Service, settings: GatewaySettings, passwords: Passwords) -> Desk:
    """What the routes work with."""
    keyring = Keyring(*settings.token_keys)
    return Desk(
        database=service.database,
        asker=service.asker,
        clock=service.clock,
        passwords=passwords,
        keyring=keyring,
        callers=Callers(
            keyring,
            session_holds=partial(standing_of_session, service.database),
            key_holds=partial(holder_of, service.database),
        ),
        limits=Limits(
            tenants={tier: _requests(tier, settings) for tier in Tier},
            address=_sign_ins("address", settings.address_sign_ins_per_minute),
            account=_sign_ins("account", settings.sign_ins_per_minute),
        ),
        new_tenant_tier=settings.new_tenant_tier,
        trusted_proxies=networks(settings.trusted_proxies),
        max_body_bytes=settings.max_body_bytes,
    )


def _requests(tier: Tier, settings: GatewaySettings) -> Limit:
    per_minute = settings.tenant_requests_per_minute or QUOTAS[tier].requests_per_minute
    burst = min(settings.tenant_burst, per_minute)
    return Limit("tenant", per_minute=per_minute, burst=burst)


def _sign_ins(name: str, per_minute: int) -> Limit:
    return Limit(name, per_minute=per_minute, burst=per_minute)
