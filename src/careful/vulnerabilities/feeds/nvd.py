"""NVD 2.0 CVE records with their CPE configurations, JSON; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from careful.releases import unescaped
from careful.vulnerabilities import cpe, versions
from careful.vulnerabilities.feeds.record import Affected, Malformed, Record, Source, as_list, moment, severity_of
from careful.vulnerabilities.ranges import Range

_SUMMARY, _VECTOR = 500, 200
_METRICS = ("cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2")
_DEPTH = 4


def parse(raw: Any) -> Record:  # noqa: ANN401 (JSON is Any)
    """Read one record, with or without the API's `cve` envelope. Raises Malformed, naming the field."""
    cve = raw.get("cve", raw) if isinstance(raw, dict) else raw
    name = _name(raw, cve)
    if not name:
        raise Malformed("$.cve.id: expected the CVE's number")
    configurations = cve.get("configurations") or []
    if not isinstance(configurations, list):
        raise Malformed("$.cve.configurations: expected a list")
    source: Source = "override" if "_annotation" in raw else "nvd"
    texts = [
        one.get("value", "")
        for one in as_list(cve.get("descriptions"))
        if isinstance(one, dict) and one.get("lang") == "en"
    ]
    return Record(
        id=name,
        summary=str(texts[0] if texts else "")[:_SUMMARY],
        severity=_severity(cve.get("metrics")),
        vector=_vector(cve.get("metrics")),
        modified=_modified(raw, cve),
        withdrawn=cve.get("vulnStatus") == "Rejected",
        affected=tuple(
            one
            for number, part in enumerate(configurations)
            for one in configuration(part, f"$.cve.configurations[{number}]", source)
        ),
    )


def _name(raw: Any, cve: Any) -> str:  # noqa: ANN401 (JSON is Any)
    """Return the CVE's number; overrides in NVD's shape carry it in an annotation beside the record."""
    if not isinstance(cve, dict):
        return ""
    note = raw.get("_annotation")
    name = cve.get("id") or (note.get("cve_id") if isinstance(note, dict) else "")
    return name if isinstance(name, str) else ""


def _modified(raw: Mapping[str, Any], cve: Mapping[str, Any]) -> datetime | None:
    """Return when it was changed; some overrides in NVD's shape state no date, but none states a wrong one."""
    note = raw.get("_annotation")
    stated = note.get("modified") if isinstance(note, dict) else cve.get("lastModified")
    found = moment(stated)
    if found is None and stated is not None:
        raise Malformed("$.cve.lastModified: expected a date")
    return found


def _scored(metrics: object) -> Iterator[Mapping[str, Any]]:
    """Yield the CVSS data, the newest version of CVSS first."""
    for name in _METRICS if isinstance(metrics, dict) else ():
        for one in as_list(metrics.get(name)) if isinstance(metrics, dict) else ():
            data = one.get("cvssData") if isinstance(one, dict) else None
            if isinstance(data, dict):
                yield data


def _severity(metrics: object) -> str:
    scores = (data.get("baseScore") for data in _scored(metrics))
    return next((severity_of(float(one)) for one in scores if isinstance(one, (int, float))), "unknown")


def _vector(metrics: object) -> str:
    vectors = (data.get("vectorString") for data in _scored(metrics))
    return next((one[:_VECTOR] for one in vectors if isinstance(one, str)), "")


def configuration(raw: Any, where: str, source: Source) -> Iterator[Affected]:  # noqa: ANN401 (JSON is Any)
    """Yield the vulnerable products of one configuration, each with what it depends on. Raises Malformed."""
    if not isinstance(raw, dict) or not isinstance(raw.get("nodes"), list):
        raise Malformed(f"{where}.nodes: expected a list")
    nodes = list(_nodes(raw["nodes"], where, 0))
    joined = raw.get("operator") == "AND" and len(nodes) > 1
    others = sorted(
        {_plain(one) for node in nodes for one in _matches(node, where) if not one.get("vulnerable", False)}
    )
    condition = f"only together with {', '.join(others[:3])}" if joined and others else ""
    if joined and not others:
        condition = "only together with the other products of its configuration"
    for node in nodes:
        matches = _matches(node, where)
        own = "its configuration is negated" if node.get("negate") else condition
        if node.get("operator") == "AND" and len(matches) > 1:
            own = own or "only together with the other products of its configuration"
        for match in matches:
            if match.get("vulnerable", False):
                yield _affected(match, own, where, source)


def _nodes(nodes: list[Any], where: str, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEPTH:
        raise Malformed(f"{where}: nodes are nested deeper than {_DEPTH}")
    for node in nodes:
        if not isinstance(node, dict):
            raise Malformed(f"{where}.nodes: expected objects")
        yield node
        yield from _nodes(as_list(node.get("children")), where, depth + 1)


def _matches(node: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    found = node.get("cpeMatch") or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Malformed(f"{where}.nodes.cpeMatch: expected a list of objects")
    return found


def _plain(match: Mapping[str, Any]) -> str:
    try:
        named = cpe.parse(str(match.get("criteria", "")))
    except ValueError:
        return "another product"
    return f"{named.vendor} {named.product}"


def _affected(match: Mapping[str, Any], condition: str, where: str, source: Source) -> Affected:
    try:
        named = cpe.parse(str(match.get("criteria", "")))
    except ValueError as wrong:
        raise Malformed(f"{where}.cpeMatch.criteria: {wrong}") from wrong
    bounds = {name: str(match.get(name) or "") for name in ("versionStartIncluding", "versionStartExcluding")}
    one = Range(
        introduced=bounds["versionStartIncluding"],
        after=bounds["versionStartExcluding"],
        fixed=str(match.get("versionEndExcluding") or ""),
        last=str(match.get("versionEndIncluding") or ""),
    )
    exact = cpe.version_of(named)
    if cpe.is_wild(named):
        exact, condition = "", f"its version has a wildcard: {unescaped(named.version)}"
    elif named.version == cpe.NA:
        condition = condition or "the feed names no version"
    return Affected(
        source=source,
        kind="cpe",
        key=unescaped(named.product),
        scheme=versions.scheme_of_cpe(unescaped(named.vendor), unescaped(named.product)),
        versions=(exact,) if exact else (),
        ranges=() if exact else (one,),
        condition=condition,
        cpe=str(match["criteria"]),
    )
