"""Carries out one GraphQL operation on one shop: pays, changes, answers, and writes it down."""

import logging
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLSchema

from dropship.simulators.shopify.gids import number_in
from dropship.simulators.shopify.goods.changing import Change, Payload
from dropship.simulators.shopify.goods.product import Product
from dropship.simulators.shopify.goods.saying_no import as_list
from dropship.simulators.shopify.graph.answers import misfits
from dropship.simulators.shopify.graph.cost import actual_cost, requested_cost
from dropship.simulators.shopify.graph.documents import Operation
from dropship.simulators.shopify.graph.errors import GraphError
from dropship.simulators.shopify.graph.execution import Executor
from dropship.simulators.shopify.graph.literals import arguments_of, directive_argument
from dropship.simulators.shopify.graph.roots import MUTATIONS, SCOPES, TABLES
from dropship.simulators.shopify.graph.shop_fields import CONCRETE, OTHERS, payload_type
from dropship.simulators.shopify.judge.ledger import Write
from dropship.simulators.shopify.shop import Shop
from dropship.simulators.shopify.throttle import Throttled

log = logging.getLogger("dropship.simulators.shopify")


@dataclass(slots=True)
class Outcome:
    """The body of an answer, and the effects behind it. `broken`: the body fits no schema."""

    body: dict[str, Any]
    writes: list[Write] = field(default_factory=list)
    broken: bool = False


def executor_for(schema: GraphQLSchema | None) -> Executor:
    return Executor(TABLES, OTHERS, CONCRETE, strict=schema is None)


def roots_of(executor: Executor, operation: Operation) -> dict[str, list[FieldNode]]:
    """The root fields asked for, by the key of the answer."""
    return executor.select(operation.root, (operation.node.selection_set,), operation)


def listings_of(shop: Shop, nodes: list[FieldNode], variables: dict[str, Any]) -> set[str]:
    """The customId values of the products an operation is about, as far as they can be told."""
    found: set[str] = set()
    for node in nodes:
        args = arguments_of(node, variables)
        identifier = args.get("identifier")
        custom = identifier.get("customId") if isinstance(identifier, dict) else None
        if isinstance(custom, dict):
            found.add(str(custom.get("value")))
        for product in _products_of(shop, node.name.value, args):
            if product is not None and product.listing is not None:
                found.add(product.listing)
    return found


def _products_of(shop: Shop, op: str, args: dict[str, Any]) -> list[Product | None]:
    named = args.get("product") or args.get("input")
    wish = named if isinstance(named, dict) else {}
    try:
        if op == "inventorySetQuantities":
            items = [q.get("inventoryItemId") for q in as_list(wish.get("quantities"))]
            pairs = [shop.catalogue.by_item(number_in(one, "InventoryItem")) for one in items]
            return [pair[0] for pair in pairs if pair is not None]
        written = args.get("productId") or args.get("id") or wish.get("id")
        return [shop.catalogue.product(number_in(written, "Product"))]
    except GraphError:
        return []


def carry_out(
    shop: Shop,
    executor: Executor,
    operation: Operation,
    schema: GraphQLSchema | None,
    *,
    app: int,
    lag_s: float,
    fault: str | None,
) -> Outcome:
    """What an app asks for. All of it or, for what is wrong as a whole, nothing of it."""
    requested = 0
    try:
        executor.check(operation)
        requested = requested_cost(executor, operation)
        if fault == "throttled":
            shop.bucket.drain()
            raise Throttled
        _check_scopes(shop, executor, operation)
        shop.bucket.take(requested)
    except GraphError as error:
        return _refused(shop, error, requested)
    try:
        outcome = _Run(shop, executor, operation, app, fault, lag_s).outcome()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if not executor.strict:
            log.exception("shopify_simulator_broke shop=%s", shop.name)
            shop.ledger.violated([f"broke: {error!r}"])
            return Outcome({}, broken=True)
        wrong_argument = GraphError(f"An argument is wrong: {error!r}", "INVALID_VARIABLE")
        return _refused(shop, wrong_argument, requested)
    data = outcome.body.get("data")
    actual = requested
    if isinstance(data, dict) and "errors" not in outcome.body:
        actual = min(requested, actual_cost(executor, operation, data))
        shop.bucket.give_back(requested - actual)
        if schema is not None:
            wrong = misfits(schema, executor, operation, data)
            if wrong:
                log.error("shopify_answer_breaks_schema shop=%s %s", shop.name, "; ".join(wrong))
                shop.ledger.violated(wrong)
                outcome.broken = True
    outcome.body["extensions"] = {"cost": shop.bucket.status(requested, actual)}
    return outcome


