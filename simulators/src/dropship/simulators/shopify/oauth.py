"""The client-credentials grant: a token for a day, no refresh token, a new one for the asking."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from dropship.simulators.wire.messages import Reply, Request, json_reply

Standing = Literal["good", "unknown", "expired", "revoked"]


@dataclass(slots=True)
class Token:
    """`told`: a caller has heard that it is revoked."""

    ends_at: float
    revoked: bool = False
    told: bool = False


@dataclass(slots=True)
class Keys:
    """Who may come in. `now` is given by the caller: real or virtual seconds, as the shop wants."""

    client_id: str
    client_secret: str
    scopes: tuple[str, ...]
    life_s: float
    installed: bool = True
    granted: int = 0
    tokens: dict[str, Token] = field(default_factory=dict)

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
        self.tokens[text] = Token(now + self.life_s)
        scope = ",".join(self.scopes)
        return json_reply({"access_token": text, "scope": scope, "expires_in": int(self.life_s)})

    def secrets_known(self) -> list[str]:
        return [self.client_secret, *self.tokens]


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
