"""Versions as the projects themselves write them, most of them in C, as sortable keys; pure.

Sources: OpenSSL's release strategy (letters); the Linux kernel's own names; RFC 3339 for moments; the VERS
specification for `intdot` and `lexicographic`. For all the rest there is no rule: `generic` is ours.
"""

import re
from datetime import datetime, timedelta

from careful.vulnerabilities.versions.blobs import Key

_OPENSSL = re.compile(
    r"(\d+)\.(\d+)\.(\d+)(?:-?(alpha|beta|pre|dev|rc)(\d*))?([a-z]{0,4})(?:-(?:fips|dev))?(?:\+[a-z0-9.]+)?", re.ASCII
)
_KERNEL = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-rc(\d+))?(?:[-+~_][\w.+~-]*)?", re.ASCII)
_GENERIC = re.compile(r"[0-9][0-9a-z.,_:~^+-]*", re.ASCII)
_COMMIT = re.compile(r"(?=.{7,64}$)\d+[a-f]+(?:\d+[a-f]+)+\d*", re.ASCII)
_PARTS = re.compile(r"\d+|[a-z]+|~", re.ASCII)
_DAY = re.compile(
    r"((?:19|20)\d\d)([-._]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:t?(\d\d):?(\d\d)(?::?(\d\d))?z?)?(?!\d)", re.ASCII
)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INTDOT = re.compile(r"(\d+(?:\.\d+)*)(?:[^0-9.].*)?", re.ASCII)
_PRE_WORDS = {"dev": -6, "pre": -5, "preview": -5, "alpha": -4, "beta": -3, "rc": -1}
_PRE_LETTERS = {"a": -4, "b": -3, "c": -1}  # only before a number: 2.0b1 is a beta, jpeg's 6b is a release
_TILDE = -7
_NUMBER, _WORD, _END = 2, 1, (0, 0, "")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def openssl(text: str) -> Key:
    """OpenSSL: 1.0.2 < 1.0.2a < ... < 1.0.2z < 1.0.2za; pre-releases before."""
    found = _OPENSSL.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no OpenSSL version")
    pre = (_PRE_WORDS[found[4]], int(found[5] or 0)) if found[4] else (0, 0)
    return (int(found[1]), int(found[2]), int(found[3]), *pre, found[6])


def kernel(text: str) -> Key:
    """Linux: numbers, -rc before the release; what a builder appends (-yocto-standard, -amd64) does not count."""
    found = _KERNEL.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no Linux version")
    rc = (0, int(found[5])) if found[5] else (1, 0)
    return (*(int(part or 0) for part in found.groups()[:4]), *rc)


def generic(text: str) -> Key:
    """Versions of C projects: numbers compare as numbers, 1.10 > 1.9; rc, beta and the like sort before the end.

    Zeros at the end of a run of numbers do not count (1.0 is 1), nor does what follows a plus sign. A letter after a
    number is a later release (6b > 6, 9.8p1 > 9.8) unless it is a, b or c before another number (2.0b1 < 2.0). A day
    in front is one however it is written: 20240115 is 2024-01-15. A tilde sorts before the end (1.0~20240101 < 1.0).
    A commit (66259cd21dc6) is no version: nothing lies before or after it.
    """
    low = text.strip().lower().removeprefix("v")
    if not _GENERIC.fullmatch(low) or _COMMIT.fullmatch(low):
        raise ValueError(f"{text!r} is no version of numbers")
    if low[:2] in {"19", "20"} and (day := _DAY.match(low)):
        low = ".".join(filter(None, day.group(1, 3, 4, 5, 6, 7))) + low[day.end() :]
    parts = _PARTS.findall(low.partition("+")[0])
    key: list[tuple[int, int, str]] = []
    for at, one in enumerate(parts):
        if one.isdecimal():
            key.append((_NUMBER, int(one), ""))
            continue
        following = parts[at + 1] if at + 1 < len(parts) else ""
        if one == "~" and following in _PRE_WORDS:
            continue  # 1.0~rc1 is 1.0-rc1
        while key and key[-1] == (_NUMBER, 0, ""):
            key.pop()
        key.append(_word(one, following))
    while key and key[-1] == (_NUMBER, 0, ""):
        key.pop()
    return (*key, _END)


def _word(one: str, following: str) -> tuple[int, int, str]:
    if one == "~":
        return (-1, _TILDE, "")
    order = _PRE_WORDS.get(one) or (_PRE_LETTERS.get(one) if following.isdecimal() else None)
    return (_WORD, 0, one) if order is None else (-1, order, "")


def date(text: str) -> Key:
    """Days, 2024-01-15 or 20240115, with whatever follows in the generic order."""
    if not _DAY.match(text.strip().lower()):
        raise ValueError(f"{text!r} is no date")
    return generic(text)


def moment(text: str) -> Key:
    """RFC 3339 timestamps with upper-case T and Z, compared as moments in time."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no RFC 3339 timestamp")
    seconds = int(found[2])
    leap = seconds == 60  # noqa: PLR2004 (RFC 3339 section 5.7: a leap second)
    at = datetime.fromisoformat(f"{found[1]}{'59' if leap else found[2]}{found[4].replace('Z', '+00:00')}")
    return ((at - _EPOCH) // timedelta(seconds=1) + leap, (found[3] or "").rstrip("0"))


def intdot(text: str) -> Key:
    """Numbers and dots alone; what follows them does not count."""
    found = _INTDOT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no version of numbers")
    return tuple(int(one) for one in found[1].split("."))


def lexicographic(text: str) -> Key:
    """Order by the text's code points, which is the order of its UTF-8, not normalised."""
    return (text,)
