"""What an operator sets: one frozen model per service, read once from the environment at start."""

import base64
import binascii
import os
import re
import socket
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DROPSHIP_"
EXIT_CONFIG = 78
"""sysexits.h EX_CONFIG: a supervisor need not try again before somebody has changed something."""

_SEAL_KEY_BYTES = 32


def _own_name() -> str:
    """A name no other process has: the host (in Kubernetes the pod) and the process id."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{socket.gethostname()[:48]}-{os.getpid()}")


class ServiceSettings(BaseSettings):
    """What every service is told. A service adds its own in its ``settings.py``.

    Each field's description is the advice an operator reads when the value is missing or wrong.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: SecretStr = Field(
        description="a PostgreSQL URL with this service's own role: postgresql://role:…@host/name"
    )
    nats_url: str = Field(
        "nats://127.0.0.1:4222",
        description="nats://host:port without credentials (several: separate them with commas)",
    )
    nats_user: str = Field("", description="the NATS user of this service")
    nats_password: SecretStr = Field(SecretStr(""), description="the password of that NATS user")
    replica: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = Field(
        default_factory=_own_name,
        description="a name no other process of this service has, letters, digits, - and _",
    )
    host: str = Field("127.0.0.1", description="the address to listen on; 0.0.0.0 in a container")
    health_port: int = Field(0, ge=0, le=65535, description="a port, or 0 for any free one")
    pool_size: int = Field(8, ge=1, le=100, description="database connections, 1 to 100")
    lease_beat_s: float = Field(1.0, gt=0, le=2, description="seconds, more than 0, at most 2")
    drain_s: float = Field(8, ge=0, le=10, description="seconds to finish work in, at most 10")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )
    log_format: Literal["json", "console"] = Field("json", description="json or console")
    otlp_endpoint: str | None = Field(
        None, description="an OTLP/HTTP collector such as http://host:4318; unset means no traces"
    )
    trace_ratio: float = Field(
        1.0, ge=0, le=1, description="the share of new traces that is recorded, 0 to 1"
    )
    development: bool = Field(
        False, description="true only on a developer's machine: loopback targets, failpoints"
    )
    failpoints: str = Field("", description="empty outside development")
    die_with_parent: bool = Field(
        False, description="true where a supervisor's death must end this process too"
    )
    seal_key: SecretStr = Field(
        SecretStr(""), description="32 random bytes in base64 (openssl rand -base64 32)"
    )
    older_seal_keys: SecretStr = Field(
        SecretStr(""), description="earlier seal keys, separated by commas; they only open"
    )

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr) -> SecretStr:
        if urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("it is not a PostgreSQL URL")
        return value

    @field_validator("nats_url")
    @classmethod
    def _has_no_credentials(cls, value: str) -> str:
        if "@" in value:
            raise ValueError(f"credentials belong in {PREFIX}NATS_USER and {PREFIX}NATS_PASSWORD")
        return value

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("it is not an http or https URL")
        return value or None

    @field_validator("failpoints")
    @classmethod
    def _only_in_development(cls, value: str, given: ValidationInfo) -> str:
        if value and not given.data.get("development"):
            raise ValueError(f"failpoints need {PREFIX}DEVELOPMENT")
        return value

    @field_validator("seal_key", "older_seal_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr) -> SecretStr:
        for text in filter(None, map(str.strip, value.get_secret_value().split(","))):
            try:
                size = len(base64.b64decode(text, validate=True))
            except binascii.Error:
                size = 0
            if size != _SEAL_KEY_BYTES:
                raise ValueError("it is not 32 bytes in base64")
        return value


S = TypeVar("S", bound=BaseSettings)


def load(settings_class: type[S]) -> S:
    """Read the settings, or end the process with code 78 and a message an operator can act on.

    The message names each wrong variable and what to set it to, and never shows a value: any of
    them may be a secret.
    """
    try:
        return settings_class()
    except ValidationError as error:
        _refuse("\n".join(_complaints(settings_class, error.errors(include_input=False))))


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"This service cannot start, its settings are wrong:\n{message}\n")
    raise SystemExit(EXIT_CONFIG)


def _complaints(settings_class: type[BaseSettings], errors: list[ErrorDetails]) -> Iterator[str]:
    prefix = settings_class.model_config.get("env_prefix", "")
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        field = settings_class.model_fields.get(name)
        fault = "is missing" if error["type"] == "missing" else f"is wrong: {_said(error)}"
        advice = f" Set it to {field.description}." if field and field.description else ""
        yield f"  {f'{prefix}{name}'.upper() or 'The settings'} {fault}.{advice}"


def _said(error: ErrorDetails) -> str:
    said = error["msg"].removeprefix("Value error, ").rstrip(".")
    return said[:1].lower() + said[1:]
