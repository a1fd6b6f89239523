"""What a marketplace call can come to, besides working: each says what is known of the effect.

Throttled, Unavailable   nothing happened; later it may
AuthExpired              nothing happened; take a new token and call again
AuthRevoked, ScopeMissing, Frozen   nothing happens until the seller has acted
Invalid                  refused for what was sent; it will be refused again
Stale                    it moved since we looked: look again
NotFound                 what the call names is not there
OutcomeUnknown           sent, and no answer that tells: look before anything else
"""


class MarketplaceError(Exception):
    """A call did not do what was asked. Its text holds no secret and nothing of a buyer.

    `after_s` is when it may work, as far as the marketplace tells; `fields` are the parts of what
    was sent that it complains about, in its own words.
    """

    def __init__(
        self, detail: str = "", *, after_s: float = 0.0, fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail or type(self).__name__)
        self.detail = detail
        self.after_s = after_s
        self.fields = fields


class Throttled(MarketplaceError):
    """Too many calls: nothing happened; come back in `after_s`."""


class Unavailable(MarketplaceError):
    """The marketplace is ill and says that nothing happened, or was only being read."""


class AuthExpired(MarketplaceError):
    """The token is not taken any more."""


class AuthRevoked(MarketplaceError):
    """The credentials are not taken any more: only the seller can help."""


class ScopeMissing(MarketplaceError):
    """The seller has not granted what this call needs."""


class Frozen(MarketplaceError):
    """The marketplace has frozen, locked or closed the store."""


class Invalid(MarketplaceError):
    """The marketplace refuses what was sent, for good."""


class Stale(MarketplaceError):
    """The listing is not as it was seen: somebody bought one, or changed it."""


class NotFound(MarketplaceError):
    """There is no such thing there."""


class OutcomeUnknown(MarketplaceError):
    """The request left and no telling answer came: it may have happened."""
