"""What nobody may read is nowhere in clear: no table, stream, log, trace, answer or command."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from nats.aio.client import Client

from dropship.runtime.embedded import free_port
from dropship.runtime.telemetry import traces
from integration import programs
from integration.collector import Collector, collecting
from integration.echoing import echoing
from integration.running import Stack
from integration.secrecy import (
    PRIVATE_FILES,
    Planted,
    assert_traced,
    everywhere,
    in_answers,
    in_files,
    in_streams,
    in_tables,
    in_traces,
)
from integration.shop import Shop
from integration.supplier import Supplier


@pytest.fixture
async def nats(stack: Stack) -> AsyncIterator[Client]:
    client = await stack.nats()
    yield client
    await client.close()


async def _live_through_everything(
    stack: Stack, supplier: Supplier, planted: Planted
) -> list[Shop]:
    """A sign-up, mistakes at signing in, feeds with credentials that work, fail and are refused."""
    password = planted.plant("a password")
    shop = await Shop.opened(stack.gateway, password=password)
    thief = Shop(stack.gateway)
    wrong = planted.plant("a mistyped password")
    for body in (
        {"email": shop.email, "password": wrong},
        {"email": shop.email, "password": wrong, "otp": planted.plant("a one-time code")},
        {"email": planted.plant("an address"), "password": wrong},
    ):
        assert (await thief.asks("POST", "/v1/auth/login", json=body)).status_code in {401, 422}
    broken = f'{{"email": "{shop.email}", "password": "{wrong}"'.encode()
    headers = {"content-type": "application/json"}
    for path in ("login", "signup"):
        answer = await thief.asks("POST", f"/v1/auth/{path}", content=broken, headers=headers)
        assert answer.status_code == 400
    again = {"email": shop.email, "password": wrong}
    assert (await thief.asks("POST", "/v1/auth/signup", json=again)).status_code == 409
    await _sign_in_and_out(shop, thief, planted)
    await _connect_feeds(shop, supplier, planted)
    return [shop, thief]


async def _sign_in_and_out(shop: Shop, thief: Shop, planted: Planted) -> None:
    spent = shop.tokens["refresh_token"]
    fresh = (await shop.asks("POST", "/v1/auth/refresh", json={"refresh_token": spent})).json()
    reused = await thief.asks("POST", "/v1/auth/refresh", json={"refresh_token": spent})
    assert reused.status_code == 401
    for tokens in (shop.tokens, fresh):
        planted.plant("a refresh token", tokens["refresh_token"])
        planted.plant("an access token's signature", tokens["access_token"].rpartition(".")[2])
    credentials = {"email": shop.email, "password": shop.password}
    await shop.sign_in_with((await shop.asks("POST", "/v1/auth/login", json=credentials)).json())
    planted.plant("a refresh token", shop.tokens["refresh_token"])
    access = shop.tokens["access_token"]
    planted.plant("an access token's signature", access.rpartition(".")[2])
    for path in ("/v1/products", "/v1/nowhere"):
        await thief.asks("GET", path, params={"access_token": access})
        forged = {"authorization": f"Bearer {access}x"}
        assert (await thief.asks("GET", path, headers=forged)).status_code in {401, 404}


async def _connect_feeds(shop: Shop, supplier: Supplier, planted: Planted) -> None:
    host = supplier.url.removeprefix("http://")
    user = planted.plant("a feed's user and password")
    token = planted.plant("a feed's token")
    refused = {"name": "refused", "url": f"http://{user}:{user}@{host}/feed/products.csv"}
    await shop.asks("POST", "/v1/feeds", json=refused)
    await shop.connects("good", f"http://{host}/feed/products.csv?token={token}")
    await shop.connects("closed", f"http://127.0.0.1:{free_port()}/products.csv?token={token}")
    await shop.connects("missing", f"http://{host}/nowhere.csv?token={token}")
    row = await supplier.take_one("feed")
    names = ("good", "closed", "missing", "echoing")
    with echoing() as parrot:
        await shop.connects("echoing", f"{parrot}/products.csv?token={token}")
        jobs = {name: await shop.imports(f"feed-{name}", row) for name in names}
        ends = {name: await shop.ended(job_id) for name, job_id in jobs.items()}
    assert {name: job["status"] for name, job in ends.items()} == {
        "good": "SUCCESS",
        "closed": "FAILED",
        "missing": "FAILED",
        "echoing": "FAILED",
    }
    for job in ends.values():
        await shop.asks("GET", f"/v1/jobs/{job['job_id']}")
    await shop.asks("GET", "/v1/products")
    assert len((await shop.shows("/v1/feeds"))["items"]) == len(names)


async def test_passwords_tokens_and_feed_addresses_are_nowhere_to_be_read(
    stack: Stack, supplier: Supplier, collector: Collector
) -> None:
    planted = Planted()
    shops = await _live_through_everything(stack, supplier, planted)
    leaks = await everywhere(stack, collector, planted)
    for shop in shops:
        leaks += in_answers(shop, planted)
        await shop.close()
    assert leaks == []
    assert_traced(collector, shops, "/v1/auth/login", {"gateway"})
    assert_traced(collector, shops, "/v1/products/import", {"gateway", "tracker", "scraper"})


async def test_an_address_is_in_the_one_table_of_users_and_nowhere_else(
    stack: Stack, shop: Shop, supplier: Supplier, nats: Client
) -> None:
    await shop.has_imported("feed", await supplier.take_one("feed"))
    personal, public = Planted(), Planted()
    personal.plant("an address", shop.email)
    public.plant("a tenant", shop.tenant)
    assert [leak async for leak in in_tables(stack, personal)] == [
        "an address in the table gateway.users"
    ]
    assert [leak async for leak in in_streams(nats, personal)] == []
    assert in_files(stack.home / "logs", personal) == []
    assert in_files(stack.home / "nats", personal) == []
    ((cluster,),) = await stack.sql("SHOW data_directory")
    assert in_files(Path(cluster), personal), "whoever searches must be able to find"
    assert [leak async for leak in in_streams(nats, public)]


async def test_the_passwords_of_the_stack_itself_are_in_no_log_no_table_and_no_command_line(
    stack: Stack, shop: Shop, nats: Client, collector: Collector
) -> None:
    planted = Planted()
    known = msgspec.json.decode((stack.home / "secrets.json").read_bytes(), type=dict[str, str])
    for name, secret in known.items():
        planted.plant(name, secret)
    planted.plant(
        "the superuser's password", stack.now()["postgres"]["dsn"].split(":")[2].split("@")[0]
    )
    await shop.shows("/v1/me")
    leaks = [leak async for leak in in_tables(stack, planted)]
    leaks += [leak async for leak in in_streams(nats, planted)]
    leaks += in_files(stack.home, planted) + in_traces(collector, planted)
    leaks += [
        f"{kind} on the command line of {program.name}"
        for program in stack.family()
        for kind in planted.found_in(programs.command_line(program.pid))
    ]
    assert leaks == []
    private = [path for path in stack.home.rglob("*") if path.name in PRIVATE_FILES]
    assert {path.name for path in private} == PRIVATE_FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_a_secret_in_a_trace_would_be_found_even_where_traces_are_sent_compressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    planted = Planted()
    url = f"https://shop.example/?token={planted.plant('a token')}"
    with collecting() as collector:
        traces.configure("syncer", "syncer", collector.url)
        with traces.span("call the shop", "client") as call:
            call.put("url", url)
        traces.shutdown()
    assert in_traces(collector, planted) == ["a token in a trace of syncer"]
    assert collector.senders(call.traceparent[3:35]) == {"syncer"}
