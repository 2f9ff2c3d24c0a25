"""OSV records (Open Source Vulnerability format 1.x), JSON; pure."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from careful.vulnerabilities.feeds.record import Affected, Malformed, Record, moment, severity_of_vector
from careful.vulnerabilities.ranges import Range
from careful.vulnerabilities.versions import BY_PURL_TYPE

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
_SUMMARY = 500


def parse(raw: Any) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record. Raises Malformed, naming the field."""
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
        raise Malformed("$.id: expected the record's id")
    affected = raw.get("affected", [])
    if not isinstance(affected, list):
        raise Malformed("$.affected: expected a list")
    return Record(
        id=raw["id"],
        aliases=tuple(one for one in [*_list(raw, "aliases"), *_list(raw, "upstream")] if isinstance(one, str)),
        summary=str(raw.get("summary") or str(raw.get("details") or "").split("\n", 1)[0])[:_SUMMARY],
        severity=_severity(raw),
        modified=moment(raw.get("modified")),
        withdrawn=bool(raw.get("withdrawn")),
        affected=tuple(one for number, part in enumerate(affected) for one in _affected(part, f"$.affected[{number}]")),
    )


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    value = raw.get(name) or []
    if not isinstance(value, list):
        raise Malformed(f"$.{name}: expected a list")
    return value


def _severity(raw: Mapping[str, Any]) -> str:
    parts = [raw, *(part for part in _list(raw, "affected") if isinstance(part, dict))]
    for part in parts:
        for one in part.get("severity") or []:
            if isinstance(one, dict) and isinstance(one.get("score"), str):
                found = severity_of_vector(one["score"])
                if found != "unknown":
                    return found
    for part in parts:
        for name in ("database_specific", "ecosystem_specific"):
            word = part.get(name, {}).get("severity") if isinstance(part.get(name), dict) else None
            if isinstance(word, str) and word.lower() in _WORDS:
                return _WORDS[word.lower()]
    return "unknown"


def _affected(part: Any, where: str) -> Iterator[Affected]:  # noqa: ANN401 (JSON is Any)
    if not isinstance(part, dict):
        raise Malformed(f"{where}: expected an object")
    package = part.get("package")
    if not isinstance(package, dict):
        return  # a record by repository commit alone names no package
    key = _key(package, where)
    if not key:
        return
    ranges, condition = _ranges(part, where)
    listed = part.get("versions") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.versions: expected a list")
    yield Affected(
        kind="purl",
        key=key,
        scheme=BY_PURL_TYPE.get(key.partition("/")[0], "generic"),
        versions=tuple(str(one) for one in listed),
        ranges=ranges,
        condition="" if ranges or listed else condition,
    )


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


def _ranges(part: Mapping[str, Any], where: str) -> tuple[tuple[Range, ...], str]:
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
        found += _spans(one["events"], f"{where}.ranges[{number}]")
    return tuple(found), condition


def _spans(events: list[Any], where: str) -> Iterator[Range]:
    start: str | None = None
    for event in events:
        if not isinstance(event, dict):
            raise Malformed(f"{where}.events: expected objects")
        if "introduced" in event:
            if start is not None:
                yield Range(introduced=start)
            start = str(event["introduced"])
        elif "fixed" in event and start is not None:
            yield Range(introduced=start, fixed=str(event["fixed"]))
            start = None
        elif "last_affected" in event and start is not None:
            yield Range(introduced=start, last=str(event["last_affected"]))
            start = None
    if start is not None:
        yield Range(introduced=start)
