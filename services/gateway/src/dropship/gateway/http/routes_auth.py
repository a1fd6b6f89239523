"""Sign-up, log-in, refresh, log-out, and who am I."""

from hashlib import sha256

from msgspec import UNSET

from dropship.gateway.domain.access import Scope
from dropship.gateway.domain.accounts import same_address
from dropship.gateway.domain.sessions import ACCESS
from dropship.gateway.handlers.sessions import (
    SignedIn,
    end_session,
    refresh_session,
    session_of_token,
)
from dropship.gateway.handlers.sign_in import sign_in, sign_up
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, Call, Endpoint, exhausted
from dropship.gateway.http.problems import unauthenticated
from dropship.gateway.http.shapes import Credentials, Logout, NoBody, NoQuery, Refresh, Tokens
from dropship.gateway.queries.people import Me, who_is


async def _sign_up(desk: Desk, call: Call[NoQuery, Credentials]) -> Answer:
    signed_in = await sign_up(
        desk.database,
        desk.passwords,
        email=call.body.email,
        password=call.body.password,
        tier=desk.new_tenant_tier,
        key=call.key,
        visitor=call.visitor,
    )
    return _tokens(desk, call, signed_in)


async def _log_in(desk: Desk, call: Call[NoQuery, Credentials]) -> Answer:
    address = sha256(same_address(call.body.email).encode()).hexdigest()
    allowance = desk.limits.account.take(f"{call.visitor.ip} {address}", desk.clock.monotonic())
    if not allowance.granted:
        raise exhausted(allowance)
    signed_in = await sign_in(
        desk.database,
        desk.passwords,
        email=call.body.email,
        password=call.body.password,
        visitor=call.visitor,
    )
    return _tokens(desk, call, signed_in)


async def _refresh(desk: Desk, call: Call[NoQuery, Refresh]) -> Answer:
    signed_in = await refresh_session(desk.database, call.body.refresh_token, call.visitor)
    return _tokens(desk, call, signed_in)


async def _log_out(desk: Desk, call: Call[NoQuery, Logout]) -> Answer:
    if call.body.refresh_token is UNSET:
        session = call.caller.credential
    else:
        session = await session_of_token(desk.database, call.body.refresh_token)
    await end_session(desk.database, session, call.visitor)
    desk.callers.forget(session)
    return Answer()


async def _me(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    me = await who_is(desk.database, call.caller.user, call.caller.tenant)
    if me is None:
        raise unauthenticated("this account is closed", "invalid_token")
    return Answer(me)


def _tokens(
    desk: Desk, call: Call[NoQuery, Credentials] | Call[NoQuery, Refresh], signed_in: SignedIn
) -> Answer:
    return Answer(
        Tokens(
            access_token=desk.keyring.issue(signed_in, call.at),
            refresh_token=signed_in.refresh_token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme
            expires_in=int(ACCESS.total_seconds()),
        )
    )


ROUTES = (
    Endpoint(
        "POST",
        "/v1/auth/signup",
        "signUp",
        "Open a tenant with its first user",
        _sign_up,
        status=201,
        answer=Tokens,
        body=Credentials,
        scope=Scope.public,
        keyed=True,
        limited=True,
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "POST",
        "/v1/auth/login",
        "logIn",
        "Show e-mail and password, get tokens",
        _log_in,
        answer=Tokens,
        body=Credentials,
        scope=Scope.public,
        limited=True,
        problems=frozenset({"unauthenticated"}),
    ),
    Endpoint(
        "POST",
        "/v1/auth/refresh",
        "refreshTokens",
        "Exchange a refresh token for new tokens; it works once, a second use ends the session",
        _refresh,
        answer=Tokens,
        body=Refresh,
        scope=Scope.public,
        limited=True,
        problems=frozenset({"unauthenticated"}),
    ),
    Endpoint(
        "POST",
        "/v1/auth/logout",
        "logOut",
        "End the session of the access token, or that of a refresh token",
        _log_out,
        status=204,
        body=Logout,
        body_required=False,
        scope=Scope.session,
        token_optional=True,
        limited=True,
        problems=frozenset({"unauthenticated"}),
    ),
    Endpoint(
        "GET",
        "/v1/me",
        "whoAmI",
        "Who asks, and for which tenant",
        _me,
        scope=Scope.session,
        answer=Me,
    ),
)
