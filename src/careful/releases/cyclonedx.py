"""Reading CycloneDX JSON, versions 1.2 to 1.7 (ECMA-424), with typed structs: only what we use, in milliseconds.

What the file nests is made flat. What it lists as built with but not shipped (`scope: excluded`, Buildroot's host
packages, Careful's own subject) is told apart. Patches that name a flaw, and the file's own statements on flaws, are
kept with their component.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from careful.kernel.errors import TooLarge
from careful.releases.identifiers import parse_purl
from careful.releases.model import Found, Statement

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
MOST_DEPTH = 32
MOST_COMPONENTS = 100_000
_LONGEST_NAME = 1000
_LONGEST_IDENTIFIER = 2001  # one more than is read, so that what is cut is never taken for whole
_LONGEST_DETAIL = 500
_MOST_STATEMENTS = 1000


class Hash(msgspec.Struct):
    """A digest of a component's file."""

    alg: str
    content: str


class Supplier(msgspec.Struct):
    """Who supplied a component."""

    name: str | None = None


class Licence(msgspec.Struct):
    """A licence by its SPDX id or its name."""

    id: str | None = None
    name: str | None = None


class LicenceChoice(msgspec.Struct):
    """A licence, or an SPDX expression of several."""

    license: Licence | None = None
    expression: str | None = None


class Issue(msgspec.Struct):
    """What a patch resolves."""

    type: str = ""
    id: str | None = None
    name: str | None = None


class Patch(msgspec.Struct):
    """A change made to a component before it was built."""

    resolves: list[Issue] = []


class Pedigree(msgspec.Struct):
    """Where a component comes from and how it was changed."""

    patches: list[Patch] = []


class Property(msgspec.Struct):
    """A named value that tools add."""

    name: str | None = None
    value: str | None = None


class Part(msgspec.Struct, rename={"bom_ref": "bom-ref", "version_range": "versionRange", "external": "isExternal"}):
    """A component, perhaps with components of its own."""

    name: str
    type: str = "library"
    bom_ref: str | None = None
    group: str | None = None
    version: str | None = None
    version_range: str | None = None
    external: bool = False
    purl: str | None = None
    cpe: str | None = None
    scope: str | None = None
    supplier: Supplier | None = None
    publisher: str | None = None
    hashes: list[Hash] | None = None
    licenses: list[LicenceChoice] | None = None
    pedigree: Pedigree | None = None
    properties: list[Property] | None = None
    components: list["Part"] | None = None


class Metadata(msgspec.Struct):
    """What the file is about: `component` is the image itself."""

    component: Part | None = None


class Analysis(msgspec.Struct):
    """What the builder found out about a flaw."""

    state: str | None = None
    justification: str | None = None
    detail: str | None = None


class Affects(msgspec.Struct):
    """Which component a statement is about."""

    ref: str


class Vulnerability(msgspec.Struct):
    """A statement on a flaw, in the file itself."""

    id: str | None = None
    analysis: Analysis | None = None
    affects: list[Affects] | None = None


class Bom(msgspec.Struct, rename={"bom_format": "bomFormat", "spec_version": "specVersion"}):
    """A CycloneDX document."""

    bom_format: str
    spec_version: str
    metadata: Metadata | None = None
    components: list[Part] | None = None
    vulnerabilities: list[Vulnerability] | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the SBOM says it describes: name, version and SHA-256 of the image, where stated."""

    name: str
    version: str | None
    sha256: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed component, by its JSON path; `left_out` says why it is not in the image, where it is not."""

    where: str
    found: Found
    left_out: str = ""


def subject(bom: Bom) -> Subject | None:
    """Return what the SBOM is about, if it says so."""
    about = bom.metadata.component if bom.metadata else None
    if about is None:
        return None
    digests = {one.content.lower() for one in about.hashes or () if one.alg.upper() == "SHA-256"}
    return Subject(about.name, about.version, frozenset(digests))


def entries(bom: Bom) -> Iterator[Entry]:
    """Yield every component, parents before children. Raises TooLarge beyond our limits on depth and number."""
    said = _statements(bom)
    for number, (place, part, depth) in enumerate(_walk(bom), 1):
        if depth > MOST_DEPTH:
            raise TooLarge(f"Components are nested more than {MOST_DEPTH} deep.", where=place)
        if number > MOST_COMPONENTS:
            raise TooLarge(f"An SBOM may list {MOST_COMPONENTS} components.", where=place)
        yield Entry(place, _found(part, said), _left_out(part))


def _walk(bom: Bom) -> Iterator[tuple[str, Part, int]]:
    about = bom.metadata.component if bom.metadata else None
    stack = [(f"$.components[{at}]", part, 1) for at, part in enumerate(bom.components or ())]
    if about:
        inner = [(f"$.metadata.component.components[{at}]", one, 1) for at, one in enumerate(about.components or ())]
        stack = inner + stack
    stack.reverse()
    while stack:
        place, part, depth = stack.pop()
        yield place, part, depth
        children = [(f"{place}.components[{at}]", one, depth + 1) for at, one in enumerate(part.components or ())]
        stack.extend(reversed(children))


def _found(part: Part, said: Mapping[str, list[Statement]]) -> Found:
    patched = [
        Statement(issue.name or issue.id or "", "patched", "a patch in its pedigree names it")
        for patch in (part.pedigree.patches if part.pedigree else ())
        for issue in patch.resolves
        if issue.type == "security" and (issue.name or issue.id)
    ]
    about = said.get(part.bom_ref, []) if part.bom_ref else []
    version = (part.version or "").strip()
    name = f"{part.group}/{part.name}" if part.group else part.name
    purl = parse_purl(part.purl.strip()) if part.purl else None
    return Found(
        name=name[:_LONGEST_NAME],
        version=(version or (purl.version if purl else ""))[:_LONGEST_NAME],
        purl=(part.purl or "").strip()[:_LONGEST_IDENTIFIER],
        cpe=(part.cpe or "").strip()[:_LONGEST_IDENTIFIER],
        type=part.type[:64],
        supplier=((part.supplier.name if part.supplier else None) or part.publisher or "")[:_LONGEST_NAME],
        licence=_licence(part.licenses or ())[:_LONGEST_NAME],
        hashes={one.alg[:64]: one.content[:256] for one in part.hashes or ()},
        statements=tuple(dict.fromkeys(patched + about))[:_MOST_STATEMENTS],
        reason=_range_reason(part),
    )


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


def _statements(bom: Bom) -> dict[str, list[Statement]]:
    said: dict[str, list[Statement]] = {}
    for one in bom.vulnerabilities or ():
        if not one.id or not one.analysis or not one.analysis.state:
            continue
        why = one.analysis.detail or one.analysis.justification or ""
        statement = Statement(one.id[:100], one.analysis.state[:64], why[:_LONGEST_DETAIL])
        for affected in one.affects or ():
            said.setdefault(affected.ref, []).append(statement)
    return said
