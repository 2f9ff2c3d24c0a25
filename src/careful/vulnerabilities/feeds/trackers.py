"""What distributions publish of their own packages beside OSV: Alpine's secdb, Debian's security tracker, JSON; pure.

Both are one document of many flaws, which replaces the one before. Alpine's says in which version of a package a flaw
was mended, or with version 0 that it never had it. Debian's says of each release whether it is mended, open or not yet
determined. Neither states a date.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from careful.vulnerabilities.feeds.record import Affected, Malformed, Record
from careful.vulnerabilities.ranges import Range

CODENAMES = {
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
}
"""Debian's releases by name; another, such as sid, keeps it."""
_FLAW = re.compile(r"(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|XSA-\d+|ZBX-\d+|TEMP-\w+-\w+)", re.IGNORECASE)
_SECDBS = (("wolfi", "apk/wolfi"), ("chainguard", "apk/chainguard"), ("alpine", "apk/alpine"))
_SEVERITIES = {"high": "high", "medium": "medium", "low": "low", "unimportant": "low", "end-of-life": "unknown"}
_SUMMARY = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What a document says of one flaw: of each package and release of the distribution, what was said."""

    document: str
    flaw: str
    said: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Package, release of the distribution (`alpine:3.20`), status and the version that mends it."""
    summary: str = ""
    severity: str = "unknown"

    @property
    def id(self) -> str:
        """Return the name of its record, which the document's begins."""
        return f"{self.document}{self.flaw}"


def is_secdb(raw: Mapping[str, Any]) -> bool:
    """Tell whether a document is one of Alpine's kind: packages, each with the versions that mend flaws."""
    listed = raw.get("packages")
    packages = [one.get("pkg") for one in listed[:5] if isinstance(one, dict)] if isinstance(listed, list) else []
    return "reponame" in raw or any(isinstance(one, dict) and "secfixes" in one for one in packages)


def is_tracker(raw: Mapping[str, Any]) -> bool:
    """Tell whether a document is Debian's tracker: by package, by flaw, by release."""
    package = next(iter(raw.values()), None)
    flaw = next(iter(package.values()), None) if isinstance(package, dict) else None
    return isinstance(flaw, dict) and isinstance(flaw.get("releases"), dict)


def of_secdb(raw: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Yield what a file of Alpine's kind says of each flaw, in all of its packages. Raises Malformed."""
    where = f"{raw.get('urlprefix', '')} {raw.get('reponame', '')}".lower()
    kind = next((kind for sign, kind in _SECDBS if sign in where), "apk/alpine")
    name = kind.partition("/")[2]
    release = str(raw.get("distroversion") or "").removeprefix("v")
    if kind == "apk/alpine" and not release:
        raise Malformed("$.distroversion: expected the release, such as v3.20")
    document = f"{name.upper()}-{release or 'rolling'}-{raw.get('reponame', 'main')}:"
    listed = raw.get("packages")
    if not isinstance(listed, list):
        raise Malformed("$.packages: expected a list")
    found: dict[str, Entry] = {}
    for number, one in enumerate(listed):
        package = one.get("pkg") if isinstance(one, dict) else None
        fixes = package.get("secfixes") or {} if isinstance(package, dict) else None
        if not isinstance(package, dict) or not isinstance(package.get("name"), str) or not isinstance(fixes, dict):
            raise Malformed(f"$.packages[{number}].pkg: expected a name and secfixes")
        for version, flaws in fixes.items():
            for flaw in _flaws(flaws):
                entry = found.setdefault(flaw, Entry(document, flaw))
                distro = f"{name}:{release}" if release else ""
                entry.said.append((f"{kind}/{package['name'].lower()}", distro, "resolved", str(version)))
    yield from (("", one) for one in found.values())


def _flaws(listed: object) -> Iterator[str]:
    """Yield the flaws of a list: some entries hold several, or words behind the name."""
    for one in listed if isinstance(listed, list) else ():
        names = _FLAW.findall(str(one))
        yield from (name.upper() if name[:4].upper() != "GHSA" else name for name in names or str(one).split()[:1])


def of_tracker(raw: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Yield what Debian's tracker says of each flaw, in all of its packages. Raises Malformed."""
    found: dict[str, Entry] = {}
    for package, flaws in raw.items():
        if not isinstance(flaws, dict):
            raise Malformed(f"$.{package[:60]}: expected flaws by name")
        for flaw, told in flaws.items():
            releases = told.get("releases") if isinstance(told, dict) else None
            if not isinstance(releases, dict):
                raise Malformed(f"$.{package[:60]}.{flaw[:60]}.releases: expected releases by name")
            said = [one for one in releases.items() if isinstance(one[1], dict)]
            entry = found.setdefault(
                flaw,
                Entry(
                    "DEBIAN:",
                    flaw,
                    summary=str(told.get("description") or "")[:_SUMMARY],
                    severity=_severity([str(one.get("urgency")) for _, one in said]),
                ),
            )
            for release, one in said:
                distro = f"debian:{CODENAMES.get(release, release)}"
                status, version = str(one.get("status")), str(one.get("fixed_version") or "")
                entry.said.append((f"deb/debian/{package.lower()}", distro, status, version))
    yield from (("", one) for one in found.values())


def _severity(urgencies: list[str]) -> str:
    found = [_SEVERITIES.get(one.rstrip("*"), "unknown") for one in urgencies]
    return next((word for word in ("high", "medium", "low") if word in found), "unknown")


def parse(raw: Entry) -> Record:
    """Read one flaw of a document."""
    return Record(
        id=raw.id,
        aliases=(raw.flaw,),
        summary=raw.summary,
        severity=raw.severity,
        affected=tuple(dict.fromkeys(_affected(*one) for one in raw.said)),
    )


def _affected(package: str, distro: str, status: str, version: str) -> Affected:
    scheme = "apk" if package.startswith("apk/") else "dpkg"
    frame = Affected("purl", package, scheme, distro=distro, source="vendor")
    if status == "resolved" and version == "0":
        return replace(frame, fine=(Range(),))
    if status == "resolved" and version:
        return replace(frame, ranges=(Range(fixed=version),))
    if status == "open":
        return replace(frame, ranges=(Range(),))
    return replace(frame, condition="the distribution has not determined it")
