"""The client-credentials grant: a token for a day, no refresh token, a new one for the asking."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from dropship.simulators.wire.messages import Reply, Request, json_reply

Standing = Literal["good", "unknown", "expired", "revoked"]


FIRST_APP = 4_100_001


@dataclass(slots=True)
class Token:
    """`app` is the one it was granted to; `told`: a caller has heard that it is revoked."""

    ends_at: float
    app: int
    revoked: bool = False
    told: bool = False


@dataclass(slots=True)
class Keys:
    """Who may come in. `now` is given by the caller: real or virtual seconds, as the shop wants.

    One app is installed at a time; each client id is another app, and has its own for good.
    """

    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    life_s: float
    installed: bool = True
    granted: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)
    _apps: dict[str, int] = field(init=False, default_factory=dict)
    _secrets: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.install(self.client_id, self.client_secret)

    @property
    def app(self) -> int:
        """The number of the app that is installed."""
        return self._apps[self.client_id]

    def install(self, client_id: str, client_secret: str) -> None:
        """From now on this one comes in. Another app's tokens are good no more."""
        if client_id != self.client_id:
            self.revoke()
            self.installed = True
        self.client_id, self.client_secret = client_id, client_secret
        self._apps.setdefault(client_id, FIRST_APP + len(self._apps))
        self._secrets.add(client_secret)

    def app_of(self, written: str) -> int:
        """The app that a token was granted to."""
        return self.tokens[written].app

    def standing(self, written: str, now: float) -> Standing:
        token = self.tokens.get(written)
        if token is None:
            return "unknown"
        if token.revoked:
            return "revoked"
        return "good" if now < token.ends_at else "expired"

    def revoke(self, written: str | None = None) -> None:
        """This token, or all there are."""
        for text, token in self.tokens.items():
            token.revoked |= written in {None, text}

    def grant(self, request: Request, now: float) -> Reply:
        wish = _wish(request)
        if wish is None or not wish.get("client_id") or not wish.get("client_secret"):
            return _no(400, "invalid_request", "Could not read client_id and client_secret.")
        if wish.get("grant_type") != "client_credentials":
            return _no(400, "unsupported_grant_type", "This app takes client_credentials only.")
        if wish["client_id"] != self.client_id:
            return _no(401, "application_cannot_be_found", "No application has this client_id.")
        if wish["client_secret"] != self.client_secret:
            return _no(401, "invalid_client", "The client could not be authenticated.")
        if not self.installed:
            return _no(400, "shop_not_permitted", "The app is not installed on this shop.")
        self.granted += 1
        text = f"shpat_{secrets.token_hex(16)}"
        self.tokens[text] = Token(now + self.life_s, self.app)
        scope = ",".join(self.scopes)
        return json_reply({"access_token": text, "scope": scope, "expires_in": int(self.life_s)})

    def secrets_known(self) -> list[str]:
        """Every client secret there ever was, and every token."""
        return [*sorted(self._secrets), *self.tokens]


def _wish(request: Request) -> dict[str, Any] | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json":
            wish = msgspec.json.decode(request.body)
            return wish if isinstance(wish, dict) else None
        return dict(parse_qsl(request.body.decode()))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _no(status: int, error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, status)
