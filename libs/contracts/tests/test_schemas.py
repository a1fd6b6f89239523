"""The JSON Schemas that strangers validate us with are the ones our structs obey."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dropship.contracts.catalogue import COMMANDS, EVENTS, MESSAGES, QUERIES
from dropship.contracts.schemas import all_schemas

HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "schemas"
WRITTEN = all_schemas()


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def body_of(golden: Any) -> Any:
    return golden["data"] if "specversion" in golden else golden["question"]


def test_the_written_schemas_are_those_of_this_release() -> None:
    standing = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}

    assert standing == WRITTEN, "run `just schemas`"


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_what_was_recorded_obeys_its_schema(name: str) -> None:
    wire_type = MESSAGES[name].wire_type()
    schema = json.loads(WRITTEN[f"{wire_type}.json"])
    Draft202012Validator.check_schema(schema)

    golden = load(HERE / "golden" / f"{wire_type}.json")

    Draft202012Validator(schema).validate(body_of(golden))
    if "specversion" in golden:
        Draft202012Validator(json.loads(WRITTEN["envelope.json"])).validate(golden)


@pytest.mark.parametrize("name", sorted(COMMANDS | QUERIES))
def test_a_request_with_a_field_we_do_not_know_is_refused_by_its_schema(name: str) -> None:
    wire_type = MESSAGES[name].wire_type()
    body = body_of(load(HERE / "golden" / f"{wire_type}.json"))
    validator = Draft202012Validator(json.loads(WRITTEN[f"{wire_type}.json"]))

    assert not validator.is_valid({**body, "surprise": 1})


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_may_grow_a_field_without_breaking_who_validates_it(name: str) -> None:
    wire_type = MESSAGES[name].wire_type()
    body = body_of(load(HERE / "golden" / f"{wire_type}.json"))
    validator = Draft202012Validator(json.loads(WRITTEN[f"{wire_type}.json"]))

    assert validator.is_valid({**body, "surprise": 1})
