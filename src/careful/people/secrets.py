"""Random secrets that are shown once and kept only as a digest.

Everything made here has at least 112 bits, so a plain SHA-256 is enough to keep it (OWASP ASVS 5.0, 6.5.2): there is
nothing to guess that a slow hash would slow down.
"""

import hashlib
import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0", "u": "v"})
_GROUPS, _GROUP = 4, 6


def new_secret() -> str:
    """Return 256 random bits, safe in a URL and a cookie."""
    return secrets.token_urlsafe(32)


def new_recovery_code() -> str:
    """Return 120 random bits in four groups that a person can copy from paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def read_recovery_code(typed: str) -> str | None:
    """Return what was typed in the form we hash (case, spaces, dashes and misread letters mended), else None."""
    plain = re.sub(r"[\s-]", "", typed).lower().translate(_MISREAD)
    if len(plain) != _GROUPS * _GROUP or any(sign not in _ALPHABET for sign in plain):
        return None
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret as 64 hex digits, the only form that is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_bytes(count: int) -> bytes:
    """Return random bytes, for handles that say nothing about a person."""
    return secrets.token_bytes(count)


def digest_bytes(value: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hex digits."""
    return hashlib.sha256(value).hexdigest()
