"""The addresses a client of a shop knows: the token endpoint and the GraphQL endpoint."""

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import msgspec
from graphql import GraphQLSchema

from dropship.simulators.shopify.carrying_out import (
    Outcome,
    carry_out,
    executor_for,
    listings_of,
    roots_of,
)
from dropship.simulators.shopify.graph.documents import Documents, Operation, SchemaErrors
from dropship.simulators.shopify.graph.errors import GraphError, NotSimulated
from dropship.simulators.shopify.graph.schema import API_VERSION
from dropship.simulators.shopify.judge.faults import TOKEN, ShopFault
from dropship.simulators.shopify.judge.ledger import Write
from dropship.simulators.shopify.judge.record import Recorder
from dropship.simulators.shopify.shop import Shop
from dropship.simulators.wire.messages import Delivery, Reply, Request, json_reply
from dropship.simulators.wire.server import Send

_PATH = re.compile(r"^/shopify/(?P<shop>[^/]+)(?P<rest>/.*)$")
_GRAPHQL = re.compile(r"^/admin/api/(?P<version>[^/]+)/graphql\.json$")
_TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105
_SLOW_S = 3.0
_RETRY_AFTER_S = 2.0
_WORDS = {
    402: "Unavailable Shop",
    403: "Forbidden",
    404: "Not Found",
    423: "This shop is unavailable",
    429: "Exceeded 2 calls per second for api client. Reduce request rates to resume.",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_NOTHING = json_reply({})
_NO_QUERY = {"query": "Required parameter missing or invalid"}
_BAD_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"  # noqa: S105


@dataclass(slots=True)
class _Served:
    """What will be sent; `writes` become answered only if it arrives and tells the truth."""

    reply: Reply
    writes: list[Write] = field(default_factory=list)
    truthful: bool = True


class Front:
    """Serves every shop there is. `shops` is filled by the judge."""

    def __init__(self, documents: Documents, recorder: Recorder | None) -> None:
        self.shops: dict[str, Shop] = {}
        self._documents = documents
        self._recorder = recorder

    async def answer(self, request: Request, send: Send) -> None:
        match = _PATH.match(request.path)
        shop = self.shops.get(match["shop"]) if match else None
        if match is None or shop is None:
            await send(_error(404))
            return
        target = urlsplit(request.target)
        rest = target.path.removeprefix(f"/shopify/{shop.name}")
        target_text = f"{rest}?{target.query}" if target.query else rest
        recorder = self._recorder
        exchange = recorder.open(request, shop.name, target_text) if recorder else None
        heard: Reply | None = None
        try:
            served = await self._serve(request, shop, match["rest"])
            sent = await send(served.reply)
            if sent.reached and not served.reply.delivery.then_nothing:
                heard = served.reply
                for write in served.writes:
                    write.answered = served.truthful
        finally:
            if recorder is not None and exchange is not None:
                exchange.close(heard, shop.keys.secrets_known())
                recorder.flush()

    async def _serve(self, request: Request, shop: Shop, path: str) -> _Served:
        if path == _TOKEN_PATH and request.method == "POST":
            return self._token(request, shop)
        match = _GRAPHQL.match(path)
        if match is None or match["version"] != API_VERSION or request.method != "POST":
            shop.ledger.refuse("http_404")
            return _Served(_error(404))
        shop.ledger.calls += 1
        if shop.blocked:
            return _denied(shop, shop.blocked)
        if not _admitted(request, shop):
            return _unauthorised(shop)
        return await self._graphql(request, shop)

    def _token(self, request: Request, shop: Shop) -> _Served:
        fault = shop.faults.strike({TOKEN}, set())
        if fault is not None and _strikes_before(fault):
            return _Served(_spoiled(fault, request), truthful=False)
        reply = shop.keys.grant(request, shop.token_now())
        if reply.status != 200:
            shop.ledger.refuse(f"token_{reply.status}")
        return _Served(reply if fault is None else _spoiled(fault, request, reply))

    async def _graphql(self, request: Request, shop: Shop) -> _Served:
        body = _body(request)
        if body is None:
            shop.ledger.refuse("http_400")
            return _Served(json_reply({"errors": _NO_QUERY}, 400))
        try:
            operation = await self._documents.read(body)
        except SchemaErrors as errors:
            shop.ledger.refuse("schema")
            return _Served(_graph_reply({"errors": errors.written()}))
        except GraphError as error:
            shop.ledger.refuse(error.code or "graphql")
            return _Served(_graph_reply({"errors": [error.written()]}))
        return _operated(request, shop, operation, await self._documents.schema())


def _operated(
    request: Request, shop: Shop, operation: Operation, schema: GraphQLSchema | None
) -> _Served:
    """Meet the faults on the way, and carry out what they leave."""
    executor = executor_for(schema)
    nodes = [found[0] for found in roots_of(executor, operation).values()]
    ops = {node.name.value for node in nodes}
    listings = listings_of(shop, nodes, operation.variables)
    lag_s = 0.0 if operation.is_mutation else shop.faults.lag(ops, listings)
    fault = shop.faults.strike(ops, listings)
    if fault is not None and fault.mode == "revoke_token":
        shop.keys.revoke(request.headers.get("x-shopify-access-token"))
        _admitted(request, shop)
        return _unauthorised(shop)
    if fault is not None and _strikes_before(fault):
        return _Served(_spoiled(fault, request), truthful=False)
    mode = fault.mode if fault is not None else None
    try:
        app = shop.keys.app_of(request.headers["x-shopify-access-token"])
        outcome = carry_out(shop, executor, operation, schema, app=app, lag_s=lag_s, fault=mode)
    except NotSimulated as missing:
        shop.ledger.missed(str(missing))
        return _Served(json_reply({"errors": f"not simulated: {missing}"}, 501))
    return _told(outcome, fault, request)


def _told(outcome: Outcome, fault: ShopFault | None, request: Request) -> _Served:
    if outcome.broken:
        return _Served(_error(500), outcome.writes, truthful=False)
    reply = _graph_reply(outcome.body)
    if fault is None or fault.mode == "throttled":
        return _Served(reply, outcome.writes)
    truthful = fault.mode == "slow"
    return _Served(_spoiled(fault, request, reply), outcome.writes, truthful=truthful)


def _admitted(request: Request, shop: Shop) -> bool:
    """Whether the token is good. Who has been told that it is revoked should not come again."""
    written = request.headers.get("x-shopify-access-token", "")
    standing = shop.keys.standing(written, shop.token_now())
    if standing == "revoked":
        token = shop.keys.tokens[written]
        shop.ledger.calls_after_revocation += token.told
        token.told = True
    return standing == "good"


def _unauthorised(shop: Shop) -> _Served:
    shop.ledger.refuse("http_401")
    return _Served(json_reply({"errors": _BAD_TOKEN}, 401))


def _denied(shop: Shop, status: int) -> _Served:
    shop.ledger.refuse(f"http_{status}")
    return _Served(_error(status))


def _strikes_before(fault: ShopFault) -> bool:
    """Whether the fault keeps the operation from being carried out."""
    return fault.mode in {"drop_before", "500", "500_echo", "503", "429", "402", "403", "423"}


def _spoiled(fault: ShopFault, request: Request, good: Reply = _NOTHING) -> Reply:
    delay_s = fault.delay_s or 0.0
    if fault.mode in {"drop_after_commit", "drop_before"}:
        return replace(good, delivery=Delivery(silent_s=delay_s, then_nothing=True))
    if fault.mode == "slow":
        return replace(good, delivery=Delivery(silent_s=delay_s or _SLOW_S))
    if fault.mode == "malformed":
        return replace(good, body=good.body[: len(good.body) * 2 // 3])
    if fault.mode == "500_echo":
        return _echo(request)
    status = int(fault.mode.removesuffix("_after_commit"))
    after_s = fault.retry_after_s
    if after_s is None and status == 429:
        after_s = _RETRY_AFTER_S
    told = after_s is not None and status in {429, 503}
    return replace(_error(status), headers=(("Retry-After", f"{after_s}"),) if told else ())


def _echo(request: Request) -> Reply:
    """A page for developers, as broken frameworks show it: with the secret that was sent."""
    token = request.headers.get("x-shopify-access-token")
    return json_reply({"errors": token or request.body.decode("utf-8", "replace")}, 500)


def _error(status: int) -> Reply:
    return json_reply({"errors": _WORDS[status]}, status)


def _graph_reply(body: dict[str, Any]) -> Reply:
    reply = json_reply(body)
    headers = (("X-Shopify-API-Version", API_VERSION),)
    return replace(reply, content_type="application/json; charset=utf-8", headers=headers)


def _body(request: Request) -> dict[str, Any] | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return None
    try:
        body = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return None
    return body if isinstance(body, dict) and isinstance(body.get("query"), str) else None
