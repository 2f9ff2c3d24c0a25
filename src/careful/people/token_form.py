"""The form of an API token: a prefix and a checksum by which secret scanners know a leaked one without asking anybody.

    careful_ <43 characters of base 62: 256 random bits> <6 characters of base 62: CRC-32 of those 43>

It is the form that GitHub gives its own tokens, so scanners have what it takes. The checksum is no protection: it only
tells a token from a word that looks like one, and lets us refuse the latter without looking anything up.
"""

import re
import secrets
import zlib

PREFIX = "careful_"
PATTERN = r"careful_[0-9A-Za-z]{49}"
"""For scanners; `is_token` then compares the checksum."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 43, 6
_TOKEN = re.compile(PATTERN)
_BEFORE = re.compile(r"careful_[0-9A-Za-z_-]{43}")


def new_token() -> str:
    """Return a fresh token."""
    body = _base62(secrets.randbits(256), _RANDOM)
    return PREFIX + body + _checksum(body)


def is_token(text: str) -> bool:
    """Tell whether this has the form of a token, its checksum with it."""
    if _TOKEN.fullmatch(text) is None:
        return False
    body = text[len(PREFIX) : -_CHECK]
    return _checksum(body) == text[-_CHECK:]


def may_be_token(text: str) -> bool:
    """Tell whether it is worth looking up: a token, or one of those made before tokens had a checksum."""
    return is_token(text) or _BEFORE.fullmatch(text) is not None


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, _DIGITS[0])
