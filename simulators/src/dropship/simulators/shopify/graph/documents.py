"""Documents as they were sent: parsed, held to the schema where there is one, kept by text."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from dropship.simulators.shopify.graph.errors import GraphError
from dropship.simulators.shopify.graph.literals import value_of
from dropship.simulators.shopify.graph.schema import build_schema

_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Document:
    """`errors` are those of the schema; without a schema there are none."""

    operations: tuple[OperationDefinitionNode, ...]
    fragments: dict[str, FragmentDefinitionNode]
    errors: tuple[GraphQLError, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with its variables, ready to be carried out."""

    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    variables: dict[str, Any]

    @property
    def is_mutation(self) -> bool:
        return self.node.operation is OperationType.MUTATION

    @property
    def root(self) -> str:
        return "Mutation" if self.is_mutation else "QueryRoot"


class SchemaErrors(Exception):
    """The document does not fit Shopify's schema."""

    def __init__(self, errors: tuple[GraphQLError, ...]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors

    def written(self) -> list[dict[str, Any]]:
        return [
            {
                "message": error.message,
                "locations": [{"line": one.line, "column": one.column} for one in error.locations],
                "extensions": {"code": "undefinedField"}
                if error.message.startswith("Cannot query field")
                else {"code": "argumentLiteralsIncompatible"},
            }
            if error.locations
            else {"message": error.message}
            for error in self.errors
        ]


class Documents:
    """Reads documents. Without `specs` nothing is held to a schema."""

    def __init__(self, specs: Path | None) -> None:
        self._specs = specs
        self._schema: GraphQLSchema | None = None
        self._building = asyncio.Lock()
        self._known: dict[str, Document] = {}

    async def schema(self) -> GraphQLSchema | None:
        """Shopify's schema, or None where its file was not given."""
        if self._specs is None:
            return None
        async with self._building:
            if self._schema is None:
                self._schema = await asyncio.to_thread(build_schema, self._specs)
        return self._schema

    async def read(self, body: dict[str, Any]) -> Operation:
        """The operation meant by a request body; `SchemaErrors` or `GraphError` where none is."""
        schema = await self.schema()
        document = self._document(str(body["query"]), schema)
        if document.errors:
            raise SchemaErrors(document.errors)
        node = _chosen(document, body.get("operationName"))
        given = body.get("variables") or {}
        if not isinstance(given, dict):
            raise GraphError("Variables must be an object", "BAD_REQUEST")
        return Operation(node, document.fragments, _variables(node, given, schema))

    def _document(self, text: str, schema: GraphQLSchema | None) -> Document:
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[text] = _parsed(text, schema)
        return known


def _parsed(text: str, schema: GraphQLSchema | None) -> Document:
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return Document((), {}, (error,))
    definitions = document.definitions
    return Document(
        tuple(d for d in definitions if isinstance(d, OperationDefinitionNode)),
        {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)},
        tuple(validate(schema, document)) if schema is not None else (),
    )


def _chosen(document: Document, name: object) -> OperationDefinitionNode:
    fitting = [
        node
        for node in document.operations
        if name is None or (node.name is not None and node.name.value == name)
    ]
    if len(fitting) != 1:
        raise GraphError("An operation name is required", "BAD_REQUEST")
    return fitting[0]


def _variables(
    node: OperationDefinitionNode, given: dict[str, Any], schema: GraphQLSchema | None
) -> dict[str, Any]:
    declared = {one.variable.name.value: one for one in node.variable_definitions or ()}
    values: dict[str, Any] = {}
    for name, one in declared.items():
        if name in given:
            values[name] = given[name]
        elif one.default_value is not None:
            values[name] = value_of(one.default_value, {})
        if isinstance(one.type, NonNullTypeNode) and values.get(name) is None:
            raise _invalid(name, "Expected value to not be null")
    if schema is not None:
        coerced = get_variable_values(schema, node.variable_definitions or (), given)
        if isinstance(coerced, list):
            raise GraphError(coerced[0].message, "INVALID_VARIABLE")
    return values


def _invalid(name: str, explanation: str) -> GraphError:
    return GraphError(
        f"Variable ${name} was provided invalid value",
        "INVALID_VARIABLE",
        problems=[{"path": [], "explanation": explanation}],
    )
