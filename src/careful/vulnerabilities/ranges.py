"""Is a version in a range? Yes, no, or for a person to check; pure.

A bound may be open at its end: 5.10.* (or 5.10.x) as the last version means every 5.10, and what cannot be read, ends
before it begins, or was repackaged from the last affected version is for a person to check.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from careful.vulnerabilities import versions

Hit = Literal["yes", "no", "check"]
_FIRST = {"", "0", "-"}
_OPEN = re.compile(r"(v?(?:\d+\.)*\d+)\.(?:\*|x)", re.ASCII | re.IGNORECASE)
_REPACKAGED = re.compile(r"-(?:r?\d+$|[a-z])", re.ASCII | re.IGNORECASE)
_LOOSE = frozenset({"generic", "date"})


@dataclass(frozen=True, slots=True)
class Range:
    """From `introduced` (empty or "0": from the first) to before `fixed`, or to `last` inclusive, or without end.

    `after` is exclusive: a range that starts past a version. A range that ends where it starts, or before, says
    nothing that can be believed: it is for a person to check (CVE-2023-38545 was published as 8.4.0 to before 8.4.0).
    """

    introduced: str = ""
    fixed: str = ""
    last: str = ""
    after: str = ""

    def __str__(self) -> str:
        start = f"({self.after}" if self.after else f"[{self.introduced or '0'}"
        return f"{start}, {self.fixed})" if self.fixed else f"{start}, {self.last}]" if self.last else f"{start}, …)"

    @property
    def is_open(self) -> bool:
        """Tell whether it covers every version."""
        return self.introduced in _FIRST and not (self.fixed or self.last or self.after)


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range as keys: from `low` to `high`, each with whether it lies in the range itself; None is without end."""

    low: versions.Key | None
    low_in: bool
    high: versions.Key | None
    high_in: bool

    def hold(self, key: versions.Key) -> bool:
        """Tell whether a key lies between the bounds."""
        if self.low is not None and (key < self.low or (key == self.low and not self.low_in)):
            return False
        return self.high is None or key < self.high or (self.high_in and key == self.high)


@lru_cache(maxsize=65_536)
def bounds(one: Range, scheme: str) -> Bounds | None:
    """Return the range as keys (for an index of a database: `versions.blob`), None where nothing can lie in it.

    Raises ValueError for a bound that the scheme cannot read.
    """
    start = one.after or ("" if one.introduced in _FIRST else one.introduced)
    low = versions.key(scheme, _opened(start, scheme, after=bool(one.after))) if start else None
    low_in = not one.after or _opened(start, scheme, after=True) != start
    end = one.fixed or one.last
    closed = _opened(end, scheme, after=not one.fixed) if end else ""
    high = versions.key(scheme, closed) if end else None
    high_in = not one.fixed and closed == end
    empty = low is not None and high is not None and (high < low or (high == low and not (low_in and high_in)))
    return None if empty else Bounds(low, low_in, high, high_in)


def holds(one: Range, version: str, scheme: str) -> Hit:
    """Tell whether `version` lies in the range; what cannot be read is for a person to check."""
    if one.is_open:
        return "yes"
    if not can_be_read(version, scheme):
        return "check"
    try:
        span = bounds(one, scheme)
        if span is None:
            return "no" if _is_past(one, version, scheme) else "check"
        if span.hold(versions.key(scheme, version)):
            return "yes"
    except ValueError:
        return "check"
    return "check" if _is_repackaged(version, one.last, scheme) else "no"


@lru_cache(maxsize=4096)
def can_be_read(version: str, scheme: str) -> bool:
    """Tell whether a scheme has a place for a version; asked once for the thousands of ranges of a product."""
    try:
        versions.key(scheme, version)
    except ValueError:
        return False
    return True


def _is_past(one: Range, version: str, scheme: str) -> bool:
    """Tell whether a version comes after both ends of a range that is upside down: no reading of it holds that."""
    ends = (one.introduced or one.after, one.fixed or one.last)
    return versions.key(scheme, version) > max(versions.key(scheme, end) for end in ends)


def listed(names: Collection[str], version: str, scheme: str) -> Hit:
    """Tell whether `version` is among versions or tags of a repository that an advisory lists one by one.

    What cannot be compared with any of them is for a person to check.
    """
    if version in names:
        return "yes"
    try:
        wanted = versions.key(scheme, version)
    except ValueError:
        return "check" if names else "no"
    keys = _keys(names if isinstance(names, tuple) else tuple(names), scheme)
    if wanted in keys:
        return "yes"
    return "no" if keys or not names else "check"


def first_fix(ranges: Sequence[Range], version: str, scheme: str) -> str:
    """Return the fixed version of the range that holds `version`, or ""."""
    return next((one.fixed for one in ranges if one.fixed and holds(one, version, scheme) == "yes"), "")


@lru_cache(maxsize=4096)
def _keys(names: tuple[str, ...], scheme: str) -> frozenset[versions.Key]:
    """Return the keys of those that can be read, as versions or as tags."""
    return frozenset(key for name in names if (key := key_of_tag(scheme, name)) is not None)


def key_of_tag(scheme: str, name: str) -> versions.Key | None:
    """Return the key of a version, or of the tag that a repository gave it, None where neither can be read."""
    for text in (name, versions.version_of_tag(name)):
        try:
            return versions.key(scheme, text)
        except ValueError:
            continue
    return None


def _opened(text: str, scheme: str, *, after: bool) -> str:
    """Return the first version of 5.10.*, or the first `after` it; any other text as it is."""
    found = _OPEN.fullmatch(text)
    if not found:
        return text
    head, dot, final = found[1].rpartition(".")
    return versions.floor(scheme, f"{head}{dot}{int(final.removeprefix('v')) + after}")


def _is_repackaged(version: str, last: str, scheme: str) -> bool:
    """Tell whether it is the last affected version with a builder's revision (1.2.3-r1): that is no later release."""
    if not last or scheme not in _LOOSE or not version.startswith(last):
        return False
    return bool(_REPACKAGED.match(version, len(last)))
