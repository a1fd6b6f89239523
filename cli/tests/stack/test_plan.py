"""What each program of a stack is told, and what it is not told."""

import json
from pathlib import Path

import pytest

from dropship.cli.stack.home import Home
from dropship.cli.stack.permissions import SERVICES
from dropship.cli.stack.plan import Plan, Wish
from dropship.runtime.embedded import Program


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path)
    home.make()
    return home


def programs(plan: Plan) -> dict[str, Program]:
    """The programs of services and simulators, as they would be run."""
    plan.postgres._make_home()
    return {
        part.name: part.prepare()
        for stage in plan.stages()
        for part in stage.parts
        if part.name not in ("nats", "postgres")
    }


def test_everything_starts_after_what_it_needs(home: Home) -> None:
    stages = Plan(home, Wish(gateway_port=8000, simulators=True)).stages()
    assert [[part.name for part in stage.parts] for stage in stages] == [
        ["postgres", "nats"],
        ["migrate"],
        ["supplier"],
        list(SERVICES),
    ]


def test_replicas_are_programs_with_names_and_ports_of_their_own(home: Home) -> None:
    plan = Plan(home, Wish(gateway_port=8000, replicas={"scraper": 2, "tracker": 3}))
    names = [replica.name for replica in plan.replicas]
    assert [n for n in names if n.startswith("scraper")] == ["scraper", "scraper-2"]
    assert [n for n in names if n.startswith("tracker")] == ["tracker", "tracker-2", "tracker-3"]
    assert len({replica.health_port for replica in plan.replicas}) == len(names)
    told = programs(plan)
    assert told["scraper-2"].env is not None
    assert told["scraper-2"].env["DROPSHIP_REPLICA"] == "scraper-2"
    assert told["scraper-2"].argv[1:] == ("-m", "dropship.scraper")


def test_no_service_knows_anothers_password_and_none_the_administrators(home: Home) -> None:
    plan = Plan(home, Wish(gateway_port=8000))
    told = {name: program.env for name, program in programs(plan).items() if name in SERVICES}
    known = json.loads(home.secrets_file.read_text())
    admin = {plan.postgres.password, known["nats/admin"]}
    for service, env in told.items():
        assert env is not None
        foreign = {value for name, value in known.items() if name.rpartition("/")[2] != service}
        everything = "\n".join(env.values())
        assert not any(secret in everything for secret in foreign | admin)


def test_secrets_are_in_no_command_line(home: Home) -> None:
    plan = Plan(home, Wish(gateway_port=8000, simulators=True))
    told = programs(plan)
    secrets = {plan.postgres.password, *json.loads(home.secrets_file.read_text()).values()}
    for program in told.values():
        assert not any(secret in " ".join(program.argv) for secret in secrets)


def test_loopback_suppliers_are_allowed_only_where_they_are_simulated(home: Home) -> None:
    real = programs(Plan(home, Wish(gateway_port=8000)))["scraper"].env
    played = programs(Plan(home, Wish(gateway_port=8000, simulators=True)))["scraper"].env
    assert real is not None
    assert played is not None
    assert "DROPSHIP_DEVELOPMENT" not in real
    assert "DROPSHIP_AMAZON_BASE_URL" not in real
    assert played["DROPSHIP_DEVELOPMENT"] == "true"
    assert played["DROPSHIP_AMAZON_BASE_URL"].endswith("/amazon/{site}")
    assert played["DROPSHIP_FEED_DEFAULT_URL"].endswith("/feed/products.csv")


def test_a_restart_of_the_stack_keeps_its_passwords_and_keys(home: Home) -> None:
    before = programs(Plan(home, Wish(gateway_port=8000)))["gateway"].env
    after = programs(Plan(home, Wish(gateway_port=8000)))["gateway"].env
    assert before is not None
    assert after is not None
    for name in ("DROPSHIP_TOKEN_KEY", "DROPSHIP_SEAL_KEY", "DROPSHIP_NATS_PASSWORD"):
        assert before[name] == after[name]
