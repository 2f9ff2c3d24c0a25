"""Releases: what we shipped. One image, the list of what is in it, and the maker's word that it is genuine.

A build is refused for a product without an approved declaration. Its SBOM is read entry by entry; what could never be
looked up for flaws is kept on the list with the reason. Images and SBOMs lie in the data folder by their SHA-256.
"""

from careful.releases.actions import add, mark_signed, withdraw
from careful.releases.model import AddedRelease, Artifact, Component, Found, Release, SbomReport, SbomRow
from careful.releases.queries import artifact_path, by_id, components, get, list_for, report, sbom_bytes
from careful.releases.sbom import parse_purl
from careful.releases.sbom import read as read_sbom

__all__ = [
    "AddedRelease",
    "Artifact",
    "Component",
    "Found",
    "Release",
    "SbomReport",
    "SbomRow",
    "add",
    "artifact_path",
    "by_id",
    "components",
    "get",
    "list_for",
    "mark_signed",
    "parse_purl",
    "read_sbom",
    "report",
    "sbom_bytes",
    "withdraw",
]
