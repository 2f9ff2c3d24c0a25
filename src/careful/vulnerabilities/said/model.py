"""A statement of a VEX document, whatever its form; pure.

Every statement is kept. One that cannot be used carries the reason, so that the report has a line for it too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args

from careful.releases import parse_purl
from careful.vulnerabilities.feeds.supplied import is_restricted
from careful.vulnerabilities.model import Status

TEXT = 500
_MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Thing:
    """A product or a component as a document names it: every one of `ids` (purls, CPE names) means this one thing.

    `versions` narrow it to some versions: each is a version, a `vers:` range or a range in words. `hashes` are of the
    thing itself, each algorithm and digest. `title` is what it is called where no other name is given.
    """

    ids: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a statement is about: a product, or a `part` of it."""

    product: Thing
    part: Thing | None = None

    @property
    def thing(self) -> Thing:
        """Return what is to be found in an SBOM: the part, where one is named."""
        return self.part or self.product


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: a flaw by all its names, and what it is about.

    `at` is since when it is true, by its author; `why_not` says why it cannot be used, empty where it can.
    """

    where: str
    names: tuple[str, ...]
    about: tuple[About, ...]
    status: Status
    justification: str = ""
    detail: str = ""
    at: datetime | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of statements: its form, its own id and version, who says it, when, and to whom it may be shown."""

    form: str
    id: str
    author: str
    at: datetime | None
    said: tuple[Said, ...]
    version: str = ""
    tlp: str = ""

    @property
    def restricted(self) -> bool:
        """Tell whether its words must not be made public (TLP 2.0: all but CLEAR, which was WHITE in TLP 1.0)."""
        return is_restricted(self.tlp)


@dataclass(frozen=True, slots=True)
class Head:
    """What a document says of itself."""

    form: str
    id: str = ""
    author: str = ""
    at: object = None
    version: str = ""
    tlp: str = ""


def statement(
    where: str,
    names: Iterable[object],
    about: Sequence[About],
    status: str,
    *,
    justification: str = "",
    detail: str = "",
    reasoned: bool = False,
    at: datetime | None = None,
    why_not: str = "",
) -> Said:
    """Make a statement, or one that says why it cannot be used. `reasoned`: it says why, if in words alone."""
    flaws = tuple(dict.fromkeys(name for one in names for name in _flaws(one)))[:_MOST_NAMES]
    if why_not:
        pass
    elif not flaws:
        why_not = "it names no flaw"
    elif status not in get_args(Status):
        why_not = f"its status is {status[:40]!r}: expected one of {', '.join(get_args(Status))}"
    elif not any(one.thing.ids or one.thing.hashes or one.thing.title for one in about):
        why_not = "it names no product by purl, CPE or hash"
    elif status == "not_affected" and not justification and not reasoned:
        why_not = "it says not affected and not why"
    known: Status = status if status in get_args(Status) else "under_investigation"  # type: ignore[assignment]  # one of them
    return Said(where, flaws, tuple(about), known, justification[:TEXT], detail[:TEXT], at, why_not)


def _flaws(name: object) -> tuple[str, ...]:
    """Return a flaw's name; of an address, such as NVD's page of it, also what its path ends with."""
    if not isinstance(name, str) or not name.strip():
        return ()
    text = name.strip()[:TEXT]
    return (text, text.rstrip("/").rpartition("/")[2]) if "://" in text else (text,)


def text(holder: object, name: str) -> str:
    """Return a text of an object, empty where there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def part_of(holder: object, name: str) -> dict[str, Any]:
    """Return an object within an object, empty where there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=4096)
def hash_name(algorithm: str) -> str:
    """Return an algorithm's name as it is compared: SHA-256, sha256 and sha-256 are one."""
    return algorithm.replace("-", "").replace("_", "").lower()


def hashes(listed: Iterable[tuple[object, object]]) -> tuple[tuple[str, str], ...]:
    """Return digests by algorithm; what is no text is none."""
    return tuple(
        (hash_name(name[:64]), digest.strip().lower()[:256])
        for name, digest in listed
        if isinstance(name, str) and isinstance(digest, str) and digest.strip()
    )


def names_something(identifier: str) -> bool:
    """Tell whether a text is a purl or looks like a CPE name, so that it can be looked for."""
    return identifier[:4].lower() == "cpe:" or parse_purl(identifier) is not None
