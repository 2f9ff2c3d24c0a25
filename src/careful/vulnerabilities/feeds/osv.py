"""OSV records (Open Source Vulnerability format 1.x), JSON; pure."""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from careful.releases import unescaped
from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.record import (
    Affected,
    Malformed,
    Record,
    as_list,
    is_distribution,
    moment,
    severity_of_vector,
)
from careful.vulnerabilities.names import named_in_words
from careful.vulnerabilities.ranges import Range

_TYPES = {
    "pypi": "pypi",
    "npm": "npm",
    "go": "golang",
    "crates.io": "cargo",
    "maven": "maven",
    "nuget": "nuget",
    "rubygems": "gem",
    "packagist": "composer",
    "hex": "hex",
    "pub": "pub",
    "swifturl": "swift",
    "bitnami": "bitnami",
    "oss-fuzz": "generic",
    "debian": "deb/debian",
    "ubuntu": "deb/ubuntu",
    "alpine": "apk/alpine",
    "wolfi": "apk/wolfi",
    "chainguard": "apk/chainguard",
    "red hat": "rpm/redhat",
    "rocky linux": "rpm/rocky-linux",
    "almalinux": "rpm/almalinux",
    "opensuse": "rpm/opensuse",
    "suse": "rpm/suse",
}
_WORDS = {"moderate": "medium", "medium": "medium", "high": "high", "critical": "critical", "low": "low"}
_SUMMARY, _VECTOR = 500, 200
_RELEASE = re.compile(r"v?(\d+(?:\.\d+)?)")


def parse(raw: Any) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record. Raises Malformed, naming the field."""
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
        raise Malformed("$.id: expected the record's id")
    affected = raw.get("affected", [])
    if not isinstance(affected, list):
        raise Malformed("$.affected: expected a list")
    rows = tuple(
        one for number, part in enumerate(affected) for one in _affected(raw["id"], part, f"$.affected[{number}]")
    )
    modified = moment(raw.get("modified"))
    if modified is None:
        raise Malformed("$.modified: expected a date")
    return Record(
        id=raw["id"],
        aliases=_aliases(raw),
        summary=str(raw.get("summary") or str(raw.get("details") or "").split("\n", 1)[0])[:_SUMMARY],
        severity=_severity(raw),
        vector=next(_vectors(raw), "")[:_VECTOR],
        modified=modified,
        withdrawn=bool(raw.get("withdrawn")),
        affected=rows,
    )


def type_of(ecosystem: str) -> str:
    """Return which packages a full export of an ecosystem covers (`pypi`, `deb/debian`), empty for what covers none.

    OSS-Fuzz knows the projects that it tests, which are not all that have no ecosystem.
    """
    found = _TYPES.get(ecosystem.partition(":")[0].lower(), "")
    return "" if found == "generic" or ":" in ecosystem else found


def _aliases(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return other names of the same flaw; a notice of one upstream flaw is that flaw, a notice of several is none."""
    upstream = _list(raw, "upstream")
    names = [*_list(raw, "aliases"), *(upstream if len(upstream) == 1 else [])]
    return tuple(dict.fromkeys(one for one in names if isinstance(one, str) and one))


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    value = raw.get(name) or []
    if not isinstance(value, list):
        raise Malformed(f"$.{name}: expected a list")
    return value


