"""What a release is: one image, the list of what is in it, and its place in the product's line; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

State = Literal["draft", "signed", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """The image as devices get it. Three digests, because DDI clients ask for three."""

    sha256: str
    sha1: str
    md5: str
    size: int
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one product. `security_version` grows with every release of the product."""

    id: str
    product: str
    version: str
    state: State
    artifact: Artifact
    sbom_sha256: str
    hardware: tuple[str, ...]
    security_version: int
    fixes: tuple[str, ...]
    notes: str
    added_at: datetime
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A component as an SBOM states it. `matchable` is false where nothing could ever be looked up; `reason` why."""

    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    type: str = "library"
    supplier: str = ""
    licence: str = ""
    hashes: Mapping[str, str]
    reason: str = ""

    @property
    def matchable(self) -> bool:
        """Tell whether flaws can be looked up for it."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Found):
    """A component of a release, numbered."""

    id: int
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomRow:
    """What became of one entry of the SBOM: taken, merged into another, or unmatchable; `where` is its JSON path."""

    where: str
    name: str
    version: str
    outcome: Literal["taken", "merged", "unmatchable"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SbomReport:
    """An account of every entry of an SBOM."""

    format: str
    rows: tuple[SbomRow, ...]

    def count(self, outcome: str) -> int:
        """Count the entries with this outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def taken(self) -> int:
        """Entries that can be looked up."""
        return self.count("taken")

    @property
    def merged(self) -> int:
        """Entries that said what another said already."""
        return self.count("merged")

    @property
    def unmatchable(self) -> int:
        """Entries that are kept but cannot be looked up."""
        return self.count("unmatchable")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedRelease:
    """What `add` made of a build."""

    release: Release
    report: SbomReport