def _check_scopes(shop: Shop, executor: Executor, operation: Operation) -> None:
    for nodes in roots_of(executor, operation).values():
        name = nodes[0].name.value
        needed = SCOPES.get(name)
        if needed is not None and needed not in shop.keys.scopes:
            raise GraphError(
                f"Access denied for {name} field. Required access: `{needed}` access scope.",
                "ACCESS_DENIED",
                documentation="https://shopify.dev/api/usage/access-scopes",
                requiredAccess=f"`{needed}` access scope.",
            )


def _refused(shop: Shop, error: GraphError, requested: int) -> Outcome:
    if isinstance(error, Throttled):
        shop.ledger.throttled += 1
    else:
        shop.ledger.refuse(error.code or "graphql")
    body: dict[str, Any] = {"errors": [error.written()]}
    if requested:
        body["extensions"] = {"cost": shop.bucket.status(requested, None)}
    return Outcome(body)


@dataclass(slots=True)
class _Run:
    shop: Shop
    executor: Executor
    operation: Operation
    app: int
    fault: str | None
    lag_s: float
    writes: list[Write] = field(default_factory=list)

    def outcome(self) -> Outcome:
        """Root fields of a mutation one after the other; an error of one leaves the rest."""
        if not self.operation.is_mutation:
            return self._query()
        data: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for key, nodes in roots_of(self.executor, self.operation).items():
            if nodes[0].name.value == "__typename":
                data[key] = "Mutation"
                continue
            try:
                data[key] = self._mutation(nodes)
            except GraphError as error:
                self.shop.ledger.refuse(error.code or "graphql")
                data[key] = None
                errors.append({**error.written(), "path": [key]})
        body: dict[str, Any] = {"data": data}
        return Outcome(body | ({"errors": errors} if errors else {}), self.writes)

    def _query(self) -> Outcome:
        sets = (self.operation.node.selection_set,)
        sight = self.shop.sight(self.app, self.lag_s)
        try:
            data = self.executor.write(True, "QueryRoot", sets, self.operation, sight)
        except GraphError as error:
            self.shop.ledger.refuse(error.code or "graphql")
            return Outcome({"data": None, "errors": [error.written()]})
        return Outcome({"data": data})

    def _mutation(self, nodes: list[FieldNode]) -> dict[str, Any]:
        shop, op = self.shop, nodes[0].name.value
        args = arguments_of(nodes[0], self.operation.variables)
        change = Change(shop.catalogue, shop.currency, shop.now(), self.app)
        payload = self._done(op, change, args, nodes[0])
        for effect in change.effects:
            self.writes.append(shop.ledger.wrote(op, effect, change.at, self.fault))
        for error in payload["userErrors"]:
            shop.ledger.refuse(f"userErrors:{error.code or error.message}")
        inner = tuple(node.selection_set for node in nodes if node.selection_set is not None)
        sight = shop.sight(self.app)
        return self.executor.write(payload, payload_type(op), inner, self.operation, sight)

    def _done(self, op: str, change: Change, args: dict[str, Any], node: FieldNode) -> Payload:
        there, key = directive_argument(node, "idempotent", "key", self.operation.variables)
        if op == "inventorySetQuantities":
            return self.shop.once.inventory_set_quantities(change, args, key if there else None)
        if there:
            message = f"The @idempotent directive is not supported on {op}."
            raise GraphError(message, "BAD_REQUEST")
        return MUTATIONS[op](change, args)
