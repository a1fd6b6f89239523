"""Values as they stand in a document, with the variables put in."""

import json
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

ABSENT = object()
"""What a variable that was not given leaves behind: not even null."""


def value_of(node: ValueNode, variables: dict[str, Any]) -> Any:
    """The JSON value; members and list items of absent variables are left out."""
    match node:
        case VariableNode():
            return variables.get(node.name.value, ABSENT)
        case ObjectValueNode():
            members = {f.name.value: value_of(f.value, variables) for f in node.fields}
            return {name: value for name, value in members.items() if value is not ABSENT}
        case ListValueNode():
            items = (value_of(item, variables) for item in node.values)
            return [item for item in items if item is not ABSENT]
        case IntValueNode() | FloatValueNode():
            return json.loads(node.value)
        case StringValueNode() | EnumValueNode() | BooleanValueNode():
            return node.value
    return None


def arguments_of(node: FieldNode, variables: dict[str, Any]) -> dict[str, Any]:
    """The arguments given to a field; null is given, absent is not."""
    given = {one.name.value: value_of(one.value, variables) for one in node.arguments or ()}
    return {name: value for name, value in given.items() if value is not ABSENT}


def directive_argument(
    node: Any, directive: str, argument: str, variables: dict[str, Any]
) -> tuple[bool, Any]:
    """Whether the directive is there, and the value of its argument."""
    for one in node.directives or ():
        if one.name.value == directive:
            given = {a.name.value: value_of(a.value, variables) for a in one.arguments or ()}
            value = given.get(argument, ABSENT)
            return True, None if value is ABSENT else value
    return False, None
