"""Releases: what we shipped. Images, what is in them, and who signed them.

A release is one version of one product: an image, kept under its digest, and the SBOM that says what is in it. It is
taken only for a product whose declaration is approved, and its security version counts up with every one. Reading the
SBOM accounts for every component; one that cannot be looked up in the known flaws says why. Signing makes a release
genuine (signing.py; the repository itself belongs to updates), withdrawing ends its way to devices.
"""

from careful.releases.actions import add, mark_signed, note_altered, withdraw
from careful.releases.bundles import bundle_of, why_no_deltas
from careful.releases.bundles_facts import Bundle
from careful.releases.declared import is_known, keeps_to_older, permit_for, pin, pinned
from careful.releases.identifiers import Cpe, Purl, names_linux, parse_cpe, parse_purl, unescaped
from careful.releases.manifest import manifest
from careful.releases.model import (
    AddedRelease,
    Artifact,
    Component,
    Found,
    Part,
    Release,
    SbomReport,
    SbomRow,
    State,
    Statement,
)
from careful.releases.parts import MOST_PARTS, add_part
from careful.releases.policies import policy, set_policy
from careful.releases.policy import Policy
from careful.releases.policy_text import as_toml as policy_text
from careful.releases.provenance import Provenance
from careful.releases.provenances import add_provenance, must_be_proven, provenance_bytes, provenance_of
from careful.releases.queries import (
    Verified,
    artifact_path,
    by_id,
    compiled_files,
    components,
    get,
    keep_extra,
    list_for,
    report,
    sbom_bytes,
    sound_path,
    verify,
)
from careful.releases.sbom import Sbom, why_unmatchable
from careful.releases.sbom import read as read_sbom
from careful.releases.storage import Bucket
from careful.releases.uploads import Upload, appending
from careful.releases.uploads import begin as begin_upload
from careful.releases.uploads import drop as drop_upload
from careful.releases.uploads import find as find_upload
from careful.releases.uploads import finished as finished_upload

__all__ = [
    # what there is
    "Release", "Artifact", "Component", "State", "AddedRelease", "Statement",
    # SBOMs and the names in them
    "Sbom", "SbomReport", "SbomRow", "Found", "read_sbom", "why_unmatchable",
    "Purl", "Cpe", "parse_purl", "parse_cpe", "names_linux", "unescaped",
    # acting
    "add", "mark_signed", "withdraw", "note_altered", "add_part", "Part", "MOST_PARTS",
    # by which declaration their devices are judged
    "permit_for", "pin", "pinned", "keeps_to_older", "is_known",
    # what is asked of them
    "Policy", "policy", "set_policy", "policy_text", "keep_extra", "Bundle", "bundle_of", "why_no_deltas",
    "Provenance", "add_provenance", "provenance_of", "provenance_bytes", "must_be_proven", "manifest",
    # uploads that go on where they broke off
    "Upload", "begin_upload", "find_upload", "appending", "finished_upload", "drop_upload",
    # asking
    "get", "by_id", "list_for", "components", "compiled_files", "artifact_path", "sound_path", "sbom_bytes", "report",
    "verify", "Bucket",
    "Verified",
]  # fmt: skip
