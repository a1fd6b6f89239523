"""Carries out an operation: selects, resolves, and writes the answer in the order asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode

from dropship.simulators.shopify.graph.documents import Operation
from dropship.simulators.shopify.graph.errors import GraphError, NotSimulated
from dropship.simulators.shopify.graph.literals import arguments_of, directive_argument
from dropship.simulators.shopify.graph.sight import Sight
from dropship.simulators.shopify.graph.tables import Field, Table

Sets = tuple[SelectionSetNode, ...]
Selected = dict[str, list[FieldNode]]


@dataclass(frozen=True, slots=True)
class Executor:
    """`tables` say what is simulated; `others` which further types an object also is.

    `concrete` names what an object of an abstract type always is here; the table of the abstract
    type holds only what can be asked of it without a fragment.
    `strict`: without a schema an unknown field is the caller's mistake; with one it has been
    found to exist, so it is ours.
    """

    tables: dict[str, Table]
    others: dict[str, frozenset[str]]
    concrete: dict[str, str]
    strict: bool

    def select(self, type_: str, sets: Sets, operation: Operation) -> Selected:
        """Fields by the key of the answer, fragments opened, what is skipped left out."""
        found: Selected = {}
        for node in self._walk(self.concrete.get(type_, type_), sets, operation):
            found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def _walk(self, type_: str, sets: Sets, operation: Operation) -> Iterator[FieldNode]:
        for one in sets:
            for node in one.selections:
                if _left_out(node, operation):
                    continue
                if isinstance(node, FieldNode):
                    yield node
                    continue
                fragment: Any = node
                if isinstance(node, FragmentSpreadNode):
                    fragment = operation.fragments[node.name.value]
                wanted = fragment.type_condition
                if wanted is None or self._is(type_, wanted.name.value):
                    yield from self._walk(type_, (fragment.selection_set,), operation)

    def _is(self, type_: str, wanted: str) -> bool:
        return type_ == wanted or wanted in self.others.get(type_, frozenset())

    def field(self, type_: str, name: str) -> Field:
        """How this field is answered; nothing of the operation is done where one is not known."""
        found = self.tables[self.concrete.get(type_, type_)].get(name)
        if found is not None:
            return found
        if self.strict:
            raise self._unknown(type_, name)
        raise NotSimulated(f"{type_}.{name}")

    def _unknown(self, type_: str, name: str) -> GraphError:
        message = f"Field '{name}' doesn't exist on type '{type_}'"
        return GraphError(message, "undefinedField", typeName=type_, fieldName=name)

    def check(self, operation: Operation) -> None:
        """Refuse an operation that cannot be answered whole, before it has any effect."""
        self._check(operation.root, (operation.node.selection_set,), operation)

    def _check(self, type_: str, sets: Sets, operation: Operation) -> None:
        if type_ in self.concrete:
            bare = [node for one in sets for node in one.selections if isinstance(node, FieldNode)]
            for name in {node.name.value for node in bare} - {"__typename"}:
                if name not in self.tables[type_]:
                    raise self._unknown(type_, name)
        for nodes in self.select(type_, sets, operation).values():
            name = nodes[0].name.value
            if name == "__typename":
                continue
            found = self.field(type_, name)
            inner = _inner(nodes)
            if bool(inner) != bool(found.type):
                word = "must have" if found.type else "can't have"
                message = f"Field '{name}' of type '{type_}' {word} selections"
                raise GraphError(message, "selectionMismatch")
            if found.type:
                self._check(found.type, inner, operation)

    def write(
        self, source: Any, type_: str, sets: Sets, operation: Operation, sight: Sight
    ) -> dict[str, Any]:
        """The answer for one object."""
        written: dict[str, Any] = {}
        type_ = self.concrete.get(type_, type_)
        for key, nodes in self.select(type_, sets, operation).items():
            name = nodes[0].name.value
            if name == "__typename":
                written[key] = type_
                continue
            found = self.field(type_, name)
            value = found.resolve(source, arguments_of(nodes[0], operation.variables), sight)
            written[key] = self.complete(value, found.type, _inner(nodes), operation, sight)
        return written

    def complete(
        self, value: Any, type_: str, sets: Sets, operation: Operation, sight: Sight
    ) -> Any:
        """A leaf as it is; an object, or a list of them, with what was selected of it."""
        if value is None or not type_:
            return value
        if isinstance(value, list):
            return [self.write(item, type_, sets, operation, sight) for item in value]
        return self.write(value, type_, sets, operation, sight)


def _inner(nodes: list[FieldNode]) -> Sets:
    return tuple(node.selection_set for node in nodes if node.selection_set is not None)


def _left_out(node: Any, operation: Operation) -> bool:
    skipped, if_ = directive_argument(node, "skip", "if", operation.variables)
    if skipped and if_:
        return True
    included, if_ = directive_argument(node, "include", "if", operation.variables)
    return included and not if_
