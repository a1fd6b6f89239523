"""Every route there is, and every one there will be: who may use it, and whose things it shows."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar, get

from dropship.gateway.domain.access import OF_KEYS, OF_ROLE, Role, Scope
from dropship.gateway.http.endpoint import Endpoint
from dropship.gateway.http.shapes import NoBody, NoQuery
from dropship.gateway.http.site import ENDPOINTS, Unguarded, check_guarded

GUARDED = [endpoint for endpoint in ENDPOINTS if endpoint.scope is not Scope.public]
ASKING_ONLY = {"previewPolicy"}
"""POST routes that change nothing: they only have much to say."""

KEYS = (("read",), ("write",), ("read", "write"))
every_route = pytest.mark.parametrize("endpoint", GUARDED, ids=lambda e: e.operation_id)


def ids_named(endpoint: Endpoint) -> Iterator[str]:
    """The ids of things that this route takes: in its path, its query or its body."""
    yield from endpoint.parameters
    for shape in (endpoint.query, endpoint.body):
        for field in msgspec.structs.fields(shape):
            if field.name.endswith("_id") and field.name != "client_id":
                yield field.name


NAMING = [(e, name) for e in ENDPOINTS for name in dict.fromkeys(ids_named(e))]


class Requests:
    """A request to any route, with nothing left out."""

    def __init__(self, sample: Any) -> None:
        self._sample = sample

    async def send(self, seller: Any, endpoint: Endpoint, ids: dict[str, str]) -> httpx.Response:
        path = endpoint.path.format(**ids)
        more: dict[str, Any] = {}
        if endpoint.query is not NoQuery:
            more["params"] = self._filled(endpoint.query, ids)
        if endpoint.body is not NoBody:
            more["json"] = self._filled(endpoint.body, ids)
        answer = await seller.ask(endpoint.method, path, **more)
        assert isinstance(answer, httpx.Response)
        return answer

    def _filled(self, shape: Any, ids: dict[str, str]) -> dict[str, Any]:
        given: dict[str, Any] = msgspec.to_builtins(self._sample(shape))
        return {name: ids.get(name, value) for name, value in given.items()}


@pytest.fixture(scope="module")
def requests(sample: Any) -> Requests:
    return Requests(sample)


@pytest.fixture(scope="module")
async def members(gateway: Any) -> dict[Role, Any]:
    """One user in each role, who has signed in after getting it."""
    found = {}
    for role in Role:
        seller = await gateway.seller()
        await gateway.desk.database.fetch_all(
            "UPDATE memberships m SET role = %s FROM users u"
            " WHERE u.id = m.user_id AND u.email = %s RETURNING m.role",
            (role, seller.email),
        )
        body = {"email": seller.email, "password": "correct horse"}
        seller.tokens = (await gateway.http.post("/v1/auth/login", json=body)).json()
        found[role] = seller
    return found


@pytest.fixture(scope="module")
async def programs(members: dict[Role, Any]) -> dict[tuple[str, ...], Any]:
    """One API key for each set of scopes."""
    owner = members[Role.owner]
    return {scopes: await owner.with_key(*scopes) for scopes in KEYS}


@pytest.fixture
async def stranger(gateway: Any) -> Any:
    return await gateway.seller()


@pytest.fixture(scope="module")
async def owner_and_ids(gateway: Any) -> tuple[Any, str, dict[str, str]]:
    """A seller who has one of everything."""
    seller = await gateway.seller()
    queued = await seller.post("/v1/products/import?asin=B0DGHRT7PQ")
    key = await seller.with_key("read")
    names = {name for _, name in NAMING}
    ids = {name: str(uuid4()) for name in names}
    ids |= {"job_id": queued.json()["job_id"], "key_id": key.tokens["id"]}
    return seller, await seller.tenant(), ids


@every_route
@pytest.mark.parametrize("role", Role)
@pytest.mark.usefixtures("owners")
async def test_a_user_may_do_what_her_role_allows(
    requests: Requests, members: dict[Role, Any], endpoint: Endpoint, role: Role
) -> None:
    ids = {name: str(uuid4()) for name in ids_named(endpoint)}
    answer = await requests.send(members[role], endpoint, ids)
    allowed = endpoint.scope in OF_ROLE[role]
    assert (answer.status_code == 403) is not allowed, answer.text


@every_route
@pytest.mark.parametrize("scopes", KEYS, ids="+".join)
@pytest.mark.usefixtures("owners")
async def test_an_api_key_may_do_what_its_scopes_allow(
    requests: Requests,
    programs: dict[tuple[str, ...], Any],
    endpoint: Endpoint,
    scopes: tuple[str, ...],
) -> None:
    ids = {name: str(uuid4()) for name in ids_named(endpoint)}
    answer = await requests.send(programs[scopes], endpoint, ids)
    allowed = endpoint.scope in scopes
    assert (answer.status_code == 403) is not allowed, answer.text
    if not allowed:
        assert answer.json()["type"].endswith("/forbidden")


@every_route
async def test_nobody_in_particular_is_let_in_nowhere(
    gateway: Any, requests: Requests, endpoint: Endpoint
) -> None:
    nobody = type(await gateway.seller())
    for token in ("nonsense", "dsc_live_nonsense"):
        guess = nobody(gateway.http, "", {"access_token": token})
        ids = {name: str(uuid4()) for name in ids_named(endpoint)}
        answer = await requests.send(guess, endpoint, ids)
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"].startswith("Bearer")
    path = endpoint.path.format(**ids)
    assert (await gateway.http.request(endpoint.method, path)).status_code == 401


@pytest.mark.parametrize(("endpoint", "name"), NAMING, ids=lambda v: getattr(v, "operation_id", v))
async def test_anothers_thing_looks_like_one_that_is_not_there(
    requests: Requests,
    owners: Any,
    owner_and_ids: tuple[Any, str, dict[str, str]],
    stranger: Any,
    endpoint: Endpoint,
    name: str,
) -> None:
    owner, owners_tenant, ids = owner_and_ids
    own = {each: str(uuid4()) for each in ids}
    owners.belongs = {owners_tenant: {*ids.values()}, await stranger.tenant(): {*own.values()}}
    answers = [
        await requests.send(stranger, endpoint, {**own, name: identity})
        for identity in (ids[name], str(uuid4()))
    ]
    assert [answer.status_code for answer in answers] == [404, 404], answers[0].text
    assert seen(answers[0]) == seen(answers[1])
    assert (await requests.send(owner, endpoint, ids)).is_success


def seen(answer: httpx.Response) -> Any:
    """All that an answer tells, but for the request's own number, name and place in the count."""
    own = {"traceparent", "date", "ratelimit"}
    headers = {name: text for name, text in answer.headers.items() if name not in own}
    return headers, {**answer.json(), "trace_id": "", "instance": ""}


