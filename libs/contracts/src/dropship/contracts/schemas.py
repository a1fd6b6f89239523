"""JSON Schema for every message and the envelope, written from the structs.

``python -m dropship.contracts.schemas DIR`` writes one file per type; the committed ones stand in
``libs/contracts/schemas`` and a test keeps them true.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from dropship.contracts.catalogue import MESSAGES
from dropship.contracts.envelope import SCHEMAS, Envelope

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(type_: type[Any], name: str) -> dict[str, Any]:
    """One self-contained draft 2020-12 schema."""
    (schema,), components = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    for component in components.values():
        if "description" in component:  # Python 3.13 takes the indentation off by itself.
            component["description"] = inspect.cleandoc(component["description"])
    return {"$schema": DRAFT, "$id": f"{SCHEMAS}{name}.json", **schema, "$defs": components}


def all_schemas() -> dict[str, str]:
    """File name → JSON text, for the envelope and every message."""
    types: dict[str, type[Any]] = {m.wire_type(): m for m in MESSAGES.values()}
    types["envelope"] = Envelope
    return {
        f"{name}.json": json.dumps(schema_of(type_, name), indent=2, sort_keys=True) + "\n"
        for name, type_ in sorted(types.items())
    }


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in all_schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
