"""What becomes of every line of an SBOM, whatever its format: taken, merged, unmatchable or left out, and why. Pure.

What cannot be looked up in the known flaws is kept and says why, so that no coverage never reads as no flaws. What is
listed twice, what one recipe gave, and the modules of a kernel are one component; what is said of either is said of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from careful.kernel.errors import TooLarge
from careful.releases import sources
from careful.releases.identifiers import names_linux, parse_cpe, parse_purl
from careful.releases.listing import MOST_CPES, MOST_REMARKS, MOST_SAID, Entry, Listing, Subject, named, settled
from careful.releases.model import Found, SbomElement, SbomRemark, SbomReport, SbomRow, Statement

SETTLES = frozenset({"patched", "resolved", "resolved_with_pedigree", "not_affected", "false_positive"})
_OPEN = "exploitable"
_MODULES = ("kmod-", "kernel-module-", "kernel-modules")
_PLACES = 100

_Key = tuple[str | bool, ...]


@dataclass(frozen=True, slots=True)
class Sbom:
    """What an SBOM says is in an image, and how each line of it was taken."""

    components: tuple[Found, ...]
    report: SbomReport
    subject: Subject | None


@dataclass(slots=True)
class _Kept:
    """A component of the release: the first place that lists it, and what all places say of it."""

    where: str
    found: Found
    related: bool
    statements: list[Statement] = field(default_factory=list)
    patches: list[str] = field(default_factory=list)
    files: dict[int, frozenset[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)

    def note_files(self, one: Found) -> None:
        """Keep the compiled files that any place lists; the packages of one recipe share one list."""
        if one.files:
            self.files[id(one.files)] = one.files
            if one.name.startswith(_MODULES):
                self.modules.add(one.name)

    def whole(self) -> Found:
        """Return the component with what is said of it anywhere."""
        said = (*self.found.statements, *self.statements)
        found = replace(self.found, statements=reconciled(said)) if said else self.found
        found = replace(found, patches=named((*(found.patches or ()), *self.patches))) if self.patches else found
        return replace(found, files=sources.rooted(chain(*self.files.values()))) if self.files else found

    def doubt(self, files: frozenset[str]) -> str:
        """Say why the list of its compiled files cannot be believed, empty where it can or there is none."""
        return sources.doubt(files, self.modules) if files else ""


def account(listing: Listing) -> Sbom:
    """Decide on every entry. Raises what the reader raises while it gives them."""
    entries: list[Entry] = []
    reasons: list[str] = []
    versions: list[SbomRemark] = []
    for entry in _bounded(listing.entries):  # in one pass, while the names that were just read are at hand
        entries.append(entry)
        reasons.append("" if entry.left_out else entry.found.reason or why_unmatchable(entry.found))
        versions += _two_versions(entry)
    counter = _Counter(kernels=_kernels(entries))
    rows = [counter.place(*one) for one in zip(entries, reasons, strict=True)]
    counter.take_modules(rows)
    components, doubts = _believed(counter.kept.values())
    nothing = [] if rows else [SbomRemark("sbom", "the file lists no component")]
    remarks = [*listing.remarks, *nothing, *doubts, *_hidden(rows), *versions]
    counts = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("taken", "merged", "unmatchable")}
    report = SbomReport(
        format=listing.format,
        taken=counts["taken"],
        merged=counts["merged"],
        unmatchable=counts["unmatchable"],
        left_out=len(rows) - sum(counts.values()),
        rows=tuple(rows),
        elements=elements(listing, [(one.where, one.found, one.related) for one in counter.kept.values()]),
        remarks=tuple(remarks[:MOST_REMARKS]),
    )
    return Sbom(components, report, listing.subject)


def _believed(kept: Iterable[_Kept]) -> tuple[tuple[Found, ...], list[SbomRemark]]:
    """Return the components, and a remark for each whose list of compiled files is not believed and so left out."""
    found: list[Found] = []
    remarks: list[SbomRemark] = []
    for one in kept:
        whole = one.whole()
        if doubt := one.doubt(whole.files):
            says = f"its list of compiled files is not believed, so no flaw is set aside by it: it {doubt}"
            remarks.append(SbomRemark(one.where, says))
            whole = replace(whole, files=frozenset())
        found.append(whole)
    return tuple(found), remarks


def _bounded(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries until too much is said of flaws: what a recipe says, it says of each of its packages."""
    left = patches = MOST_SAID
    for entry in entries:
        left -= len(entry.found.statements)
        patches -= len(entry.found.patches or ())
        if left < 0:
            raise TooLarge(f"An SBOM may make {MOST_SAID:,} statements on flaws in its components.", where=entry.where)
        if patches < 0:
            raise TooLarge(f"An SBOM may name {MOST_SAID:,} patches in its components.", where=entry.where)
        yield entry


