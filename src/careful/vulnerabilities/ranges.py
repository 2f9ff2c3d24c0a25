"""Is a version in a range? Yes, no, or for a person to check; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from careful.vulnerabilities import versions

Hit = Literal["yes", "no", "check"]
_FIRST = {"", "0", "-"}


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


def holds(one: Range, version: str, scheme: str) -> Hit:
    """Tell whether `version` lies in the range; what cannot be read is for a person to check."""
    if one.is_open:
        return "yes"
    try:
        if _is_empty(one, scheme):
            return "check"
        return "yes" if _lies_in(one, versions.key(scheme, version), scheme) else "no"
    except ValueError:
        return "check"


def _is_empty(one: Range, scheme: str) -> bool:
    start = one.after or ("" if one.introduced in _FIRST else one.introduced)
    if not start or not (one.fixed or one.last):
        return False
    first = versions.key(scheme, start)
    if one.fixed:
        return versions.key(scheme, one.fixed) <= first
    last = versions.key(scheme, one.last)
    return last <= first if one.after else last < first


def _lies_in(one: Range, wanted: versions.Key, scheme: str) -> bool:
    if one.introduced not in _FIRST and wanted < versions.key(scheme, one.introduced):
        return False
    if one.after and wanted <= versions.key(scheme, one.after):
        return False
    if one.fixed:
        return wanted < versions.key(scheme, one.fixed)
    return not one.last or wanted <= versions.key(scheme, one.last)


def first_fix(ranges: Sequence[Range], version: str, scheme: str) -> str:
    """Return the fixed version of the range that holds `version`, or ""."""
    return next((one.fixed for one in ranges if one.fixed and holds(one, version, scheme) == "yes"), "")
