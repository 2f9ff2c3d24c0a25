"""Between which versions lies all that a row calls affected? As bytes that an index of a database can compare; pure.

It is a coarse first question, asked of an index: what lies outside is surely none of the row's affected versions, and
what lies inside is weighed with care (`deciding.in_range`). What cannot be read has no bounds, so it is never left out.
"""

import re
from functools import lru_cache

from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.record import Affected
from careful.vulnerabilities.ranges import Range, bounds, key_of_tag

Hull = tuple[bytes, bytes]
"""The lowest and the highest, both of it."""

FIRST, LAST = b"", b"\xff"
ANYTHING: Hull = (FIRST, LAST)
NOTHING: Hull = (LAST, FIRST)
_TAIL = re.compile(r"-(?=r?\d+$|[a-z])", re.ASCII | re.IGNORECASE)


def hull(one: Affected) -> Hull:
    """Return between which versions all that the row calls affected lies, or may lie."""
    if not one.versions and not one.ranges:
        return NOTHING if one.fine else ANYTHING  # one that names no version may mean any
    return _between(one.scheme, one.versions, one.ranges)


@lru_cache(maxsize=256)
def _between(scheme: str, listed: tuple[str, ...], ranges: tuple[Range, ...]) -> Hull:
    """Return the ends of versions and ranges; a record says the same of a product under each of its names."""
    lows: list[bytes] = []
    highs: list[bytes] = []
    try:
        spans = [bounds(each, scheme) for each in ranges]
    except ValueError:
        return ANYTHING
    for span in spans:
        if span is None:
            return ANYTHING  # it is upside down: whom it means is for a person
        lows.append(versions.blobs.blob(span.low) if span.low is not None else FIRST)
        highs.append(versions.blobs.blob(span.high) if span.high is not None else LAST)
    keys = [key for name in listed if (key := key_of_tag(scheme, name)) is not None]
    if listed and not keys:
        return ANYTHING
    ends = {versions.blobs.blob(key) for key in (min(keys), max(keys))} if keys else set()
    return min([*lows, *ends]), max([*highs, *ends])


def place(scheme: str, version: str) -> Hull:
    """Return where a version lies among those of a scheme: anywhere, where the scheme cannot read it.

    One with a builder's revision (1.2.3-r1) lies where it may be 1.2.3 as well.
    """
    try:
        keys = [versions.blob(scheme, version)]
    except ValueError:
        return ANYTHING
    for tail in _TAIL.finditer(version):
        try:
            keys.append(versions.blob(scheme, version[: tail.start()]))
        except ValueError:
            continue
    return min(keys), max(keys)
