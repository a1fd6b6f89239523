"""What the command line reads from its surroundings: the only place here that does."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

HOME_VARIABLE = "DROPSHIP_HOME"


def default_home() -> Path:
    """The folder of a stack: ``$DROPSHIP_HOME``, else ``.data`` below the current folder."""
    return Path(os.environ.get(HOME_VARIABLE) or ".data")


def inherited() -> dict[str, str]:
    """The environment that children get, to which their own settings are added."""
    return {name: value for name, value in os.environ.items() if name != HOME_VARIABLE}


@dataclass(frozen=True)
class Stores:
    """Where NATS and PostgreSQL are, with an administrator's rights in both.

    `passwords` are those that the services' own database roles are to have.
    """

    database_url: str = field(repr=False)
    nats_url: str
    nats_user: str
    nats_password: str = field(repr=False)
    passwords: dict[str, str] = field(repr=False, default_factory=dict)


def stores_in_environment(services: Iterable[str]) -> Stores | None:
    """The stores that ``DROPSHIP_DATABASE_URL`` and its companions name, if they name any."""
    database_url = os.environ.get("DROPSHIP_DATABASE_URL")
    if not database_url:
        return None
    passwords = {name: os.environ.get(password_variable(name), "") for name in services}
    return Stores(
        database_url=database_url,
        nats_url=os.environ.get("DROPSHIP_NATS_URL", "nats://127.0.0.1:4222"),
        nats_user=os.environ.get("DROPSHIP_NATS_USER", ""),
        nats_password=os.environ.get("DROPSHIP_NATS_PASSWORD", ""),
        passwords={name: password for name, password in passwords.items() if password},
    )


def password_variable(service: str) -> str:
    """Where `dropship migrate` finds the password of ``<service>_app``."""
    return f"DROPSHIP_{service.upper()}_PASSWORD"
