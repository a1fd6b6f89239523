"""What an operation costs: asked for before it runs, used after it.

A scalar is free, an object 1, a mutation 10, a connection a quarter of its page times what each
of its items costs. Shopify publishes the first three and that connections go by page size.
"""

from math import ceil
from typing import Any

from dropship.simulators.shopify.graph.documents import Operation
from dropship.simulators.shopify.graph.execution import Executor, Sets
from dropship.simulators.shopify.graph.literals import arguments_of

MUTATION = 10
PER_VARIANT = 0.2
PER_FILE = 1.9
_SHARE = 4


def requested_cost(executor: Executor, operation: Operation) -> int:
    """The most it can cost: every page full."""
    return _cost(executor, operation, None)


def actual_cost(executor: Executor, operation: Operation, data: dict[str, Any]) -> int:
    """What it did cost: every page as long as it was."""
    return _cost(executor, operation, data)


def _cost(executor: Executor, operation: Operation, data: dict[str, Any] | None) -> int:
    sets = (operation.node.selection_set,)
    walk = _Walk(executor, operation, counted=data is not None)
    if not operation.is_mutation:
        return max(1, ceil(walk.inside("QueryRoot", sets, data)))
    total = 0.0
    for nodes in executor.select("Mutation", sets, operation).values():
        wish = arguments_of(nodes[0], operation.variables).get("input")
        total += MUTATION
        if nodes[0].name.value == "productSet" and isinstance(wish, dict):
            total += PER_VARIANT * _length(wish, "variants") + PER_FILE * _length(wish, "files")
    return ceil(total)


def _length(wish: dict[str, Any], name: str) -> int:
    written = wish.get(name)
    return len(written) if isinstance(written, list) else 0


class _Walk:
    def __init__(self, executor: Executor, operation: Operation, *, counted: bool) -> None:
        self._executor, self._operation, self._counted = executor, operation, counted

    def inside(self, type_: str, sets: Sets, value: Any) -> float:
        """What the fields of one object cost; `value` is the answer for it, if there is one."""
        total = 0.0
        for key, nodes in self._executor.select(type_, sets, self._operation).items():
            name = nodes[0].name.value
            if name == "__typename":
                continue
            found = self._executor.field(type_, name).type
            if not found:
                continue
            inner = tuple(n.selection_set for n in nodes if n.selection_set is not None)
            answer = value.get(key) if isinstance(value, dict) else None
            if found.endswith("Connection"):
                first = arguments_of(nodes[0], self._operation.variables).get("first")
                size = int(first) if isinstance(first, int) else 0
                total += 1 + self._page(found, inner, answer, size)
            elif found != "PageInfo" and not (self._counted and answer is None):
                total += self._object(found, inner, answer)
        return total

    def _object(self, type_: str, sets: Sets, answer: Any) -> float:
        if isinstance(answer, list):
            return sum(1 + self.inside(type_, sets, item) for item in answer)
        return 1 + self.inside(type_, sets, answer)

    def _page(self, type_: str, sets: Sets, answer: Any, size: int) -> float:
        if not self._counted:
            return size * self._item(type_, sets, None) / _SHARE
        items = self._items(type_, sets, answer)
        return sum(self._item(type_, sets, item) for item in items) / _SHARE

    def _items(self, type_: str, sets: Sets, answer: Any) -> list[Any]:
        """One entry for each item of the page that came, in the form it was selected."""
        if not isinstance(answer, dict):
            return []
        for key, nodes in self._executor.select(type_, sets, self._operation).items():
            if nodes[0].name.value in {"nodes", "edges"} and isinstance(answer.get(key), list):
                return [{key: item} for item in answer[key]]
        return []

    def _item(self, type_: str, sets: Sets, answer: Any) -> float:
        return self.inside(type_, sets, answer)
