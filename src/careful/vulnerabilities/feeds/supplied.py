"""What suppliers' documents say of themselves and of versions, read alike as a feed and as statements; pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from careful.releases import parse_purl
from careful.vulnerabilities.feeds.record import moment

_ALL = re.compile(r"all versions?\s*", re.IGNORECASE)
_CODENAMES = {"trixie": "13", "bookworm": "12", "bullseye": "11", "buster": "10"} | {
    "noble": "24.04", "jammy": "22.04", "focal": "20.04", "bionic": "18.04", "xenial": "16.04", "trusty": "14.04"
}  # fmt: skip


def tlp_of(raw: dict[str, Any]) -> str:
    """Return a CSAF document's label of the Traffic Light Protocol, empty where it bears none."""
    found: object = raw
    for name in ("document", "distribution", "tlp", "label"):
        found = found.get(name) if isinstance(found, dict) else None
    return found.upper()[:20] if isinstance(found, str) else ""


def is_restricted(tlp: str) -> bool:
    """Tell whether a document under this label must not be made public (TLP 2.0: all but CLEAR, once WHITE)."""
    return tlp.upper() not in {"", "WHITE", "CLEAR"}


def said_at(one: dict[str, Any], issued: datetime | None) -> datetime | None:
    """Return since when a statement of OpenVEX holds: the later of its own dates, else the document's."""
    own = [found for name in ("timestamp", "last_updated") if (found := moment(one.get(name)))]
    return max(own, default=issued)


def version_of_branch(name: str, ids: Iterable[str]) -> str:
    """Return the version that a branch is named after, empty where its name is that of the package (Red Hat's)."""
    packages = {purl.name for one in ids if (purl := parse_purl(one))}
    return "" if any(name == one or name.startswith(f"{one}-") for one in packages) else name


def distro_release(named: str) -> str:
    """Return the release of a distribution that a purl's `distro` names: `ubuntu-22.04` and `jammy` are 22.04."""
    last = named.lower().rpartition("-")[2]
    return _CODENAMES.get(last, last.removeprefix("v"))


def plain_range(written: str) -> str:
    """Return a version, or a range as people write it: `vers:all/>=1.0|<V4.3` is `>=1.0 <V4.3` (CSAF, 3.1.2.3)."""
    if not written.strip():
        return ""
    written = written.strip()
    if written.lower().startswith("vers:"):
        written = written.partition("/")[2]
    written = _ALL.sub("", written, count=1) or "*"
    return " ".join(written.replace("|", " ").split())
