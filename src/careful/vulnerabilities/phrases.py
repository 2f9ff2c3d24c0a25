"""Ranges in words, as many CVE records carry them where a version should stand: `<= 9.3.0`, `before 7.83.1`; pure.

Only what can mean one thing is read. Everything else (`n/a`, `various`, `Fixed in 7.83.1`, which leaves open since
when) raises ValueError and is for a person to check. Where words leave open whether the bound is affected, it is.
"""

import re

from careful.vulnerabilities.ranges import Range

_LONGEST = 200
_VERSION = r"v?\d[0-9A-Za-z._+~*-]*"
_ALL = re.compile(r"(?:all(?: (?:the )?versions?)?|any(?: versions?)?|every version|\*)", re.IGNORECASE)
_SIGNS = re.compile(rf"(<=|>=|<|>|=|≤|≥)\s*({_VERSION})\s*(?:$|,\s*|&+\s*|and\s+|\s)", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"(?:versions?\s+|from\s+)*({_VERSION})\s+(?:[-\u2013]|to|through|thru|until|up to)\s+({_VERSION})", re.IGNORECASE
)
_TO = re.compile(
    rf"(?:(?:all |any )?(?:versions?\s+)?(?:up to(?:,? and including)?|through)\s+(?:versions?\s+)?({_VERSION})"
    rf"|(?:versions?\s+)?({_VERSION})\s*(?:,|\()?\s*(?:and|or|&)\s+(?:all )?"
    rf"(?:earlier|below|prior|previous|older|lower|before)(?:\s+(?:versions?|releases?))?\)?)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?:all |any )?(?:versions?\s+)?(?:before|prior to|earlier than|lower than|below|older than|less than)"
    rf"\s+(?:versions?\s+)?({_VERSION})",
    re.IGNORECASE,
)
_FROM = re.compile(
    rf"(?:versions?\s+)?({_VERSION})\s+(?:and|or)\s+(?:later|above|newer|higher|after)(?:\s+(?:versions?|releases?))?",
    re.IGNORECASE,
)
_WORDS = ((_BETWEEN, ("introduced", "last")), (_TO, ("last",)), (_BEFORE, ("fixed",)), (_FROM, ("introduced",)))
_SERIES = re.compile(r"v?(?:\d+\.)+[x*](?:\.[x*])*", re.IGNORECASE | re.ASCII)
_FIELDS = {"<": "fixed", "<=": "last", "≤": "last", ">": "after", ">=": "introduced", "≥": "introduced"}


def read(text: str) -> Range:
    """Return the range that a phrase means. Raises ValueError for what it leaves open."""
    said = " ".join(text.split())
    if not said or len(said) > _LONGEST:
        raise ValueError(f"no phrase, or one of more than {_LONGEST} characters")
    if _ALL.fullmatch(said):
        return Range()
    if said[0] in "<>=≤≥":
        return _signed(said)
    if _SERIES.fullmatch(said):
        series = re.sub(r"(\.[x*])+$", ".*", said, flags=re.IGNORECASE)
        return Range(introduced=series, last=series)
    for pattern, fields in _WORDS:
        if found := pattern.fullmatch(said):
            return Range(**dict(zip(fields, filter(None, found.groups()), strict=True)))
    raise ValueError(f"{said[:80]!r} can mean several things")


def _signed(said: str) -> Range:
    """Read `>= 1.0, < 2.0`: each side at most once."""
    values: dict[str, str] = {}
    at = 0
    while at < len(said):
        found = _SIGNS.match(said, at)
        if not found:
            raise ValueError(f"{said[at : at + 80]!r} is no comparison with a version")
        fields = ("introduced", "last") if found[1] == "=" else (_FIELDS[found[1]],)
        for field in fields:
            if field in values:
                raise ValueError(f"{said[:80]!r} sets one bound twice")
            values[field] = found[2]
        at = found.end()
    if {"fixed", "last"} <= set(values) or {"introduced", "after"} <= set(values):
        raise ValueError(f"{said[:80]!r} sets one bound twice")
    return Range(**values)
