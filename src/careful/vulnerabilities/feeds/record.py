"""A flaw as a feed states it, whatever the feed; pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from careful.vulnerabilities.ranges import Range

Source = Literal["cna", "adp", "vendor", "override", "nvd", "feed"]
"""Whose word a row is: that of the CVE's numbering authority, CISA, the vendor, a correction, NVD, or another list."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What a flaw affects: a package by purl without version (`pypi/pillow`) or a product by CPE (`vendor:product`).

    `condition` is set where the record says "only together with something else": then a person must look. `distro` is
    the release of a distribution whose package it is, such as `debian:12`. `source` is whose word it is. What lies in
    `fine` is said not to be affected; where `closed`, so is all that is not named. `files` are the source files at
    fault, where the record names them.
    """

    kind: str
    key: str
    scheme: str
    versions: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    condition: str = ""
    cpe: str = ""
    distro: str = ""
    source: Source = "feed"
    fine: tuple[Range, ...] = ()
    closed: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One advisory. `withdrawn` means that its feed took it back.

    `provenance` says whose document it stands in and under what terms, where its feed has documents of many. `each` are
    the flaws of a notice of several: what it says, it says of each of them.
    """

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: str = "unknown"
    modified: datetime | None = None
    withdrawn: bool = False
    affected: tuple[Affected, ...] = field(default_factory=tuple)
    vector: str = ""
    ssvc: str = ""
    provenance: str = ""
    each: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One affected row with its flaw, as matching needs it; `notice` is the record, where that is of several flaws."""

    feed: str
    flaw: str
    aliases: tuple[str, ...]
    severity: str
    summary: str
    affected: Affected
    provenance: str = ""
    notice: str = ""

    @property
    def record(self) -> str:
        """Return the id of the record in which it stands."""
        return self.notice or self.flaw


_BY_DISTRIBUTION = ("apk", "deb", "rpm")


def ecosystem_of(key: str) -> str:
    """Return what a feed must cover for a package to be looked up in it: `pypi`, and `deb/debian` of `deb/debian/curl`.

    A distribution's flaws are its own: Debian's feed says nothing of Ubuntu's packages.
    """
    return "/".join(key.split("/")[: 2 if is_distribution(key) else 1])


def is_distribution(key: str) -> bool:
    """Tell whether a package is a distribution's own, of which that distribution's word is its maker's."""
    return key.partition("/")[0] in _BY_DISTRIBUTION


class Malformed(ValueError):
    """A record that is not what its feed's format says; the text names the place."""


def as_list(value: object) -> list[Any]:
    """Return a list as it is, and nothing for anything else: for parts that a record may do without."""
    return value if isinstance(value, list) else []


def severity_of(score: float) -> str:
    """Return the qualitative rating of a CVSS score (CVSS 3.1 section 5)."""
    bounds = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
    return next((word for bound, word in bounds if score >= bound), "none")


def severity_of_vector(vector: str) -> str:
    """Return the rating of a CVSS vector, "unknown" where it is malformed."""
    kind = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    try:
        return severity_of(float(kind(vector).scores()[0] if kind is not CVSS4 else kind(vector).base_score))
    except (CVSSError, ValueError, IndexError, AttributeError):
        return "unknown"


def moment(text: object) -> datetime | None:
    """Read a feed's date, None where it has none or a malformed one; without a zone it is UTC."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and the last hours of all time overflow in another zone
        return None
