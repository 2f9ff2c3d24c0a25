"""Which feeds are read, how each is known by its content, and under what licence it comes; pure."""

from collections.abc import Callable
from typing import Any, Literal

from careful.vulnerabilities.feeds.trackers import is_secdb, is_tracker

Kind = Literal["osv", "nvd", "override", "cve5", "kev", "epss", "csaf", "openvex", "secdb", "debian"]
FEEDS: dict[Kind, str] = {
    "osv": "osv",
    "nvd": "nvd",
    "override": "nvd-overrides",
    "cve5": "cve5",
    "kev": "kev",
    "epss": "epss",
    "csaf": "csaf",
    "openvex": "openvex",
    "secdb": "secdb",
    "debian": "debian-tracker",
}
"""The name under which each kind is kept, unless another is given."""
ADDING = frozenset({"nvd-overrides", "csaf", "openvex", "secdb", "debian-tracker"})
"""Feeds that correct others or add a word of their own, some undated: they cover nothing, so none of them grows old."""
READ = "OSV, NVD 2.0 or its overrides, CVE records, KEV, EPSS, CSAF, OpenVEX, Alpine's secdb, Debian's tracker"
LICENCES = {
    "osv": "per record; see the source",
    "nvd": "public domain (US government work)",
    "nvd-overrides": "CC0-1.0",
    "cve5": "CVE Program terms of use",
    "kev": "CC0-1.0",
    "epss": "free to use, with attribution to FIRST",
    "csaf": "per document; see its publisher",
    "openvex": "per document; see its author",
    "secdb": "per distribution; see its licence file",
    "debian-tracker": "MIT",
}

_OF_OSV = {
    "ALBA": "MIT",
    "ALEA": "MIT",
    "ALSA": "MIT",
    "BIT": "Apache-2.0",
    "GHSA": "CC-BY-4.0",
    "GO": "CC-BY-4.0",
    "GSD": "CC0-1.0",
    "HSEC": "CC0-1.0",
    "MAL": "Apache-2.0",
    "OSV": "CC-BY-4.0",
    "PSF": "CC-BY-4.0",
    "PYSEC": "CC-BY-4.0",
    "RSEC": "Apache-2.0",
    "RUSTSEC": "CC0-1.0",
    "UBUNTU": "CC-BY-SA-4.0",
    "USN": "CC-BY-SA-4.0",
}
"""By the prefix of its ids, the licence of each database that OSV gathers ("Data sources" in OSV's documentation)."""


def licence_of(feed: str, record: str) -> str:
    """Return the licence under which a record comes, empty for a feed of a name of one's own."""
    return (_OF_OSV.get(record.partition("-")[0]) if feed == "osv" else None) or LICENCES.get(feed, "")


def kind_of(raw: Any) -> Kind | None:  # noqa: ANN401 (JSON is Any)
    """Tell of which feed a document is, None for what is none."""
    if isinstance(raw, str):
        begins = raw[:300].lower().lstrip().replace('"', "")
        return next((kind for sign, kind in _TABLES.items() if begins.startswith(sign)), None)
    first = raw[0] if isinstance(raw, list) and raw else raw
    return next((kind for kind, signs in _SIGNS.items() if signs(first)), None) if isinstance(first, dict) else None


def _any(listed: object, name: str) -> bool:
    return isinstance(listed, list) and any(isinstance(one, dict) and name in one for one in listed[:5])


_TABLES: dict[str, Kind] = {"#model_version": "epss", "cve,epss": "epss", "cveid,vendorproject": "kev"}
"""By how a table begins."""
_SIGNS: dict[Kind, Callable[[dict[str, Any]], bool]] = {
    "csaf": lambda raw: isinstance(raw.get("document"), dict) and "csaf_version" in raw["document"],
    "openvex": lambda raw: "openvex" in str(raw.get("@context", ""))[:200],
    "cve5": lambda raw: raw.get("dataType") == "CVE_RECORD" or "cveMetadata" in raw,
    "kev": lambda raw: "catalogVersion" in raw or _any(raw.get("vulnerabilities"), "cveID"),
    "override": lambda raw: "_annotation" in raw,
    "nvd": lambda raw: (
        raw.get("format") == "NVD_CVE"
        or "cve" in raw
        or "configurations" in raw
        or "vulnStatus" in raw
        or _any(raw.get("cve_items"), "id")
        or _any(raw.get("vulnerabilities"), "cve")
    ),
    "osv": lambda raw: "id" in raw and ("affected" in raw or "modified" in raw),
    "secdb": is_secdb,
    "debian": is_tracker,
}
"""By what each kind is known; the first that fits."""
