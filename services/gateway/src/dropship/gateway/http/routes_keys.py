"""API keys: for programs of yours. Only users manage them, and no key can make another."""

from msgspec import UNSET

from dropship.gateway.domain.access import Scope
from dropship.gateway.handlers.api_keys import KeyWanted, make_key, revoke_key
from dropship.gateway.http.desk import Desk
from dropship.gateway.http.endpoint import Answer, Call, Endpoint
from dropship.gateway.http.shapes import NoBody, NoQuery, Page
from dropship.gateway.http.shapes_shop import KeyMade, KeyWish
from dropship.gateway.queries.api_keys import ApiKeyPage, keys_of


async def _make(desk: Desk, call: Call[NoQuery, KeyWish]) -> Answer:
    wanted = KeyWanted(
        name=call.body.name,
        scopes=tuple(sorted(set(call.body.scopes))),
        expires_at=None if call.body.expires_at is UNSET else call.body.expires_at,
    )
    key_id, key, created_at = await make_key(
        desk.database,
        wanted,
        tenant=call.caller.tenant,
        user=call.caller.user,
        idempotency_key=call.key,
        visitor=call.visitor,
    )
    made = KeyMade(
        id=str(key_id),
        name=wanted.name,
        scopes=list(wanted.scopes),
        key=key,
        created_at=created_at,
        expires_at=wanted.expires_at,
    )
    return Answer(made)


async def _keys(desk: Desk, call: Call[Page, NoBody]) -> Answer:
    page = call.query
    return Answer(
        await keys_of(
            desk.database, call.caller.tenant, cursor=page.cursor or None, limit=page.limit
        )
    )


async def _revoke(desk: Desk, call: Call[NoQuery, NoBody]) -> Answer:
    revoked = await revoke_key(
        desk.database,
        call.path["key_id"],
        tenant=call.caller.tenant,
        user=call.caller.user,
        visitor=call.visitor,
    )
    desk.callers.forget(str(revoked))
    return Answer()


ROUTES = (
    Endpoint(
        "POST",
        "/v1/api-keys",
        "makeApiKey",
        "Make an API key; it is shown in this answer and never again",
        _make,
        scope=Scope.account,
        status=201,
        answer=KeyMade,
        body=KeyWish,
        keyed=True,
        quota="api_keys",
        problems=frozenset({"conflict"}),
    ),
    Endpoint(
        "GET",
        "/v1/api-keys",
        "listApiKeys",
        "Your API keys, newest first, without the keys themselves",
        _keys,
        scope=Scope.account,
        answer=ApiKeyPage,
        query=Page,
    ),
    Endpoint(
        "DELETE",
        "/v1/api-keys/{key_id}",
        "revokeApiKey",
        "End an API key at once",
        _revoke,
        scope=Scope.account,
        status=204,
    ),
)
