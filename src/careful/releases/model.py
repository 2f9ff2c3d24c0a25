"""What is true of a release: its image, what is in it, and how its SBOM was read. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from careful.kernel.errors import Invalid
from careful.releases.bundles_facts import Bundle

State = Literal["draft", "signed", "withdrawn"]
Outcome = Literal["taken", "merged", "unmatchable", "left out"]

VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~_-]{0,63}")
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
FLAW = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_MOST_HARDWARE = 64
_MOST_FIXES = 1000
_LONGEST_NOTES = 10_000


@dataclass(frozen=True, slots=True)
class Artifact:
    """The image that devices install: digests in lower-case hex, size in bytes, and the name it came with."""

    sha256: str
    sha1: str
    md5: str
    size: int
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A further file of a release, for a part of the device; `bundle` is what it says about itself, if it is one."""

    part: str
    name: str
    version: str
    artifact: Artifact
    bundle: Bundle | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Release:
    """One version of one product. `security_version` counts up with every release; a device never goes below its own.

    `components` and `unmatchable` count what the SBOM gave. `declaration` is the version of the product file by which
    devices on this release are judged; None for a release from before that was noted.
    """

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
    components: int = 0
    unmatchable: int = 0
    parts: tuple[Part, ...] = ()
    declaration: int | None = None

    def file(self, name: str) -> Artifact | None:
        """Return the image or the part with this file name."""
        files = (self.artifact, *(one.artifact for one in self.parts))
        return next((one for one in files if one.filename == name), None)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the builder says of a flaw in a component: patched, ignored with a reason, still in triage.

    `state` is a word of CycloneDX (`impactAnalysisState`), or `patched` where a patch in the pedigree names the flaw.
    """

    flaw: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A component as an SBOM states it, empty where it states nothing.

    `reason` says why it cannot be looked up in the known flaws; empty when it can. `patches` are the names of the
    patches in it, those without a name by their digest; None where a release is older than their being noted. `files`
    are, of a Linux kernel, the source files it was compiled from, from the root of its source on.
    """

    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    type: str = "library"
    supplier: str = ""
    licence: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()
    reason: str = ""
    more_cpes: tuple[str, ...] = ()
    patches: tuple[str, ...] | None = ()
    files: frozenset[str] = frozenset()

    @property
    def cpes(self) -> tuple[str, ...]:
        """Return every CPE that the SBOM gives it: one piece of software may be listed under several makers."""
        return (self.cpe, *self.more_cpes) if self.cpe else ()

    @property
    def matchable(self) -> bool:
        """Tell whether it can be looked up in the known flaws."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Component(Found):
    """A component of a release, numbered."""

    id: int
    release: str


@dataclass(frozen=True, slots=True)
class SbomRow:
    """What became of one component of the SBOM, and why; `where` is its JSON path, `into` that of its elder twin."""

    where: str
    name: str
    version: str
    outcome: Outcome
    reason: str = ""
    into: str = ""


@dataclass(frozen=True, slots=True)
class SbomRemark:
    """Something in the file that is wrong or strange and stopped nothing."""

    where: str
    says: str


@dataclass(frozen=True, slots=True)
class SbomElement:
    """One of the minimum elements of an SBOM: how many components state it, how many do not, and where those are.

    For what is said once for the whole file (author, timestamp, tool), the counts are of files: one.
    """

    name: str
    stated: int
    lacking: int
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SbomReport:
    """An account of every component: the four counts add up to the number of rows.

    Taken and unmatchable ones are in the release; merged ones were listed twice; those left out are not in the image.
    `elements` measures the file against the minimum elements (NTIA 2021, CISA), `remarks` is what was strange in it.
    """

    format: str
    taken: int
    merged: int
    unmatchable: int
    left_out: int
    rows: tuple[SbomRow, ...]
    elements: tuple[SbomElement, ...] = ()
    remarks: tuple[SbomRemark, ...] = ()


@dataclass(frozen=True, slots=True)
class AddedRelease:
    """What adding gave. `new` is false when the very same release was here already.

    `bundle` is what the image says about itself, if it is a bundle; `advice` says why its deltas would be large.
    """

    release: Release
    report: SbomReport
    new: bool = True
    bundle: Bundle | None = None
    advice: str = ""


def check_asked(version: str, hardware: tuple[str, ...], fixes: tuple[str, ...], notes: str) -> None:
    """Raise Invalid for a version, hardware, list of fixes or notes that cannot be."""
    if not VERSION.fullmatch(version):
        raise Invalid(
            f"{version[:64]!r} is no version.",
            do="Use 1 to 64 of A-Z a-z 0-9 . + ~ _ -, beginning with a letter or digit.",
            where="version",
        )
    if not 1 <= len(hardware) <= _MOST_HARDWARE or not all(NAME.fullmatch(one) for one in hardware):
        raise Invalid(
            "Name the hardware revisions it runs on.", do="Use --hardware rev-a, once for each.", where="hardware"
        )
    if len(fixes) > _MOST_FIXES or not all(FLAW.fullmatch(one) for one in fixes):
        raise Invalid("Name fixed flaws by their ids.", do="Use --fixes CVE-2023-4863, once for each.", where="fixes")
    if len(notes) > _LONGEST_NOTES:
        raise Invalid(f"Notes have at most {_LONGEST_NOTES} characters.", where="notes")


def file_name(given: str) -> str:
    """Return a name that is safe in a path and a URL: what does not fit becomes a dash."""
    safe = re.sub(r"[^A-Za-z0-9._+-]+", "-", given).lstrip("._+-")[:128]
    return safe if _FILE_NAME.fullmatch(safe) else "image"