def _parts(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the record and what it says of each package: a severity may stand in either."""
    return [raw, *(part for part in _list(raw, "affected") if isinstance(part, dict))]


def _vectors(raw: Mapping[str, Any]) -> Iterator[str]:
    listed = (one for part in _parts(raw) for one in as_list(part.get("severity")))
    yield from (one["score"] for one in listed if isinstance(one, dict) and isinstance(one.get("score"), str))


def _severity(raw: Mapping[str, Any]) -> str:
    for vector in _vectors(raw):
        found = severity_of_vector(vector)
        if found != "unknown":
            return found
    for part in _parts(raw):
        for name in ("database_specific", "ecosystem_specific"):
            word = part.get(name, {}).get("severity") if isinstance(part.get(name), dict) else None
            if isinstance(word, str) and word.lower() in _WORDS:
                return _WORDS[word.lower()]
    return "unknown"


def _affected(name: str, part: Any, where: str) -> Iterator[Affected]:  # noqa: ANN401 (JSON is Any)
    if not isinstance(part, dict):
        raise Malformed(f"{where}: expected an object")
    package = part.get("package")
    if not isinstance(package, dict):
        yield from _by_repository(name, part, where)
        return
    key = _key(package, where)
    if not key:
        return
    scheme = versions.scheme_of_purl(key.partition("/")[0], key.rpartition("/")[2])
    frame = Affected("purl", key, scheme, distro=_distro(package.get("ecosystem")))
    yield _stated(part, where, replace(frame, source="vendor" if is_distribution(key) else "feed"))


def _by_repository(name: str, part: Mapping[str, Any], where: str) -> Iterator[Affected]:
    """Yield the rows of a record that names no package but a repository, as projects do in lists of their own.

    A list whose ids bear the project's name (`CURL-CVE-2024-7264` of curl/curl) is the project's own word.
    """
    repositories = [one.get("repo") for one in _list(part, "ranges") if isinstance(one, dict)]
    own = name.partition("-")[0].lower()
    for repository in dict.fromkeys(one for one in repositories if isinstance(one, str)):
        parts = repository.lower().removesuffix(".git").split("/")
        for vendor, product in named_in_words(None, repository):
            frame = Affected(
                kind="cpe",
                key=unescaped(product),
                scheme=versions.scheme_of_cpe(unescaped(vendor), unescaped(product)),
                cpe=f"cpe:2.3:*:{vendor}:{product}:*:*:*:*:*:*:*:*",
                source="vendor" if own in parts[-2:] else "feed",
            )
            yield _stated(part, where, frame)


def _stated(part: Mapping[str, Any], where: str, frame: Affected) -> Affected:
    ranges, condition = _ranges(part, where, frame.scheme)
    listed = part.get("versions") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.versions: expected a list")
    return replace(
        frame,
        versions=tuple(str(one) for one in listed),
        ranges=ranges,
        condition="" if ranges or listed else condition,
    )


def _distro(ecosystem: object) -> str:
    """Return a distribution with its release (`Debian:12` is `debian:12`), empty for what has no releases."""
    name, _, release = str(ecosystem or "").partition(":")
    number = _RELEASE.match(release)
    kind = _TYPES.get(name.lower(), "")
    return f"{kind.partition('/')[2]}:{number[1]}" if "/" in kind and number else ""


def _key(package: Mapping[str, Any], where: str) -> str:
    purl, ecosystem, name = package.get("purl"), package.get("ecosystem"), package.get("name")
    if isinstance(purl, str) and purl.startswith("pkg:"):
        return unquote(purl[4:].partition("?")[0].partition("@")[0]).lower()
    if not isinstance(ecosystem, str) or not isinstance(name, str):
        raise Malformed(f"{where}.package: expected ecosystem and name, or a purl")
    kind = _TYPES.get(ecosystem.partition(":")[0].lower())
    if kind is None:
        return ""
    low = name.lower().replace(":", "/") if kind == "maven" else name.lower()
    return f"{kind}/{low.replace('_', '-').replace('.', '-') if kind == 'pypi' else low}"


def _ranges(part: Mapping[str, Any], where: str, scheme: str) -> tuple[tuple[Range, ...], str]:
    found: list[Range] = []
    condition = ""
    listed = part.get("ranges") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.ranges: expected a list")
    for number, one in enumerate(listed):
        if not isinstance(one, dict) or not isinstance(one.get("events"), list):
            raise Malformed(f"{where}.ranges[{number}].events: expected a list")
        if one.get("type") == "GIT":
            condition = "its range is given in commits, not versions"
            continue
        found += _spans(one["events"], f"{where}.ranges[{number}]", scheme)
    return tuple(found), condition


def _spans(events: list[Any], where: str, scheme: str) -> Iterator[Range]:
    """Turn events into ranges in the order of their versions (OSV, "Evaluation"); as listed where they have none."""
    start: str | None = None
    for _, same in itertools.groupby(_ordered(events, where, scheme), key=lambda one: one[0]):
        # Where a fix and an introduction share a version, what is open ends first; else it is an empty range.
        is_open = start is not None
        for _, name, version in sorted(same, key=lambda one: (one[1] == "introduced") == is_open):
            if name == "introduced":
                start = version if start is None else start
            elif start is not None:
                yield Range(introduced=start, **{"fixed" if name == "fixed" else "last": version})
                start = None
    if start is not None:
        yield Range(introduced=start)


def _ordered(events: list[Any], where: str, scheme: str) -> list[tuple[Any, str, str]]:
    """Return (place, name, version) of each event, by place; by number where a version cannot be read."""
    found: list[tuple[str, str]] = []
    for number, event in enumerate(events):
        if not isinstance(event, dict):
            raise Malformed(f"{where}.events[{number}]: expected an object")
        for name in ("introduced", "fixed", "last_affected"):
            if name in event:
                if not isinstance(event[name], str) or not event[name]:
                    raise Malformed(f"{where}.events[{number}].{name}: expected a version")
                found.append((name, event[name]))
    try:
        return sorted((_place(version, scheme), name, version) for name, version in found)
    except ValueError:
        return [(number, *one) for number, one in enumerate(found)]


def _place(version: str, scheme: str) -> tuple[int, versions.Key]:
    return (0, ()) if version == "0" else (1, versions.key(scheme, version))
