"""Writes deploy/nats.conf: what every shipped NATS has, and the rights of each service.

The rights are those of the command line's own stack, worked out from the catalogue of messages.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from dropship.cli.stack.permissions import ADMIN, SERVICES, users

FILE = Path(__file__).parent.parent / "deploy" / "nats.conf"
HEAD = """\
# NATS for docker compose. Written by `just schemas`; do not edit.
# Passwords come from the container's environment. An acknowledgement means: it is on the disk.

listen: 0.0.0.0:4222
http: 0.0.0.0:8222
server_name: dropship
max_payload: 1MB

jetstream {
  store_dir: /data
  max_memory_store: 256MB
  max_file_store: $NATS_MAX_FILE_STORE
  sync_interval: always
}

authorization {
  timeout: 5
  users: [
"""


def lines() -> Iterator[str]:
    """One user after the other, everything they may do on lines of its own."""
    placeholders = dict.fromkeys((ADMIN, *SERVICES), "")
    for user in users(placeholders):
        variable = "NATS_ADMIN" if user.name == ADMIN else user.name.upper()
        yield f"    {{ user: {user.name}, password: ${variable}_PASSWORD"
        if user.rights is not None:
            for verb in ("publish", "subscribe"):
                allowed = ", ".join(json.dumps(text) for text in getattr(user.rights, verb))
                head = "permissions: { " if verb == "publish" else ""
                yield f"      {head}{verb}: {{ allow: [{allowed}] }}"
            yield f"      allow_responses: {str(user.rights.answers).lower()} }}"
        yield "    }"


def conf() -> str:
    return HEAD + "\n".join(lines()) + "\n  ]\n}\n"


if __name__ == "__main__":
    FILE.write_text(conf(), encoding="utf-8")
