"""OSV records (Open Source Vulnerability format 1.x), JSON; pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from careful.vulnerabilities import versions
from careful.vulnerabilities.feeds.osv_events import Event, has_no_beginning, has_no_end, read_ranges
from careful.vulnerabilities.feeds.osv_names import frames, type_of
from careful.vulnerabilities.feeds.record import (
    Affected,
    Malformed,
    Record,
    as_list,
    is_distribution,
    moment,
    severity_of_vector,
)
from careful.vulnerabilities.ranges import Range

__all__ = ["parse", "type_of"]

_WORDS = {"moderate": "medium", "medium": "medium", "high": "high", "critical": "critical", "low": "low"} | {
    "important": "high",
    "negligible": "low",
}
_SUMMARY, _VECTOR = 500, 200
_IN_COMMITS = "its range is given in commits, not versions"
_UNMENDED = "it names the releases up to {} and no fix: a later one may have it too"
_BEFORE_ANY = Range(fixed="0.0.0")
"""Holds no release, and what is none (a commit) cannot be told from it."""
_BEFORE_RELEASE = re.compile(r"(?<![a-z])(?:rc|alpha|beta|pre|dev)", re.IGNORECASE)


def parse(raw: Any) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record. Raises Malformed, naming the field."""
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
        raise Malformed("$.id: expected the record's id")
    affected = raw.get("affected", [])
    if not isinstance(affected, list):
        raise Malformed("$.affected: expected a list")
    rows = tuple(one for number, part in enumerate(affected) for one in _affected(raw, part, f"$.affected[{number}]"))
    modified = moment(raw.get("modified"))
    if modified is None:
        raise Malformed("$.modified: expected a date")
    return Record(
        id=raw["id"],
        aliases=_aliases(raw),
        summary=str(raw.get("summary") or str(raw.get("details") or "").split("\n", 1)[0])[:_SUMMARY],
        severity=_severity(raw),
        vector=next((one for one in _vectors(raw) if "/" in one), "")[:_VECTOR],
        modified=modified,
        withdrawn=bool(raw.get("withdrawn")),
        affected=rows,
        each=_each(raw, rows),
    )


def _aliases(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return other names of the same flaw; a notice of one upstream flaw is that flaw, a notice of several is none."""
    upstream = _list(raw, "upstream")
    names = [*_list(raw, "aliases"), *(upstream if len(upstream) == 1 else [])]
    return tuple(dict.fromkeys(one for one in names if isinstance(one, str) and one))


def _each(raw: Mapping[str, Any], rows: Iterable[Affected]) -> tuple[str, ...]:
    """Return the flaws of a notice of several, as distributions publish them: some call them related."""
    upstream = [one for one in _list(raw, "upstream") if isinstance(one, str)]
    if len(upstream) > 1:
        return tuple(dict.fromkeys(upstream))
    if upstream or _aliases(raw) or not any(is_distribution(one.key) for one in rows if one.kind == "purl"):
        return ()
    return tuple(dict.fromkeys(one for one in _list(raw, "related") if isinstance(one, str) and one.startswith("CVE-")))


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
        found = _WORDS.get(vector.lower()) or severity_of_vector(vector)  # Ubuntu's score is a word
        if found != "unknown":
            return found
    for part in _parts(raw):
        for name in ("database_specific", "ecosystem_specific"):
            word = part.get(name, {}).get("severity") if isinstance(part.get(name), dict) else None
            if isinstance(word, str) and word.lower() in _WORDS:
                return _WORDS[word.lower()]
    return "unknown"


def _affected(raw: Mapping[str, Any], part: Any, where: str) -> Iterator[Affected]:  # noqa: ANN401 (JSON is Any)
    if not isinstance(part, dict):
        raise Malformed(f"{where}: expected an object")
    for frame in frames(raw, part, where):
        yield from _stated(raw, part, where, frame)


def _stated(raw: Mapping[str, Any], part: Mapping[str, Any], where: str, frame: Affected) -> Iterator[Affected]:
    ranges, commits = read_ranges(part, where, frame.scheme)
    listed = part.get("versions") or []
    if not isinstance(listed, list):
        raise Malformed(f"{where}.versions: expected a list")
    names = tuple(str(one) for one in listed)
    doubt = _IN_COMMITS if commits and not ranges and not names else ""
    if doubt and _is_between_releases(raw, part, commits):
        ranges = (_BEFORE_ANY,)
    yield replace(frame, versions=names, ranges=ranges, condition=doubt)
    if names and commits and not ranges and any(map(has_no_end, commits)):
        yield from _later(names, frame)


def _is_between_releases(raw: Mapping[str, Any], part: Mapping[str, Any], commits: list[list[Event]]) -> bool:
    """Tell whether no release has the flaw: OSS-Fuzz found it and it was mended before any tag was set.

    OSV lists every tag between the commits of a range; where both are known and it lists none, there is none.
    """
    package = part.get("package")
    if not isinstance(package, dict) or str(package.get("ecosystem")).lower() != "oss-fuzz" or _aliases(raw):
        return False
    return not any(has_no_end(one) or has_no_beginning(one) for one in commits)


def _later(names: tuple[str, ...], frame: Affected) -> Iterator[Affected]:
    """Yield what comes after the last release that a record lists, where it names no fix: it may have the flaw too."""
    releases = (one for one in names if not _BEFORE_RELEASE.search(one))
    known = [(key, text) for one in releases for key, text in _read(one, frame.scheme)]
    if known:
        newest = max(known)[1]
        yield replace(frame, ranges=(Range(after=newest),), condition=_UNMENDED.format(newest))


def _read(name: str, scheme: str) -> Iterator[tuple[versions.Key, str]]:
    """Yield the key and the version of a tag, nothing where it names none."""
    for text in (name, versions.version_of_tag(name)):
        try:
            yield versions.key(scheme, text), text
        except ValueError:
            continue
        return
