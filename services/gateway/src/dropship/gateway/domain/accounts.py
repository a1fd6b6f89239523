"""What an e-mail address is to us: enough to be one account, no more."""

import unicodedata

_CHARACTER = r"[^@\x00-\x20\x7f-\xa0]"
_LABEL = r"[^@.\x00-\x20\x7f-\xa0]+"
ADDRESS_PATTERN = rf"^{_CHARACTER}{{1,64}}@{_LABEL}(\.{_LABEL})+$"
ADDRESS_LENGTH_MAX = 254


def same_address(email: str) -> str:
    """The one spelling under which an address is an account.

    Case is dropped on both sides of the @: no mailbox in use tells them apart, and people do not.
    """
    return unicodedata.normalize("NFC", email).lower()
