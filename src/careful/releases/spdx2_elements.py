"""The parts of an SPDX 2 document (ISO/IEC 5962), as typed structs with only what we use of them.

They are filled from JSON, or from tag-value by spdx2_tag.py.
"""

import msgspec


class Checksum(msgspec.Struct, rename={"content": "checksumValue"}):
    """A digest of a package."""

    algorithm: str
    content: str


class Reference(msgspec.Struct, rename={"type": "referenceType", "locator": "referenceLocator"}):
    """A name that the package has elsewhere: a purl, a CPE."""

    type: str
    locator: str


class Annotation(msgspec.Struct, gc=False):
    """A remark of a tool or person; Yocto marks recipes for the build host so (`isNative`)."""

    comment: str | None = None


class Package(
    msgspec.Struct,
    rename={
        "id": "SPDXID", "version": "versionInfo", "references": "externalRefs", "purpose": "primaryPackagePurpose",
        "declared": "licenseDeclared", "concluded": "licenseConcluded", "source": "sourceInfo",
    },
):  # fmt: skip
    """A package: a component, a recipe, or the image itself."""

    name: str
    id: str
    version: str | None = None
    supplier: str | None = None
    originator: str | None = None
    references: list[Reference] | None = None
    purpose: str | None = None
    declared: str | None = None
    concluded: str | None = None
    source: str | None = None
    comment: str | None = None
    checksums: list[Checksum] | None = None
    annotations: list[Annotation] | None = None
    line: int = 0


class Relationship(
    msgspec.Struct,
    gc=False,
    rename={"first": "spdxElementId", "kind": "relationshipType", "second": "relatedSpdxElement"},
):
    """`first` stands in relation `kind` to `second`; Yocto writes as `comment` the source that a file is made of."""

    first: str
    kind: str
    second: str
    comment: str | None = None


class CreationInfo(msgspec.Struct):
    """Who made the file, with what, and when."""

    created: str | None = None
    creators: list[str] | None = None


class Outside(msgspec.Struct, rename={"id": "externalDocumentId", "document": "spdxDocument"}):
    """Another document that this one refers to, by its namespace."""

    id: str
    document: str


class File(msgspec.Struct, gc=False, rename={"name": "fileName", "types": "fileTypes"}):
    """A single file. That it is listed counts, and of a kernel's source its name."""

    name: str | None = None
    types: list[str] | None = None


class Document(
    msgspec.Struct,
    rename={
        "version": "spdxVersion", "namespace": "documentNamespace", "creation": "creationInfo",
        "outside": "externalDocumentRefs", "described": "documentDescribes",
    },
):  # fmt: skip
    """An SPDX 2 document."""

    version: str
    name: str | None = None
    namespace: str | None = None
    creation: CreationInfo | None = None
    packages: list[Package] | None = None
    relationships: list[Relationship] | None = None
    outside: list[Outside] | None = None
    described: list[str] | None = None
    files: list[File] | None = None
