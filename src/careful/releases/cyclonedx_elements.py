"""The parts of a CycloneDX document (ECMA-424), as typed structs with only what we use of them.

They are filled from JSON, or from XML by cyclonedx_xml.py.
"""

import msgspec


class Hash(msgspec.Struct, gc=False):
    """A digest of a component's file."""

    alg: str
    content: str


class Supplier(msgspec.Struct, gc=False):
    """Who supplied a component, or the file itself."""

    name: str | None = None


class Licence(msgspec.Struct, gc=False):
    """A licence by its SPDX id or its name."""

    id: str | None = None
    name: str | None = None


class LicenceChoice(msgspec.Struct):
    """A licence, or an SPDX expression of several."""

    license: Licence | None = None
    expression: str | None = None


class Issue(msgspec.Struct, gc=False):
    """What a patch resolves."""

    type: str = ""
    id: str | None = None
    name: str | None = None


class Attached(msgspec.Struct, gc=False):
    """A text inside the file."""

    content: str = ""
    encoding: str | None = None


class Diff(msgspec.Struct):
    """What a patch changes: its text, or where that is."""

    text: Attached | None = None
    url: str | None = None


class Patch(msgspec.Struct):
    """A change made to a component before it was built."""

    type: str = ""
    diff: Diff | None = None
    resolves: list[Issue] | None = None


class Pedigree(msgspec.Struct):
    """Where a component comes from and how it was changed."""

    patches: list[Patch] | None = None


class Property(msgspec.Struct, gc=False):
    """A named value that tools add; some write numbers, which the schema does not allow."""

    name: str | None = None
    value: str | int | float | bool | None = None


class Identity(msgspec.Struct, rename={"value": "concludedValue"}):
    """What a tool concluded a component to be."""

    field: str = ""
    value: str | None = None


class Evidence(msgspec.Struct):
    """How a component was found; since 1.6 it may be taken for several things."""

    identity: list[Identity] | Identity | None = None


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
    evidence: Evidence | None = None
    components: list["Part"] | None = None


class Tool(msgspec.Struct, gc=False):
    """What wrote the file."""

    name: str | None = None


class Tools(msgspec.Struct):
    """What wrote the file, as it is listed since 1.5."""

    components: list[Tool] | None = None


class Metadata(msgspec.Struct):
    """What the file is about (`component` is the image itself), and who wrote it, with what and when."""

    component: Part | None = None
    timestamp: str | None = None
    authors: list[Supplier] | None = None
    supplier: Supplier | None = None
    manufacture: Supplier | None = None
    manufacturer: Supplier | None = None
    tools: list[Tool] | Tools | None = None


class Dependency(msgspec.Struct, rename={"depends_on": "dependsOn"}):
    """What a component depends on."""

    ref: str
    depends_on: list[str] | None = None


class Analysis(msgspec.Struct):
    """What the builder found out about a flaw."""

    state: str | None = None
    justification: str | None = None
    response: list[str] | None = None
    detail: str | None = None


class Affects(msgspec.Struct, gc=False):
    """Which component a statement is about."""

    ref: str


class Vulnerability(msgspec.Struct):
    """A statement on a flaw, in the file itself."""

    id: str | None = None
    analysis: Analysis | None = None
    affects: list[Affects] | None = None


class Bom(msgspec.Struct, rename={"bom_format": "bomFormat", "spec_version": "specVersion", "serial": "serialNumber"}):
    """A CycloneDX document."""

    bom_format: str
    spec_version: str
    serial: str | None = None
    metadata: Metadata | None = None
    components: list[Part] | None = None
    dependencies: list[Dependency] | None = None
    vulnerabilities: list[Vulnerability] | None = None
