"""What is told to the containers is what the programs understand."""

import re
import runpy
import subprocess

import pytest

from dropship.runtime.embedded.binaries import nats_server
from repo_as_data import ROOT, SERVICES, settings_class

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE))
NATS_CONF = ROOT / "deploy" / "nats.conf"


def told(service: str) -> dict[str, str]:
    return dict(re.findall(r"^      DROPSHIP_(\w+): (.+)$", BLOCKS[service], re.MULTILINE))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_what_it_needs_and_nothing_that_it_does_not_know(service: str) -> None:
    fields = settings_class(service).model_fields
    given = {name.lower() for name in told(service)}

    assert given <= set(fields)
    assert {name for name, field in fields.items() if field.is_required()} <= given


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_comes_with_its_own_rights_to_the_stores(service: str) -> None:
    assert f"//{service}_app:${{{service.upper()}_PASSWORD}}@" in told(service)["DATABASE_URL"]
    assert told(service)["NATS_USER"] == service
    assert f"[python, -m, dropship.{service}]" in BLOCKS[service]
    assert f"DROPSHIP_{service.upper()}_PASSWORD: " in BLOCKS["migrate"]


def test_images_have_versions_and_ports_are_open_to_this_machine_alone() -> None:
    images = re.findall(r"^ +image: \S+?:(\S+)$", COMPOSE, re.MULTILINE)
    ports = re.findall(r'ports: \["([^"]*)"\]', COMPOSE)

    assert len(images) == len(re.findall(r"^ +image:", COMPOSE, re.MULTILINE))
    assert "latest" not in images
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_nats_grants_what_the_messages_of_this_release_need() -> None:
    written = runpy.run_path(str(ROOT / ".ci" / "nats_conf.py"))["conf"]()

    assert NATS_CONF.read_text(encoding="utf-8") == written, "run `just schemas`"


def test_nats_reads_its_configuration() -> None:
    names = set(re.findall(r"\$([A-Z_]+_PASSWORD)", NATS_CONF.read_text(encoding="utf-8")))
    env = {name: f"p{number}" for number, name in enumerate(sorted(names))}

    done = subprocess.run(
        [nats_server(), "-t", "-c", NATS_CONF],
        env=env | {"NATS_MAX_FILE_STORE": "10GB"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert len(names) == len(SERVICES) + 1
