"""Every GraphQL document that is sent to Shopify; each is held to Shopify's own schema in a test.

Static strings: a document is never put together from values. No field names a buyer.
"""

from dataclasses import dataclass

API_VERSION = "2026-10"

KEY = "listing_id"
"""The metafield that holds our listing's id, in the namespace reserved for the app (left out)."""

ORDERS_AT_ONCE = 8
LINES_AT_ONCE = 10


@dataclass(frozen=True)
class Document:
    """One operation. `writes`: its effect is in doubt when no telling answer comes."""

    name: str
    text: str
    writes: bool


def _query(name: str, text: str) -> Document:
    return Document(name, text, writes=False)


def _mutation(name: str, text: str) -> Document:
    return Document(name, text, writes=True)


_LISTING = """
fragment Listing on Product {
  id
  status
  publishedOnPublication(publicationId: $publication)
  variants(first: 1) {
    nodes {
      id
      price
      inventoryPolicy
      inventoryItem {
        id
        tracked
        inventoryLevel(locationId: $location) {
          quantities(names: ["available"]) { name quantity }
        }
      }
    }
  }
}
"""

_LINES = """
fragment Lines on LineItemConnection {
  pageInfo { hasNextPage endCursor }
  nodes {
    sku
    quantity
    originalTotalSet { shopMoney { amount currencyCode } }
    discountAllocations { allocatedAmountSet { shopMoney { amount currencyCode } } }
    product { metafield(key: "listing_id") { value } }
  }
}
"""

OPEN = _query(
    "Open",
    """
query Open {
  shop { name currencyCode }
  locations(first: 50) { nodes { id isActive fulfillsOnlineOrders } }
  publications(first: 20) { nodes { id name } }
  metafieldDefinitions(first: 1, ownerType: PRODUCT, namespace: "$app", key: "listing_id") {
    nodes { type { name } }
  }
}
""",
)

DEFINE = _mutation(
    "Define",
    """
mutation Define($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { type { name } }
    userErrors { code field message }
  }
}
""",
)

FIND = _query(
    "Find",
    """
query Find($identifier: ProductIdentifierInput!, $publication: ID!, $location: ID!) {
  shop { currencyCode }
  product: productByIdentifier(identifier: $identifier) { ...Listing }
}
"""
    + _LISTING,
)

FIND_BY_ID = _query(
    "FindById",
    """
query FindById($id: ID!, $publication: ID!, $location: ID!) {
  shop { currencyCode }
  product(id: $id) { ...Listing }
}
"""
    + _LISTING,
)

MARK = _mutation(
    "Mark",
    """
mutation Mark($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { status } userErrors { field message } }
}
""",
)

CREATE = _mutation(
    "Create",
    """
mutation Create(
  $identifier: ProductSetIdentifiers!, $input: ProductSetInput!, $publication: ID!, $location: ID!
) {
  productSet(identifier: $identifier, input: $input, synchronous: true) {
    product { ...Listing }
    userErrors { code field message }
  }
}
"""
    + _LISTING,
)

PUBLISH = _mutation(
    "Publish",
    """
mutation Publish($id: ID!, $publications: [PublicationInput!]!, $product: ProductUpdateInput!) {
  publishablePublish(id: $id, input: $publications) { userErrors { field message } }
  productUpdate(product: $product) { product { status } userErrors { field message } }
}
""",
)

SET_PRICE = _mutation(
    "SetPrice",
    """
mutation SetPrice($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: false) {
    productVariants { id price }
    userErrors { code field message }
  }
}
""",
)

SET_QUANTITY = _mutation(
    "SetQuantity",
    """
mutation SetQuantity($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
""",
)

PAUSE = _mutation(
    "Pause",
    """
mutation Pause(
  $product: ID!
  $variants: [ProductVariantsBulkInput!]!
  $input: InventorySetQuantitiesInput!
  $key: String!
) {
  productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: false) {
    productVariants { id inventoryPolicy inventoryItem { tracked } }
    userErrors { code field message }
  }
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
""",
)
"""At 0 it sells on where the seller has said so, or where nothing is counted: both are taken back
first, and the quantity follows in the same request."""

END = _mutation(
    "End",
    """
mutation End($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { status } userErrors { field message } }
}
""",
)

ORDERS = _query(
    "Orders",
    """
query Orders($first: Int!, $after: String, $query: String!, $lines: Int!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      name
      createdAt
      updatedAt
      cancelledAt
      test
      displayFinancialStatus
      currencyCode
      taxesIncluded
      totalTaxSet { shopMoney { amount currencyCode } }
      currentTotalTaxSet { shopMoney { amount currencyCode } }
      totalRefundedSet { shopMoney { amount currencyCode } }
      totalRefundedShippingSet { shopMoney { amount currencyCode } }
      refunds(first: 10) { createdAt }
      transactions(first: 10) {
        kind
        status
        fees { amount { amount currencyCode } taxAmount { amount currencyCode } }
      }
      lineItems(first: $lines) { ...Lines }
    }
  }
}
"""
    + _LINES,
)

MORE_LINES = _query(
    "MoreLines",
    """
query MoreLines($id: ID!, $after: String!) {
  order(id: $id) { lineItems(first: 100, after: $after) { ...Lines } }
}
"""
    + _LINES,
)

ALL = (
    OPEN,
    DEFINE,
    FIND,
    FIND_BY_ID,
    MARK,
    CREATE,
    PUBLISH,
    SET_PRICE,
    SET_QUANTITY,
    PAUSE,
    END,
    ORDERS,
    MORE_LINES,
)
