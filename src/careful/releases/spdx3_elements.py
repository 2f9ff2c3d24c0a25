"""The elements of an SPDX 3.0 graph (JSON-LD), as typed structs: one for all types, with only what we use of them.

Ids and types may be written as SPDX has them (`spdxId`, `type`) or as JSON-LD has them (`@id`, `@type`).
"""

import msgspec


class Identifier(msgspec.Struct, rename="camel"):
    """A name that an element has elsewhere."""

    external_identifier_type: str = ""
    identifier: str = ""


class Digest(msgspec.Struct, rename={"content": "hashValue"}):
    """A digest of an element's file."""

    algorithm: str = ""
    content: str = ""


class Agent(msgspec.Struct):
    """A person, organisation or tool, where it stands inside another element."""

    name: str | None = None


class Creation(msgspec.Struct, rename={"by": "createdBy", "using": "createdUsing", "spec": "specVersion"}):
    """When, by whom and with what an element was described, where that stands inside the element."""

    created: str | None = None
    by: list[str | Agent] | str | None = None
    using: list[str | Agent] | str | None = None
    spec: str | None = None


class Element(
    msgspec.Struct,
    rename={
        "kind": "type", "ld_kind": "@type", "id": "spdxId", "ld_id": "@id", "creation": "creationInfo",
        "identifiers": "externalIdentifier", "hashes": "verifiedUsing", "supplier": "suppliedBy", "by": "createdBy",
        "using": "createdUsing", "first": "from", "second": "to", "relation": "relationshipType",
        "purpose": "software_primaryPurpose", "version": "software_packageVersion", "purl": "software_packageUrl",
        "root": "rootElement", "build": "build_buildType", "expression": "simplelicensing_licenseExpression",
        "justification": "security_justificationType", "impact": "security_impactStatement",
        "action": "security_actionStatement", "notes": "security_statusNotes", "withdrawn": "security_withdrawnTime",
        "spec": "specVersion",
    },
):  # fmt: skip
    """An element of any type: what we use of it."""

    kind: str | None = None
    ld_kind: str | None = None
    id: str | None = None
    ld_id: str | None = None
    name: str | None = None
    creation: str | Creation | None = None
    identifiers: list[Identifier] | None = None
    hashes: list[Digest] | None = None
    supplier: list[str | Agent] | str | Agent | None = None
    created: str | None = None
    by: list[str | Agent] | str | None = None
    using: list[str | Agent] | str | None = None
    first: str | None = None
    second: list[str] | str | None = None
    relation: str | None = None
    scope: str | None = None
    purpose: str | None = None
    version: str | None = None
    purl: str | None = None
    root: list[str] | str | None = None
    build: str | None = None
    expression: str | None = None
    justification: str | None = None
    impact: str | None = None
    action: str | None = None
    notes: str | None = None
    withdrawn: str | None = None
    spec: str | None = None

    @property
    def place(self) -> str:
        """Return the element's id, empty where it has none."""
        return self.id or self.ld_id or ""

    @property
    def what(self) -> str:
        """Return the element's type, without its profile: `software_Package` is `Package`."""
        return (self.kind or self.ld_kind or "").rpartition("/")[2].rpartition("_")[2].rpartition(":")[2]

    @property
    def to(self) -> list[str]:
        """Return what a relationship leads to."""
        return [self.second] if isinstance(self.second, str) else self.second or []


class Document(msgspec.Struct, rename={"graph": "@graph"}):
    """An SPDX 3 document."""

    graph: list[Element]
