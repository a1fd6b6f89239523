"""One POST to Shopify: the token's grant, or one GraphQL document with its answer read and judged.

Nothing is retried here and nothing follows a redirect. No exception text holds a token, a secret or
anything of the answer's data.
"""

from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from dropship.runtime.egress import Egress, EgressError, RefusedAddress, Response
from dropship.syncer.adapters.errors import (
    AuthRevoked,
    Invalid,
    ScopeMissing,
    Unavailable,
)
from dropship.syncer.adapters.port import Access, Credentials, Token
from dropship.syncer.adapters.shopify_answers import Answer, Grant
from dropship.syncer.adapters.shopify_budget import Budget
from dropship.syncer.adapters.shopify_documents import API_VERSION, Document
from dropship.syncer.adapters.shopify_faults import (
    ILL_S,
    doubt,
    of_errors,
    of_status,
)

TIMEOUT_S = 8.0
ANSWER_BYTES = 2 << 20
GRANT_BYTES = 64 << 10
SCOPES = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_publications",
    "write_publications",
)
"""What the seller's app must have been given; writing includes reading. Orders are not among them:
Shopify guards them by an approval of its own, and a store must be paused without it, too."""

_NEVER_SENT = frozenset(
    {
        "it does not accept connections",
        "its name does not resolve",
        "its name has no address",
        "its name took too long to resolve",
    }
)
"""Reasons of the egress that rule out that anything left; any other one leaves doubt."""

_answer = msgspec.json.Decoder(Answer)
_grant = msgspec.json.Decoder(Grant)
T = TypeVar("T")


class Client:
    """The way to all stores of one app; `address` has ``{shop}`` where the account goes."""

    def __init__(self, egress: Egress, address: str) -> None:
        self._egress = egress
        self._address = address
        self._budget = Budget()

    async def grant(self, account: str, credentials: Credentials, at: datetime) -> Token:
        """The client-credentials grant. It changes nothing, so a lost answer is no doubt."""
        body = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
            }
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await self._post(account, "/admin/oauth/access_token", headers, body.encode())
        _judge_grant(answer)
        try:
            granted = _grant.decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unavailable("the token answer cannot be read", after_s=ILL_S) from None
        scopes = tuple(filter(None, (part.strip() for part in granted.scope.split(","))))
        _require(scopes)
        return Token(granted.access_token, at + timedelta(seconds=granted.expires_in), scopes)

    async def send(
        self, access: Access, document: Document, variables: dict[str, Any], into: type[T]
    ) -> T:
        """Send one document and read its data. Raises what `errors.py` names."""
        path = f"/admin/api/{API_VERSION}/graphql.json"
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "x-shopify-access-token": access.token,
        }
        body = msgspec.json.encode({"query": document.text, "variables": variables})
        with self._budget.spending(access.store_id, document.name):
            response = await self._post(access.account, path, headers, body, writes=document.writes)
            answer = self._judged(access, document, response)
        try:
            return msgspec.json.decode(answer.data, type=into)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise doubt(document.writes, "the answer is not as described") from None

    def _judged(self, access: Access, document: Document, response: Response) -> Answer:
        """The outer shape, once the first two layers have nothing to say against it."""
        error = of_status(response.status, response.headers, writes=document.writes)
        if error is not None:
            raise error
        try:
            answer = _answer.decode(response.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise doubt(document.writes, "the answer is not JSON") from None
        if answer.cost is not None:
            self._budget.told(access.store_id, document.name, answer.cost)
        error = of_errors(answer, writes=document.writes)
        if error is not None:
            raise error
        return answer

    async def _post(
        self,
        account: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        *,
        writes: bool = False,
    ) -> Response:
        url = self._address.replace("{shop}", account) + path
        limit = ANSWER_BYTES if path.endswith("graphql.json") else GRANT_BYTES
        try:
            return await self._egress.request(
                "POST",
                url,
                headers=headers,
                body=body,
                timeout_s=TIMEOUT_S,
                max_bytes=limit,
                max_redirects=0,
            )
        except RefusedAddress as error:
            raise Unavailable(f"we do not go there: {error.reason}", after_s=60.0) from None
        except EgressError as error:
            sent = error.reason not in _NEVER_SENT
            raise doubt(writes and sent, error.reason) from None


def _judge_grant(answer: Response) -> None:
    """Credentials are refused by 400 and 401, a store that is no more by 404."""
    if answer.status in {400, 401, 404}:
        raise AuthRevoked(f"the credentials are refused (HTTP {answer.status})")
    error = of_status(answer.status, answer.headers, writes=False)
    if isinstance(error, Invalid):
        raise Unavailable(error.detail, after_s=ILL_S)
    if error is not None:
        raise error


def _require(scopes: tuple[str, ...]) -> None:
    """Shopify leaves out the reading scope where the writing one was given."""
    if not scopes:
        return
    reach = {*scopes, *(scope.replace("write_", "read_", 1) for scope in scopes)}
    missing = [scope for scope in SCOPES if scope not in reach]
    if missing:
        raise ScopeMissing(f"the app lacks {', '.join(missing)}")
