"""Ranges of versions as VERS writes them, `vers:npm/>=1.0.0|<2.0.0`; pure.

Source: the VERS specification (version range specifier, beside ECMA-427). What is read becomes our own ranges; a
range of a type that has no order here, or with a version that cannot be read, is for a person to check.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from careful.vulnerabilities import versions
from careful.vulnerabilities.ranges import Hit, Range, bounds, holds

Comparator = Literal["=", "!=", "<", "<=", ">", ">="]
_LONGEST, _MOST = 20_000, 2_000
_TYPE = re.compile(r"[a-z][a-z0-9.+-]*", re.ASCII)
_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?([^<>=!*|\s]+)", re.ASCII)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)
_PLAIN = "!$&'()+,:;@~/^"
"""What a version keeps unquoted; the comparators, the pipe, the star and the percent sign are quoted."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One comparator and its version, as people write it."""

    comparator: Comparator
    version: str

    def __str__(self) -> str:
        return ("" if self.comparator == "=" else self.comparator) + quote(self.version, safe=_PLAIN)


@dataclass(frozen=True, slots=True)
class Vers:
    """A range: its type, and its constraints in the order of their versions; none means every version (`*`)."""

    type: str
    constraints: tuple[Constraint, ...]

    def __str__(self) -> str:
        return f"vers:{self.type}/{'|'.join(map(str, self.constraints)) or '*'}"

    @property
    def scheme(self) -> str:
        """Return the scheme that orders its versions, "" where there is none."""
        return versions.BY_VERS.get(self.type, "")


def parse(text: str) -> Vers:
    """Read a range in its canonical form alone. Raises ValueError that says what is not canonical."""
    found = read(text)
    if str(found) != text:
        raise ValueError(f"{text[:80]!r} is not in canonical form, which is {str(found)[:80]!r}")
    if found.scheme == "datetime":
        for one in found.constraints:
            versions.key("datetime", one.version)
    return found


def read(text: str) -> Vers:
    """Read a range in any form: spaces, constraints in any order. Raises ValueError where it is no range."""
    if len(text) > _LONGEST:
        raise ValueError(f"a range of more than {_LONGEST} characters")
    scheme, colon, rest = "".join(text.split()).partition(":")
    kind, slash, constraints = rest.partition("/")
    if scheme.lower() != "vers" or not colon or not slash:
        raise ValueError(f"{text[:80]!r} is no range of versions (vers:type/constraints)")
    kind = kind.lower()
    if not _TYPE.fullmatch(kind):
        raise ValueError(f"{kind[:80]!r} is no type of versions")
    if constraints == "*":
        return Vers(kind, ())
    return of(kind, [_constraint(one) for one in constraints.strip("|").split("|")])


def of(kind: str, constraints: Sequence[Constraint]) -> Vers:
    """Make a range of constraints, in the order of their versions. Raises ValueError for none, or too many."""
    if not constraints or len(constraints) > _MOST:
        raise ValueError(f"expected between one and {_MOST} constraints, found {len(constraints)}")
    return Vers(kind, tuple(_in_order(versions.BY_VERS.get(kind, ""), constraints)))


def contains(one: Vers, version: str) -> Hit:
    """Tell whether a version lies in the range; what cannot be read is for a person to check."""
    if one.type == "none":
        return "no"
    if not one.constraints:
        return "yes"
    if any(each.version == version for each in one.constraints if each.comparator in {"=", "<=", ">="}):
        return "yes"
    try:
        spans = ranges(one)
        hits = {holds(span, version, one.scheme) for span in spans}
    except ValueError:
        return "check"
    return "yes" if "yes" in hits else "check" if "check" in hits else "no"


def ranges(one: Vers) -> tuple[Range, ...]:
    """Return the same as our ranges, joined by *or*.

    Raises ValueError where it has no order, or where nothing can lie in it: such a range cannot be believed.
    """
    if not one.constraints:
        return (Range(),)
    if not one.scheme:
        raise ValueError(f"versions of the type {one.type!r} have no order here")
    without = [each.version for each in one.constraints if each.comparator == "!="]
    kept = _simplified([each for each in one.constraints if each.comparator != "!="])
    spans = _spans(kept) if kept else [Range()]
    for version in without:
        spans = [part for span in spans for part in _split(span, version, one.scheme)]
    if not spans or any(not span.is_open and bounds(span, one.scheme) is None for span in spans):
        raise ValueError(f"nothing can lie in {str(one)[:80]}")
    return tuple(spans)


def _constraint(text: str) -> Constraint:
    found = _CONSTRAINT.fullmatch(text)
    if not found:
        raise ValueError(f"{text[:80]!r} is no constraint (a comparator and a version)")
    if _BAD_PERCENT.search(found[2]):
        raise ValueError(f"{text[:80]!r} has a percent sign without two hexadecimal digits")
    version = unquote(found[2], errors="strict")
    comparator: Comparator = found[1] or "="  # type: ignore[assignment]  # the pattern allows no other
    return Constraint(comparator, version)


def _in_order(scheme: str, constraints: Sequence[Constraint]) -> list[Constraint]:
    """Sort by version where every version can be read, else leave the order that was given.

    Constraints on one version stay as they were: `>=2|<=2` is 2 alone, `<=2|>=2` is all.
    """
    if not scheme:
        return list(constraints)
    try:
        return sorted(constraints, key=lambda one: versions.key(scheme, one.version))
    except ValueError:
        return list(constraints)


def _simplified(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Drop what another constraint says already, so that starts and ends alternate (VERS, simplification)."""
    kept: list[Constraint] = []
    for one in constraints:
        begins = bool(kept) and kept[-1].comparator in {">", ">="}
        if begins and one.comparator in {"=", ">", ">="}:
            continue
        while one.comparator in {"<", "<="} and kept and kept[-1].comparator in {"=", "<", "<="}:
            kept.pop()
        kept.append(one)
    return kept


def _spans(constraints: Sequence[Constraint]) -> list[Range]:
    spans: list[Range] = []
    start: Constraint | None = None
    for one in constraints:
        if one.comparator == "=":
            spans.append(Range(introduced=one.version, last=one.version))
        elif one.comparator in {">", ">="}:
            start = one
        else:
            spans.append(_span(start, one))
            start = None
    return [*spans, _span(start, None)] if start else spans


def _span(start: Constraint | None, end: Constraint | None) -> Range:
    return Range(
        introduced=start.version if start and start.comparator == ">=" else "",
        after=start.version if start and start.comparator == ">" else "",
        fixed=end.version if end and end.comparator == "<" else "",
        last=end.version if end and end.comparator == "<=" else "",
    )


def _split(span: Range, version: str, scheme: str) -> list[Range]:
    """Take one version out of a range."""
    if holds(span, version, scheme) != "yes":
        return [span]
    parts = (
        Range(introduced=span.introduced, after=span.after, fixed=version),
        Range(after=version, fixed=span.fixed, last=span.last),
    )
    return [part for part in parts if bounds(part, scheme) is not None]