def test_the_routes_that_take_ids_are_the_ones_we_know_of() -> None:
    assert {name for _, name in NAMING} == {
        "alert_id", "job_id", "key_id", "listing_id", "policy_id", "product_id", "store_id",
    }  # fmt: skip
    assert len(NAMING) >= 35


def test_a_route_that_changes_something_asks_for_more_than_reading() -> None:
    lax = {e.operation_id for e in ENDPOINTS if e.method != "GET" and e.scope is Scope.read}
    strict = {e.operation_id for e in ENDPOINTS if e.method == "GET" and e.scope is Scope.write}
    assert (lax, strict) == (ASKING_ONLY, set())


def test_no_key_can_reach_who_may_ask() -> None:
    closed = {e.path for e in GUARDED if e.scope not in OF_KEYS}
    assert closed == {"/v1/me", "/v1/auth/logout", "/v1/api-keys", "/v1/api-keys/{key_id}"}


def test_a_route_without_a_scope_does_not_start() -> None:
    @get("/open-by-mistake")
    async def mistake() -> str:
        raise NotImplementedError

    with pytest.raises(Unguarded, match="/open-by-mistake"):
        check_guarded(Litestar([mistake], openapi_config=None))
    with pytest.raises(TypeError, match="scope"):
        Endpoint("GET", "/v1/x", "x", "x", mistake)  # type: ignore[call-arg, arg-type]


def test_samples_of_ids_are_ids(sample: Any) -> None:
    assert UUID(sample(str))
