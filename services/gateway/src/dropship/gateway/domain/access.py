"""Who may do what: a route asks for one scope, a caller brings some."""

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """What a route asks for.

    `public` asks for nobody in particular, `session` for a user who has signed in. `account` is
    about who else may ask: no API key has these two, so a stolen key can make itself no other.
    """

    public = "public"
    session = "session"
    read = "read"
    write = "write"
    account = "account"


class Role(StrEnum):
    """What a user is in a tenant."""

    owner = "owner"
    editor = "editor"
    viewer = "viewer"


OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.owner: frozenset({Scope.session, Scope.read, Scope.write, Scope.account}),
    Role.editor: frozenset({Scope.session, Scope.read, Scope.write}),
    Role.viewer: frozenset({Scope.session, Scope.read}),
}
OF_KEYS = frozenset({Scope.read, Scope.write})
"""All that an API key can ever do."""


def scopes_of_user(role: str) -> frozenset[Scope]:
    """What a signed-in user may do. A role that nobody knows may do nothing."""
    return OF_ROLE[Role(role)] if role in set(Role) else frozenset()


def scopes_of_key(granted: list[str], role: str) -> frozenset[Scope]:
    """What an API key may do: never more than whoever made it may do now."""
    return frozenset(map(Scope, OF_KEYS & set(granted))) & scopes_of_user(role)
