"""A release in one small file: every digest and promise, canonical JSON, so that the same inputs give the same bytes.

Sorted keys, no spaces, UTF-8 (RFC 8785 for what occurs here: objects, lists, texts and whole numbers). No times, no
ids: two servers that were given the same release write the same file, and so does whoever builds it again.
"""

import json
from typing import Any

from careful.kernel.work import World
from careful.releases import bundles, queries, trust_store
from careful.releases.bundles_facts import Bundle
from careful.releases.model import Release

FORMAT = "careful-release-manifest-1"


def manifest(world: World, release_id: str) -> bytes:
    """Return a release's manifest. Raises NotFound."""
    release = queries.by_id(world, release_id)
    with world.look() as connection:
        row = trust_store.get(connection, trust_store.provenance, release.id)
    return write(release, bundles.bundle_of(world, release.id), "" if row is None else row.sha256)


def write(release: Release, bundle: Bundle | None, provenance: str) -> bytes:
    """Return the manifest of these parts. Pure."""
    image = release.artifact
    plain: dict[str, Any] = {
        "format": FORMAT,
        "product": release.product,
        "version": release.version,
        "hardware": sorted(release.hardware),
        "fixes": sorted(release.fixes),
        "image": {
            "name": image.filename,
            "size": image.size,
            "sha256": image.sha256,
            "sha1": image.sha1,
            "md5": image.md5,
        },
        "sbom": {"sha256": release.sbom_sha256},
    }
    if release.parts:
        plain["parts"] = sorted(
            (
                {"part": one.part, "name": one.name, "version": one.version, "file": one.artifact.filename,
                 "sha256": one.artifact.sha256, **({"bundle": _said(one.bundle)} if one.bundle else {})}
                for one in release.parts
            ),
            key=lambda one: one["file"],
        )  # fmt: skip
    if provenance:
        plain["provenance"] = {"sha256": provenance}
    if bundle is not None:
        plain["bundle"] = _said(bundle)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _said(bundle: Bundle) -> dict[str, Any]:
    return {
        "format": bundle.format,
        "version": bundle.version,
        "names": sorted(bundle.names),
        "signers": sorted(one.sha256 for one in bundle.signers),
        "payloads": [{"name": one.name, "sha256": one.sha256} for one in bundle.payloads],
    }
