"""Ids that sort by nothing and tell nothing: 64 random bits as 13 letters and digits."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_LENGTH = 13


def new_id() -> str:
    """Return a fresh id, safe in a URL, a file name and a spoken sentence."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
