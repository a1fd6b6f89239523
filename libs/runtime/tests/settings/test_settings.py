"""What an operator reads when settings are wrong, and what a service gets when they are right."""

import base64
import os

import pytest
from pydantic import Field, SecretStr, ValidationError

from dropship.runtime.settings import ServiceSettings, load

SECRET = "hunter2-canary"
URL = f"postgresql://tracker_app:{SECRET}@127.0.0.1:5432/dropship"


class ScraperSettings(ServiceSettings):
    """A service's own settings, as its settings.py would have them."""

    amazon_base_url: str = Field(description="the address of the simulator")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("DROPSHIP_")]:
        monkeypatch.delenv(name)


def refusal(capsys: pytest.CaptureFixture[str], kind: type[ServiceSettings]) -> str:
    with pytest.raises(SystemExit) as exit_:
        load(kind)
    assert exit_.value.code == 78
    return capsys.readouterr().err


def test_a_database_url_is_all_that_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPSHIP_DATABASE_URL", URL)
    settings = load(ServiceSettings)
    assert settings.database_url.get_secret_value() == URL
    assert (settings.host, settings.health_port, settings.development) == ("127.0.0.1", 0, False)
    assert (settings.pool_size, settings.drain_s, settings.lease_beat_s) == (8, 8, 1.0)
    assert settings.replica


def test_settings_show_no_secret_and_cannot_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPSHIP_DATABASE_URL", URL)
    monkeypatch.setenv("DROPSHIP_NATS_PASSWORD", SECRET)
    settings = load(ServiceSettings)
    assert SECRET not in f"{settings!r} {settings}"
    with pytest.raises(ValidationError, match="frozen"):
        settings.drain_s = 1


def test_all_mistakes_are_named_at_once_each_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DROPSHIP_LOG_LEVEL", "noisy")
    monkeypatch.setenv("DROPSHIP_HEALTH_PORT", "many")
    message = refusal(capsys, ScraperSettings)
    assert "DROPSHIP_DATABASE_URL is missing. Set it to a PostgreSQL URL" in message
    assert "DROPSHIP_AMAZON_BASE_URL is missing. Set it to the address of the simu" in message
    assert "DROPSHIP_LOG_LEVEL is wrong" in message
    assert "debug, info, warning or error" in message
    assert "DROPSHIP_HEALTH_PORT is wrong" in message
    assert len(message.splitlines()) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"mysql://root:{SECRET}@db/x"),
        ("NATS_URL", f"nats://tracker:{SECRET}@nats:4222"),
        ("SEAL_KEY", SECRET),
        ("SEAL_KEY", base64.b64encode(SECRET.encode()).decode()),
        ("OLDER_SEAL_KEYS", f"{base64.b64encode(bytes(32)).decode()},{SECRET}"),
        ("OTLP_ENDPOINT", f"grpc://{SECRET}"),
        ("REPLICA", f"{SECRET} with spaces"),
        ("POOL_SIZE", SECRET),
        ("FAILPOINTS", SECRET),
    ],
)
def test_a_refusal_names_the_variable_and_never_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DROPSHIP_DATABASE_URL", URL)
    monkeypatch.setenv(f"DROPSHIP_{name}", value)
    message = refusal(capsys, ServiceSettings)
    assert f"DROPSHIP_{name}" in message
    assert SECRET not in message


def test_a_level_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPSHIP_DATABASE_URL", URL)
    monkeypatch.setenv("DROPSHIP_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("DROPSHIP_SEAL_KEY", base64.b64encode(bytes(32)).decode())
    settings = load(ServiceSettings)
    assert settings.log_level == "warning"
    assert isinstance(settings.seal_key, SecretStr)
