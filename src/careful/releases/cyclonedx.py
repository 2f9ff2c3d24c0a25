"""Reading CycloneDX, versions 1.2 to 1.7 (ECMA-424), with typed structs: only what we use, in milliseconds.

What the file nests is made flat. What it lists as
built with but not shipped (`scope: excluded`, Buildroot's host packages, Careful's own subject) is told apart. Patches
that name a flaw, and the file's own statements on flaws, are kept with their component. All CPEs are kept: syft writes
its further guesses as properties, others as evidence of identity.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from itertools import chain, islice
from urllib.parse import unquote

import msgspec

from careful.kernel.errors import TooLarge
from careful.releases.cyclonedx_elements import (
    Analysis,
    Bom,
    Diff,
    Identity,
    LicenceChoice,
    Metadata,
    Part,
    Patch,
    Tools,
)
from careful.releases.identifiers import parse_cpe, parse_purl
from careful.releases.listing import (
    MOST_COMPONENTS,
    MOST_DEPTH,
    MOST_REMARKS,
    Entry,
    Listing,
    Subject,
    chosen,
    flaws_in,
    named,
    plain,
    say,
    settled,
    with_upstream,
)
from careful.releases.model import Found, SbomRemark, Statement

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_HEADER_END = re.compile(r"^(?:diff |--- |Index: )", re.MULTILINE)
_HEADER_FLAWS = re.compile(r"^CVE: (?P<flaws>.*)$", re.MULTILINE)
_LONGEST_HEADER = 20_000
_IGNORED = "marked as ignored by Buildroot"
_GUESSES = frozenset({"syft:cpe23", "syft:cpe22"})


def listing(bom: Bom, form: str = "JSON", spell: Callable[[str], str] = str) -> Listing:
    """Return what the file lists. Its entries raise TooLarge beyond our limits on depth and number.

    `spell` turns the JSON path of a component into what its place is called in the file.
    """
    about = bom.metadata or Metadata()
    people = [about.manufacturer, about.manufacture, about.supplier, *(about.authors or ())]
    tools = about.tools.components if isinstance(about.tools, Tools) else about.tools
    remarks: list[SbomRemark] = []
    return Listing(
        format=f"CycloneDX {bom.spec_version} {form}",
        entries=entries(bom, remarks, spell),
        subject=subject(bom),
        author=next((name for one in people if one and (name := plain(one.name))), ""),
        tool=next((name for one in tools or () if (name := plain(one.name))), ""),
        timestamp=plain(about.timestamp, 64),
        remarks=remarks,
    )


def subject(bom: Bom) -> Subject | None:
    """Return what the SBOM is about, if it says so."""
    about = bom.metadata.component if bom.metadata else None
    if about is None:
        return None
    digests = {one.content.lower() for one in about.hashes or () if one.alg.upper() == "SHA-256"}
    return Subject(about.name, about.version, frozenset(digests))


def entries(bom: Bom, remarks: list[SbomRemark] | None = None, spell: Callable[[str], str] = str) -> Iterator[Entry]:
    """Yield every component, parents before children. Raises TooLarge beyond our limits on depth and number.

    At the end, what statements and dependencies name that is not in the file is added to `remarks`.
    """
    said = _statements(bom, remarks, spell)
    related = {ref for one in bom.dependencies or () for ref in (one.ref, *(one.depends_on or ()))}
    about = bom.metadata.component if bom.metadata else None
    if about and parse_cpe(about.cpe or ""):  # flaws are listed by it, as ESP-IDF names all of its framework here
        place = spell("$.metadata.component")
        yield Entry(place, _found(about, said), related=about.bom_ref in related)
    refs: dict[str | None, str] = {about.bom_ref: spell("$.metadata.component")} if about else {}
    twice: list[SbomRemark] = []
    for number, (path, part, depth) in enumerate(_walk(bom), 1):
        place = spell(path)
        if depth > MOST_DEPTH:
            raise TooLarge(f"Components are nested more than {MOST_DEPTH} deep.", where=place)
        if number > MOST_COMPONENTS:
            raise TooLarge(f"An SBOM may list {MOST_COMPONENTS} components.", where=place)
        if part.bom_ref and refs.setdefault(part.bom_ref, place) != place:
            twice.append(
                SbomRemark(place, f"the bom-ref {plain(part.bom_ref, 200)!r} is used before, at {refs[part.bom_ref]}")
            )
        yield Entry(place, _found(part, said), _left_out(part), related=depth > 1 or part.bom_ref in related)
    if remarks is not None:
        remarks.extend([*twice[:MOST_REMARKS], *_dangling(spell("$"), refs, said, related)])


def _dangling(
    where: str, refs: Container[str | None], said: Mapping[str, list[Statement]], related: set[str]
) -> list[SbomRemark]:
    unsaid = (f"a statement on {said[ref][0].flaw} is about {plain(ref, 200)!r}" for ref in said if ref not in refs)
    lost = sorted(islice((ref for ref in related if ref not in refs), MOST_REMARKS))
    unmet = (f"a dependency names {plain(ref, 200)!r}" for ref in lost)
    return [SbomRemark(where, f"{one}, which is not in the file") for one in islice(chain(unsaid, unmet), MOST_REMARKS)]


def _walk(bom: Bom) -> Iterator[tuple[str, Part, int]]:
    """Yield every component with its place and depth, in the order of the file, without a list of them all."""
    about = bom.metadata.component if bom.metadata else None
    stack = [_numbered("$", bom.components)]
    if about:
        stack.append(_numbered("$.metadata.component", about.components))
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            continue
        place, part = found
        yield place, part, len(stack) - (1 if about and place.startswith("$.metadata") else 0)
        if part.components:
            stack.append(_numbered(place, part.components))


def _numbered(place: str, parts: Iterable[Part] | None) -> Iterator[tuple[str, Part]]:
    return ((f"{place}.components[{at}]", part) for at, part in enumerate(parts or ()))


def _found(part: Part, said: Mapping[str, list[Statement]]) -> Found:
    patched = [one for patch in (part.pedigree and part.pedigree.patches) or () for one in _patched(patch)]
    about = said.get(part.bom_ref, []) if part.bom_ref else []
    identities = _identities(part)
    purls = chosen([part.purl, *(one.value for one in identities if one.field == "purl")], "purl")
    properties = {one.name: one.value for one in part.properties or () if isinstance(one.value, str)}
    guesses = [one.value for one in part.properties or () if one.name in _GUESSES and isinstance(one.value, str)]
    cpes = chosen([part.cpe, *(one.value for one in identities if one.field == "cpe"), *guesses], "cpe")
    purl = parse_purl(purls[0]) if purls else None
    return Found(
        name=plain(f"{part.group}/{part.name}" if part.group else part.name),
        version=plain(part.version) or (plain(purl.version) if purl else ""),
        purl=with_upstream(purls[0], *_source(properties)) if purls else "",
        cpe=cpes[0] if cpes else "",
        more_cpes=cpes[1:],
        type=plain(part.type, 64),
        supplier=plain((part.supplier.name if part.supplier else None) or part.publisher),
        licence=plain(_licence(part.licenses or ())),
        hashes={plain(one.alg, 64): plain(one.content, 256) for one in part.hashes or ()},
        statements=settled([*patched, *about]),
        patches=named(_name(patch) for patch in (part.pedigree and part.pedigree.patches) or ()),
        reason=_range_reason(part),
    )


def _source(properties: Mapping[str | None, str]) -> tuple[str, str]:
    """Return the source package that a distribution's package was built from, and its version, as trivy writes them.

    Distributions list flaws by source package; syft writes it into the purl itself.
    """
    of = {part: properties.get(f"aquasecurity:trivy:Src{part}", "") for part in ("Name", "Version", "Release", "Epoch")}
    version = (
        (f"{of['Epoch']}:" if of["Epoch"] else "") + of["Version"] + (f"-{of['Release']}" if of["Release"] else "")
    )
    return of["Name"], version


def _identities(part: Part) -> list[Identity]:
    found = part.evidence.identity if part.evidence else None
    return [found] if isinstance(found, Identity) else found or []


def _patched(patch: Patch) -> Iterator[Statement]:
    """Yield the flaws that a patch mends: those it resolves, those its file is named for, those its header names."""
    resolved = [name for one in patch.resolves or () if one.type == "security" and (name := one.name or one.id)]
    for name in (flaw for text in resolved for flaw in flaws_in(text) or [text]):  # Buildroot writes a line of several
        yield say(name, "patched", "a patch in its pedigree names it")
    diff = patch.diff or Diff()
    file = (diff.url or "").rpartition("/")[2]
    for flaw in flaws_in(file):
        yield say(flaw, "patched", "a patch in its pedigree is named for it", file)
    if not resolved and diff.text and not diff.text.encoding:
        header = _HEADER_END.split(diff.text.content[:_LONGEST_HEADER], maxsplit=1)[0]
        for flaw in flaws_in(" ".join(_HEADER_FLAWS.findall(header))):
            yield say(flaw, "patched", "the header of a patch in its pedigree names it")


def _name(patch: Patch) -> str:
    """Return what a patch is known by: its file, and where its text is here the digest of it."""
    diff = patch.diff or Diff()
    file = (diff.url or "").rstrip("/").rpartition("/")[2]
    text = diff.text.content if diff.text else ""
    digest = f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}" if text else ""
    resolved = ", ".join(name for one in patch.resolves or () if (name := one.name or one.id))
    return " ".join(one for one in (file, digest) if one) or resolved


def _licence(choices: Iterable[LicenceChoice]) -> str:
    named = [one.expression or (one.license and (one.license.id or one.license.name)) or "" for one in choices]
    return " AND ".join(name for name in named if name)


def _range_reason(part: Part) -> str:
    return "it states a range of versions, no single one" if part.version_range and not part.version else ""


def _left_out(part: Part) -> str:
    if part.scope == "excluded":
        return "built or tested with, not shipped (scope: excluded)"
    if any(one.name == "BR_TYPE" and one.value == "host" for one in part.properties or ()):
        return "a build tool of the host, not in the image (BR_TYPE: host)"
    if part.external:
        return "expected in the device's surroundings, not in the image (isExternal)"
    return ""


def _statements(bom: Bom, remarks: list[SbomRemark] | None, spell: Callable[[str], str]) -> dict[str, list[Statement]]:
    said: dict[str, list[Statement]] = {}
    bare = 0
    for one in bom.vulnerabilities or ():
        if one.id and one.analysis and one.analysis.state:
            statement = _statement(one.id, one.analysis)
            for affected in one.affects or ():
                said.setdefault(_local(affected.ref), []).append(statement)
        else:
            bare += 1
    if bare and remarks is not None:
        says = (
            f"{bare} flaws are listed without a state of analysis: what is found is not taken over, but looked up anew"
        )
        remarks.append(SbomRemark(spell("$.vulnerabilities"), says))
    return said


def with_vex(bom: Bom, others: Iterable[Bom]) -> Bom:
    """Return a BOM with what documents without components say of it by its serial number (BOM-Link).

    meta-cyclonedx and ESP-IDF write the VEX of an SBOM into a file of its own. A statement on another BOM is kept too:
    that it is about nothing in the file will be remarked.
    """
    link = f"urn:cdx:{(bom.serial or '').removeprefix('urn:uuid:')}/"
    told = [each for one in others for each in one.vulnerabilities or ()]
    for each in told if bom.serial else ():
        for affected in each.affects or ():
            if affected.ref.startswith("urn:cdx:") and not affected.ref.startswith(link):
                affected.ref = f"of another BOM: {affected.ref}"
    return msgspec.structs.replace(bom, vulnerabilities=[*(bom.vulnerabilities or ()), *told])


def _local(ref: str) -> str:
    """Return the reference inside this file; a BOM-Link (`urn:cdx:…/1#ref`) names the file too."""
    return unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ref


def _statement(flaw: str, analysis: Analysis) -> Statement:
    """Return an analysis as a statement.

    Buildroot lists in IGNORE_CVES what a patch of its own fixes and what does not matter in its build (its manual on
    generic-package), and writes `in_triage` for it where it knows no patch.
    """
    state, detail = analysis.state or "", analysis.detail or ""
    if state == "in_triage" and _IGNORED in detail:
        return say(flaw, "not_affected", "Buildroot IGNORE_CVES", detail)
    return say(flaw, state, "CycloneDX VEX", analysis.justification, detail, ", ".join(analysis.response or ()))
