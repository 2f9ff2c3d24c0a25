"""Passwords: what we take, and how they are kept.

A password never opens anything alone (TOTP always stands beside it), so NIST SP 800-63B-4, 3.1.1.2, would take eight
characters; we take 12 to 128, counted as code points after NFKC, as it says, and urge 15. No rules of composition, no
forced change, no hints. Refused are those that everybody tries first (zxcvbn's list), those on a list of breached ones
that the maker may give, and those made of the person's own words. Kept as argon2id over an HMAC with a key that is not
in the database. Hashing takes 64 MiB, so only a few run at once: more would be a way to exhaust memory.
"""

import hashlib
import hmac
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import argon2

from careful.kernel.errors import Invalid, TooMany
from careful.people.breached import is_breached

MIN_LENGTH = 12
MAX_LENGTH = 128
_LONGEST_KEPT = 1024  # what was taken once, when more was taken, still opens
_SCORED = 72  # zxcvbn raises above this; the cut is for scoring only, never for hashing
_MIN_SCORE = 2
_MIN_OWN_WORD = 3
_LEFT = 8  # what has to be left of a password without the words that are known of its owner
_AT_ONCE = 2
_WAITING = 8  # each holds a thread that pages need too
_WAIT_SECONDS = 10

_hasher = argon2.PasswordHasher()  # RFC 9106, second recommended option: 64 MiB, t=3, p=4
_slots = threading.BoundedSemaphore(_AT_ONCE)
_places = threading.BoundedSemaphore(_AT_ONCE + _WAITING)


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 (12 MB that only setting a password needs)

    return frozenset(FREQUENCY_LISTS["passwords"])


def check(password: str, own_words: Iterable[str], breached: Path | None = None) -> None:
    """Raise Invalid when the password is too short or long, common, breached, or is mostly own words.

    Raises Unavailable when the list `breached` is named and cannot be read.
    """
    typed = unicodedata.normalize("NFKC", password)
    if len(typed) < MIN_LENGTH:
        raise Invalid(
            f"The password has {len(typed)} characters; it needs {MIN_LENGTH}.",
            do="Take a sentence of 15 characters or more; spaces are fine.",
            where="password",
        )
    if any(unicodedata.category(sign) == "Cs" for sign in typed):
        raise Invalid("The password holds half a character.", do="Type it again.", where="password")
    if len(typed) > MAX_LENGTH:
        raise Invalid(
            f"The password has {len(typed)} characters; it takes {MAX_LENGTH} at most.",
            do="Take fewer.",
            where="password",
        )
    folded = typed.casefold()
    if folded in _common():
        raise Invalid(
            "That password is one of the 30,000 that everybody tries first.",
            do="Take a sentence of your own.",
            where="password",
        )
    if breached is not None and (is_breached(breached, password) or is_breached(breached, typed)):
        raise Invalid(
            "That password was in a breach, so it is on the lists that are tried.",
            do="Take a sentence of your own, and change it wherever else you use it.",
            where="password",
        )
    words = _own(own_words)
    rest = folded
    for word in words:
        rest = rest.replace(word, "")
    if len(rest) < _LEFT and rest != folded:
        raise Invalid(
            "That password is mostly a name that belongs to you, your product or this site.",
            do="Take a sentence that does not lean on it.",
            where="password",
        )
    from zxcvbn import zxcvbn  # noqa: PLC0415 (the same)

    if zxcvbn(folded[:_SCORED], user_inputs=words)["score"] < _MIN_SCORE:
        raise Invalid("That password is easy to guess.", do="Add another uncommon word or two.", where="password")


def hash_password(password: str, pepper: bytes) -> str:
    """Return the string to store. Raises TooMany when too many are hashing already."""
    with _slot():
        return _hasher.hash(_keyed(password, pepper))


def verify_password(stored: str | None, password: str, pepper: bytes) -> bool:
    """Tell whether it is the password; for an account without one, spend the same time and say no."""
    keyed = _keyed(password[: _LONGEST_KEPT + 1], pepper)
    with _slot():
        try:
            return _hasher.verify(stored or _decoy(), keyed) and stored is not None
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


@cache
def _decoy() -> str:
    return _hasher.hash(b"nobody's password")


def _keyed(password: str, pepper: bytes) -> bytes:
    return hmac.digest(pepper, unicodedata.normalize("NFKC", password).encode(errors="replace"), hashlib.sha256)


def _own(words: Iterable[str]) -> list[str]:
    folded = {part for word in words for part in _parts(word)}
    return sorted(folded, key=lambda word: (-len(word), word))  # longest first, so that parts do not hide wholes


def _parts(word: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", word).casefold()
    letters = "".join(sign if sign.isalnum() else " " for sign in folded)
    return {part for part in (*letters.split(), letters.replace(" ", "")) if len(part) >= _MIN_OWN_WORD}


@contextmanager
def _slot() -> Iterator[None]:
    crowded = TooMany("Too many people sign in at this moment.", retry_after=_WAIT_SECONDS)
    if not _places.acquire(blocking=False):
        raise crowded
    try:
        if not _slots.acquire(timeout=_WAIT_SECONDS):
            raise crowded
        try:
            yield
        finally:
            _slots.release()
    finally:
        _places.release()
