"""From components and feed rows to findings; pure.

A component is looked up by every name it has: its purl, the source package its purl names, its CPE. Advisories that
speak of the same flaw are one finding under its CVE number. What the record or the version leaves open is "check",
never silence. A flaw that the SBOM itself says is patched, or does not matter, is set apart with its words.

A name is looked up where a feed covers all of its ecosystem. Where none does, single records speak only of the packages
they name. A CPE has no such registry of names, so a product that no record names may be known by another: it was not
looked up, whatever is here of NVD. What could not be looked up is returned with its reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from careful.releases import Component, Found, Purl, parse_cpe, parse_purl, unescaped
from careful.vulnerabilities import cpe, versions
from careful.vulnerabilities.aliases import Aliases, shipped
from careful.vulnerabilities.deciding import Match, Sought, Verdict, decide, judge, names
from careful.vulnerabilities.feeds.record import Affected, Row, ecosystem_of
from careful.vulnerabilities.feeds.rows import Name
from careful.vulnerabilities.names import known_by_words
from careful.vulnerabilities.ranges import can_be_read

Known = Component | Found
"""A component of a release, or one just read from an SBOM."""

SETTLED = frozenset({"patched", "resolved", "resolved_with_pedigree", "false_positive", "not_affected"})
"""Words of an SBOM (CycloneDX impactAnalysisState; `patched` for a patch that names the flaw) that settle a flaw."""

_NAMELESS = "no purl and no CPE"
_SHOWN = 60
_SOURCE_NAMES = ("upstream", "source")


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome for a list of components; `unmatched` maps a place in the list to the reason.

    `settled` are flaws that the SBOM's own statements settle, or a better word rules out; their evidence says how.
    `partly` are the places of components of which only single records speak, with what that means: other flaws of
    theirs are not known here.
    """

    matches: tuple[Match, ...]
    unmatched: Mapping[int, str]
    settled: tuple[Match, ...] = ()
    partly: Mapping[int, str] = field(default_factory=dict)


def names_of(component: Known, aliases: Aliases | None = None) -> Iterator[Sought]:
    """Yield every name under which a component is to be looked up; `aliases` are the shipped ones where none are given.

    One with no identifier is looked up by its supplier and name in words.
    """
    known = aliases or shipped()
    if not component.purl and not component.cpe:
        yield from _in_words(component, known)
    purl = parse_purl(component.purl) if component.purl else None
    if purl:
        version = _with_epoch(purl, purl.version or component.version)
        yield Sought("purl", _purl_key(purl, purl.name), component.purl, version, purl)
        for name, value in purl.qualifiers:
            source, _, of_source = value.partition("@")
            if name in _SOURCE_NAMES and source != purl.name:
                yield Sought("purl", _purl_key(purl, source), component.purl, of_source or version, purl)
    for text in component.cpes:
        named = parse_cpe(text)
        if named:
            version = cpe.version_of(named) or component.version
            yield Sought("cpe", unescaped(named.product), text, version)
            for vendor, product in known.others.get((named.vendor, named.product), ()):
                other = ":".join((*text.split(":")[:3], vendor, product, named.version, "*:*:*:*:*:*:*"))
                yield Sought("cpe", unescaped(product), other, version)


def _with_epoch(purl: Purl, version: str) -> str:
    """Return a version as lists write it: package URLs of RPM state its epoch apart (purl's definition of `rpm`)."""
    epoch = dict(purl.qualifiers).get("epoch", "") if purl.type == "rpm" else ""
    return f"{epoch}:{version}" if epoch.isdecimal() and version and ":" not in version else version


def _in_words(component: Known, known: Aliases) -> Iterator[Sought]:
    if component.version and component.type != "file":
        for vendor, product in (name for names in _by_words(component, known) for name in names):
            text = f"cpe:2.3:*:{vendor}:{product}:*:*:*:*:*:*:*:*"
            yield Sought("cpe", unescaped(product), text, component.version)


def _by_words(component: Known, known: Aliases) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    return known_by_words(component.supplier, component.name, known)


def match(
    components: Sequence[Known],
    rows: Iterable[Row],
    coverage: frozenset[tuple[str, str]],
    aliases: Aliases | None = None,
    named_by: Mapping[Name, Iterable[Affected]] | None = None,
) -> Matched:
    """Match `components` against `rows`; `coverage` is what some feed covers in full.

    `named_by` says by which names the feeds have each package or product, in whatever version; left out, these rows are
    all that there are.
    """
    by_key = _Rows.of(rows, named_by)
    found: list[Match] = []
    settled: list[Match] = []
    unmatched: dict[int, str] = {}
    partly: dict[int, str] = {}
    for number, component in enumerate(components):
        sought = list(names_of(component, aliases))
        named = [one for one in sought if by_key.name(one)]
        whole = [one for one in sought if _covered_by(one) in coverage and (one.kind == "purl" or one in named)]
        in_words = component.reason == _NAMELESS
        if (component.reason and not in_words) or not (named or whole):
            unmatched[number] = component.reason or _uncovered(component, sought, coverage)
            continue
        if in_words:
            partly[number] = f"{_NAMELESS}: looked up by its supplier and name in words"
        elif not whole:
            partly[number] = f"only single records speak of it here: no feed covers all of {_wanted(named)}"
        said_of = [verdict for one in sought for verdict in by_key.verdicts(one)]
        untold = _untold(sought, said_of)
        if untold:
            unmatched[number] = untold
            partly.pop(number, None)
            said_of = _sure(said_of)
        held, ruled_out = decide(number, said_of)
        held = [_as_named(one, component, aliases or shipped(), in_words=in_words) for one in held]
        settled += ruled_out
        for one in held:
            said = _statement(component, one)
            (settled if said else found).append(replace(one, evidence=f"{said}; {one.evidence}") if said else one)
    return Matched(tuple(found), unmatched, tuple(settled), partly)


