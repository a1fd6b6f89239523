"""Holds our own answers to Shopify's schema: one that does not fit is our mistake, not a fault."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    is_abstract_type,
)

from dropship.simulators.shopify.graph.documents import Operation
from dropship.simulators.shopify.graph.execution import Executor, Sets

_TEXTS = {
    "Decimal": r"-?\d+(\.\d+)?",
    "Money": r"-?\d+\.\d\d",
    "DateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "URL": r"[a-z][a-z0-9+.-]*://\S+",
    "UnsignedInt64": r"\d+",
    "BigInt": r"-?\d+",
}
_INT_END = 2**31
_VALUES: dict[str, Callable[[Any], bool]] = {
    "Int": lambda value: type(value) is int and -_INT_END <= value < _INT_END,
    "Float": lambda value: type(value) in {int, float},
    "Boolean": lambda value: isinstance(value, bool),
    "ID": lambda value: isinstance(value, str) and value != "",
    "JSON": lambda _value: True,
}


def misfits(
    schema: GraphQLSchema, executor: Executor, operation: Operation, data: dict[str, Any]
) -> list[str]:
    """What in `data` Shopify could never have answered."""
    root = schema.mutation_type if operation.is_mutation else schema.query_type
    if root is None:
        return ["the schema has no such root"]
    check = _Check(schema, executor, operation)
    return list(check.object(data, root, (operation.node.selection_set,), "data"))


class _Check:
    def __init__(self, schema: GraphQLSchema, executor: Executor, operation: Operation) -> None:
        self._schema, self._executor, self._operation = schema, executor, operation

    def object(
        self, value: dict[str, Any], type_: GraphQLObjectType, sets: Sets, path: str
    ) -> Iterator[str]:
        selected = self._executor.select(type_.name, sets, self._operation)
        if list(selected) != list(value):
            yield f"{path}: {list(selected)} was selected, {list(value)} was answered"
            return
        for key, nodes in selected.items():
            name, where = nodes[0].name.value, f"{path}.{key}"
            if name == "__typename":
                if value[key] != type_.name:
                    yield f"{where}: {value[key]} is not {type_.name}"
                continue
            inner = tuple(n.selection_set for n in nodes if n.selection_set is not None)
            yield from self._value(value[key], type_.fields[name].type, inner, where)

    def _value(self, value: Any, type_: Any, sets: Sets, path: str) -> Iterator[str]:
        if isinstance(type_, GraphQLNonNull):
            if value is None:
                yield f"{path} must not be null"
                return
            type_ = type_.of_type
        if value is None:
            return
        if isinstance(type_, GraphQLList):
            if not isinstance(value, list):
                yield f"{path} must be a list"
                return
            for index, item in enumerate(value):
                yield from self._value(item, type_.of_type, sets, f"{path}[{index}]")
        elif isinstance(value, dict):
            yield from self._composite(value, type_, sets, path)
        elif not _leaf_fits(value, type_):
            yield f"{path}: {value!r} is no {type_}"

    def _composite(self, value: dict[str, Any], type_: Any, sets: Sets, path: str) -> Iterator[str]:
        if is_abstract_type(type_):
            type_ = self._concrete(type_)
        if isinstance(type_, GraphQLObjectType):
            yield from self.object(value, type_, sets, path)
        else:
            yield f"{path} must be a {type_}"

    def _concrete(self, type_: GraphQLAbstractType) -> Any:
        """Whatever can be published here is a product."""
        possible = self._schema.get_possible_types(type_)
        return next((one for one in possible if one.name == "Product"), None)


def _leaf_fits(value: Any, type_: Any) -> bool:
    if isinstance(type_, GraphQLEnumType):
        return isinstance(value, str) and value in type_.values
    if not isinstance(type_, GraphQLScalarType):
        return False
    if type_.name in _VALUES:
        return _VALUES[type_.name](value)
    pattern = _TEXTS.get(type_.name, r"(?s:.*)")
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