@dataclass(slots=True)
class _Counter:
    """Places entries one after the other, remembering which were there before."""

    kernels: dict[str, str]
    kept: dict[_Key, _Kept] = field(default_factory=dict)
    families: dict[str, _Key] = field(default_factory=dict)
    modules: list[tuple[int, str, Entry]] = field(default_factory=list)
    elders: dict[str, _Key] = field(default_factory=dict)
    placed: int = 0

    def place(self, entry: Entry, reason: str) -> SbomRow:
        self.placed += 1
        one = entry.found
        if entry.left_out:
            return _row(entry, "left out", entry.left_out)
        if (kernel := self.kernels.get(one.version)) and _is_module(one):
            self.modules.append((self.placed - 1, kernel, entry))
            return _row(entry, "merged", f"a module of the kernel at {kernel}", kernel)
        key = _key(one)
        if key in self.kept:
            elder = self._join(key, entry)
            return _row(entry, "merged", f"listed before, at {elder}", elder)
        if entry.family and entry.family in self.families:
            key = self.families[entry.family]
            elder = self._join(key, entry)
            return _row(entry, "merged", f"{entry.kin} as {elder}", elder)
        found = replace(one, reason=reason) if reason != one.reason else one
        self.kept[key] = kept = _Kept(entry.where, found, entry.related)
        kept.note_files(one)
        self.elders[entry.where] = key
        if entry.family:
            self.families[entry.family] = key
        return _row(entry, "unmatchable" if reason else "taken", reason)

    def take_modules(self, rows: list[SbomRow]) -> None:
        """Give the kernels, now that all are placed, what is said of their modules."""
        for at, kernel, entry in self.modules:
            elder = self._join(self.elders[kernel], entry)
            rows[at] = replace(rows[at], into=elder)

    def _join(self, key: _Key, entry: Entry) -> str:
        elder = self.kept[key]
        self.elders[entry.where] = key
        elder.statements.extend(entry.found.statements)
        elder.patches.extend(entry.found.patches or ())
        elder.note_files(entry.found)
        elder.related = elder.related or entry.related
        more = tuple(dict.fromkeys((*elder.found.cpes, *entry.found.cpes)))[:MOST_CPES]
        if more != elder.found.cpes:
            elder.found = replace(elder.found, cpe=more[0], more_cpes=more[1:])
        return elder.where


def _row(entry: Entry, outcome: str, reason: str, into: str = "") -> SbomRow:
    return SbomRow(entry.where, entry.found.name, entry.found.version, outcome, reason, into)  # type: ignore[arg-type]


def _key(one: Found) -> _Key:
    """Return what makes two entries the same: name and version, and the purl, else the CPEs."""
    return (one.name, one.version, one.type == "file", *((one.purl,) if one.purl else ("", *one.cpes)))


def _kernels(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the place of the first Linux kernel of each version."""
    found: dict[str, str] = {}
    for entry in entries:
        one = entry.found
        if one.version and not entry.left_out and not _is_module(one) and names_linux(one.cpes):
            found.setdefault(one.version, entry.where)
    return found


def _is_module(one: Found) -> bool:
    return one.name.startswith(_MODULES) and not one.purl and (not one.cpe or names_linux(one.cpes))


def reconciled(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return the statements, each once; where one says that a flaw can be exploited, none can settle it."""
    once = settled(statements)
    open_ones = {said.flaw for said in once if said.state == _OPEN}
    return tuple(
        replace(
            said, state="in_triage", detail=f"{said.state}, but another statement says {_OPEN}: {said.detail}"[:500]
        )
        if said.flaw in open_ones and said.state in SETTLES
        else said
        for said in once
    )


def why_unmatchable(one: Found) -> str:
    """Say why a component cannot be looked up; empty when it can."""
    purl = parse_purl(one.purl) if one.purl else None
    cpe = parse_cpe(one.cpe) if one.cpe else None
    if purl is None and cpe is None:
        if one.type == "file":
            return "a single file: known flaws are listed by package"
        if one.purl or one.cpe:
            return f"its {'purl' if one.purl else 'CPE'} cannot be read"
        return "no purl and no CPE"
    return "" if one.version or (cpe and cpe.version not in {"*", "-"}) else "no version"


def _hidden(rows: Iterable[SbomRow]) -> list[SbomRemark]:
    """Say which names hold signs that hide what one reads; the reader put U+FFFD in their place."""
    says = "its name or version holds signs that cannot be seen; each is shown as \ufffd"
    return [SbomRemark(row.where, says) for row in rows if "\ufffd" in row.name or "\ufffd" in row.version]


def _two_versions(entry: Entry) -> Iterator[SbomRemark]:
    """Say where a purl names another version than the component does: under a purl, its version is looked up."""
    one = entry.found
    purl = parse_purl(one.purl) if one.purl and one.version else None
    if purl and purl.version and purl.version != one.version and not entry.left_out:
        yield SbomRemark(entry.where, f"it states version {one.version}, its purl {purl.version}")


def elements(listing: Listing, components: Sequence[tuple[str, Found, bool]]) -> tuple[SbomElement, ...]:
    """Measure an SBOM against the minimum elements: those of NTIA (2021), and CISA's further three.

    `components` are the places of the components in the release, each with whether the file relates it to others.
    """
    of_each = [
        ("supplier", [where for where, one, _ in components if not one.supplier]),
        ("name", [where for where, one, _ in components if not one.name]),
        ("version", [where for where, one, _ in components if not one.version]),
        ("unique identifier", [where for where, one, _ in components if not (one.purl or one.cpe)]),
        ("dependency relationship", [where for where, _, related in components if not related]),
        ("hash", [where for where, one, _ in components if not one.hashes]),
        ("licence", [where for where, one, _ in components if not one.licence]),
    ]
    of_file = [("author", listing.author), ("timestamp", listing.timestamp), ("tool", listing.tool)]
    return tuple(
        SbomElement(name, len(components) - len(lacking), len(lacking), tuple(lacking[:_PLACES]))
        for name, lacking in of_each
    ) + tuple(SbomElement(name, int(bool(value)), int(not value)) for name, value in of_file)
