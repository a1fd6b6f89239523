"""What an e-mail address is to us: enough to be one account, no more."""

import unicodedata

ADDRESS_PATTERN = r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f.]+(\.[^@\s\x00-\x1f\x7f.]+)+$"
ADDRESS_LENGTH_MAX = 254


def same_address(email: str) -> str:
    """The one spelling under which an address is an account.

    Case is dropped on both sides of the @: no mailbox in use tells them apart, and people do not.
    """
    return unicodedata.normalize("NFC", email).lower()
