"""Passwords and keys of a local stack: made once, kept in one file that only its owner may read."""

import base64
import json
import secrets

from dropship.cli.faults import Fault
from dropship.cli.stack.home import Home
from dropship.runtime.embedded import new_password, write_private


class Secrets:
    """Secrets by name; one that is asked for first is made then. Call `save` before it is used."""

    def __init__(self, home: Home) -> None:
        self._path = home.secrets_file
        try:
            self._known: dict[str, str] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            self._known = {}
        except (OSError, ValueError) as error:
            raise Fault(
                f"cannot read {self._path}: {error}.\nPut the file back from your backup: "
                "without it what is sealed in the database cannot be opened."
            ) from error

    def password(self, name: str) -> str:
        """A password such as ``nats/tracker`` or ``postgres/tracker_app``."""
        return self._known.setdefault(name, new_password())

    def key(self, name: str) -> str:
        """32 random bytes in base64, such as ``seal/gateway``."""
        fresh = base64.b64encode(secrets.token_bytes(32)).decode()
        return self._known.setdefault(name, fresh)

    def save(self) -> None:
        write_private(self._path, json.dumps(self._known, indent=1, sort_keys=True))
