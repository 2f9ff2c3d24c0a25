"""The order of versions: `1.10.0` is newer than `1.9.1`, and `1.0.0-rc1` older than `1.0.0`.

The rules are those of Semantic Versioning 2.0.0 (section 11), for one to six numbers, missing ones read as 0. Whatever
does not fit has no order, and what has no order is never newer: a device would refuse it for the same reason.
"""

import re

_FORM = re.compile(r"v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,5})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?")
_NUMBERS = 6

Key = tuple[tuple[int, ...], tuple[tuple[int, int, str], ...]]


def key(version: str) -> Key | None:
    """Return what sorts versions, or None where `version` has no order."""
    found = _FORM.fullmatch(version)
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    numbers += [0] * (_NUMBERS - len(numbers))
    if found[2] is None:
        return tuple(numbers), ((2, 0, ""),)  # a release stands behind all of its pre-releases
    parts = found[2].split(".")
    return tuple(numbers), tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)


def is_newer(version: str, than: str) -> bool:
    """Tell whether `version` is surely newer than `than`."""
    one, other = key(version), key(than)
    return one is not None and other is not None and one > other