def _as_named(one: Match, component: Known, known: Aliases, *, in_words: bool) -> Match:
    """Say by which other name a flaw was found; one that is found by words that no table knows is to be checked."""
    if in_words:
        sure = any(f":{vendor}:{product}:" in one.evidence for vendor, product in _by_words(component, known)[0])
        how = "known by supplier and name" if sure else "by supplier and name in words alone"
        return replace(one, certainty=one.certainty if sure else "check", evidence=f"{one.evidence}; {how}")
    return one


def _untold(sought: Sequence[Sought], said_of: Sequence[Verdict]) -> str:
    """Say why nobody can tell which flaws a component has: its own version is none that can be compared."""
    if any(_is_version(one) for one in sought):
        return ""
    flaws = {one.row.flaw for one in said_of if one.hit == "check"}
    if not flaws:
        return ""
    number = "one flaw" if len(flaws) == 1 else f"{len(flaws):,} flaws"
    return f"its version {sought[0].version[:_SHOWN]!r} cannot be compared: {number} of that name cannot be told"


def _sure(said_of: Sequence[Verdict]) -> list[Verdict]:
    """Return what holds whatever the version is: all versions are affected, and no better word names some of them."""
    better: dict[str, int] = {}
    for one in said_of:
        if one.hit == "check":
            better |= {name: max(one.rank, better.get(name, 0)) for name in one.names}
    return [one for one in said_of if one.hit != "check" and one.rank >= max(better.get(name, 0) for name in one.names)]


def _is_version(one: Sought) -> bool:
    scheme = versions.scheme_of_purl(one.purl.type, one.purl.name) if one.purl else "generic"
    return can_be_read(one.version, scheme)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Feed rows by kind and key, by which names there are any, and the vendors under each CPE product."""

    by_key: dict[Name, list[Row]]
    named: Mapping[Name, Iterable[Affected]]
    vendors: dict[str, set[str]]
    said: dict[Sought, tuple[Verdict, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row], named_by: Mapping[Name, Iterable[Affected]] | None) -> "_Rows":
        by_key: dict[Name, list[Row]] = {}
        for row in rows:
            by_key.setdefault((row.affected.kind, row.affected.key), []).append(row)
        named = {key: [row.affected for row in of] for key, of in by_key.items()} if named_by is None else named_by
        vendors: dict[str, set[str]] = {}
        for (kind, key), frames in named.items():
            if kind == "cpe":
                vendors[key] = {cpe.parse(one.cpe).vendor for one in frames}
        return cls(by_key, named, vendors)

    def verdicts(self, sought: Sought) -> tuple[Verdict, ...]:
        """Return what all rows say of a name, worked out once however many components have it."""
        said = self.said.get(sought)
        if said is None:
            lone = self.one_vendor(sought.key)
            judged = (judge(sought, row, lone_vendor=lone) for row in self.by_key.get((sought.kind, sought.key), ()))
            said = self.said[sought] = tuple(one for one in judged if one)
        return said

    def name(self, sought: Sought) -> bool:
        """Tell whether any record may mean this very name, whatever it says of the version."""
        lone = self.one_vendor(sought.key)
        return any(names(sought, one, lone_vendor=lone) for one in self.named.get((sought.kind, sought.key), ()))

    def one_vendor(self, product: str) -> bool:
        return len(self.vendors.get(product, ())) == 1


def _purl_key(purl: Purl, name: str) -> str:
    if purl.type == "pypi":
        name = name.replace("_", "-").replace(".", "-")
    return "/".join(part for part in (purl.type, purl.namespace, name) if part).lower()


def _covered_by(one: Sought) -> tuple[str, str]:
    """Return what a feed must cover in full for this name to be looked up."""
    return one.kind, ecosystem_of(one.key) if one.kind == "purl" else ""


def _uncovered(component: Known, sought: Sequence[Sought], coverage: frozenset[tuple[str, str]]) -> str:
    if not sought:
        return "no purl and no CPE that can be read" if component.purl or component.cpe else "no purl and no CPE"
    lacking = [one for one in sought if _covered_by(one) not in coverage]
    reasons = [f"no feed here covers all of {_wanted(lacking)}"] if lacking else []
    return "; ".join([*reasons, "no record names it" + (" by its CPE" if not lacking else "")])


def _wanted(sought: Sequence[Sought]) -> str:
    kinds = dict.fromkeys(f"pkg:{_covered_by(one)[1]}" if one.kind == "purl" else "CPE names" for one in sought)
    return " or ".join(kinds)


def _statement(component: Known, found: Match) -> str:
    for said in component.statements:
        if said.flaw in found.names and said.state in SETTLED:
            return f"the SBOM says {said.state.replace('_', ' ')}" + (f" ({said.detail})" if said.detail else "")
    return ""
