"""What every reader of SBOMs gives, whatever its format: lines that name a component, and facts about the file.

A reader only says what the file says: `Listing`, with an `Entry` for every component. What becomes of each is decided
in one place (sbom.py), so that all formats are accounted for alike. Text from a file is made harmless here: cut to
length, and signs that hide what one reads are replaced.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import quote

from careful.releases.identifiers import parse_cpe, parse_purl
from careful.releases.model import Found, SbomRemark, Statement

MOST_DEPTH = 32
MOST_COMPONENTS = 100_000
LONGEST_NAME = 1000
LONGEST_IDENTIFIER = 2001  # one more than is read, so that what is cut is never taken for whole
LONGEST_DETAIL = 500
MOST_STATEMENTS = 1000
LONGEST_PATCH = 200
MOST_SAID = 1_000_000
MOST_RECIPES = 8
MOST_CPES = 64
MOST_REMARKS = 1000

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_BUILT = frozenset({"deb", "rpm", "apk", "alpm"})
_UPSTREAM = frozenset({"upstream", "source"})
_FLAW = re.compile(r"(?<![A-Za-z0-9])CVE-\d{4}-\d{4,19}(?![A-Za-z0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the SBOM says it describes: name, version and SHA-256 of the image, where stated."""

    name: str
    version: str | None
    sha256: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed component, by its place in the file.

    `left_out` says why it is not in the image, where it is not. Entries of one `family` are one piece of software
    (the packages of one recipe, the modules of one kernel): they are counted once, and `kin` says what they share.
    `related` tells whether the file states what it depends on or is part of.
    """

    where: str
    found: Found
    left_out: str = ""
    family: str = ""
    kin: str = ""
    related: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """An SBOM as its reader gives it; `author`, `tool` and `timestamp` are empty where the file states none."""

    format: str
    entries: Iterable[Entry]
    subject: Subject | None = None
    author: str = ""
    tool: str = ""
    timestamp: str = ""
    remarks: list[SbomRemark] = field(default_factory=list)


def plain(text: str | None, longest: int = LONGEST_NAME) -> str:
    """Return text as it may be shown and kept: cut, control and direction signs replaced by U+FFFD."""
    if not text:
        return ""
    cut = text.strip()[:longest]
    return cut if cut.isascii() and cut.isprintable() else _HIDDEN.sub("\ufffd", cut)


def stated(text: str | None, longest: int = LONGEST_NAME) -> str:
    """Return `plain` text, empty for SPDX's two words for nothing (NOASSERTION, NONE)."""
    found = plain(text, longest)
    return "" if found in {"NOASSERTION", "NONE"} else found


def chosen(names: Iterable[str | None], kind: str) -> tuple[str, ...]:
    """Return the distinct identifiers (`kind` is purl or cpe), those that can be read first, a bounded number."""
    once = dict.fromkeys(found for name in names if (found := plain(name, LONGEST_IDENTIFIER)))
    if len(once) <= 1:
        return tuple(once)
    parse = parse_purl if kind == "purl" else parse_cpe
    return tuple(sorted(list(once)[:MOST_CPES], key=lambda one: parse(one) is None))


def with_upstream(purl: str, name: str, version: str = "") -> str:
    """Return the purl of a distribution's package with the source package it was built from, where it has none.

    Flaws are looked up by that name too; the version is written where it differs, as syft does both.
    """
    known = parse_purl(purl) if name else None
    if known is None or known.type not in _BUILT or known.name == name or dict(known.qualifiers).keys() & _UPSTREAM:
        return purl
    whole = f"{name}@{version}" if version and version != known.version else name
    return f"{purl}{'&' if '?' in purl else '?'}upstream={quote(whole, safe='')}" if "#" not in purl else purl


def flaws_in(text: str | None) -> list[str]:
    """Return the CVE numbers that a text names, in order, each once, a bounded number."""
    found = islice(_FLAW.finditer(text or ""), MOST_STATEMENTS)
    return list(dict.fromkeys(one[0].upper() for one in found))


def say(flaw: str, state: str, source: str, *parts: str | None) -> Statement:
    """Make a statement whose detail begins with its source, followed by what was said, one piece after the other."""
    named = plain(flaw, 100)
    said = ": ".join(found for part in (source, *parts) if (found := plain(part, LONGEST_DETAIL)))
    return Statement(named.upper() if named[:4] in {"cve-", "Cve-"} else named, plain(state, 64), said[:LONGEST_DETAIL])


def named(patches: Iterable[str]) -> tuple[str, ...]:
    """Return the names of patches, each once and in order, a bounded number."""
    return tuple(sorted({plain(one, LONGEST_PATCH) for one in patches if one}))[:MOST_STATEMENTS]


def settled(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements, each once, a bounded number."""
    return tuple(dict.fromkeys(statements))[:MOST_STATEMENTS]
