"""What one may do with releases: add a build, name it genuine, withdraw it."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import World
from careful.releases import files, queries, sbom, store
from careful.releases.events import ReleaseAdded, ReleaseSigned, ReleaseWithdrawn
from careful.releases.model import AddedRelease, Release

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}")
_FLAW = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,63}")
_HARDWARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST = 100
_NOTES = 10_000


def add(
    world: World,
    actor: Actor,
    product: str,
    version: str,
    image: Path,
    sbom_content: bytes,
    hardware: tuple[str, ...],
    fixes: tuple[str, ...] = (),
    notes: str = "",
    filename: str = "",
) -> AddedRelease:
    """Take in a build with its SBOM. The same bytes again change nothing and return what is there.

    Raises Refused when the product has no approved declaration (recommendation D1) or the version exists with other
    bytes, Invalid or TooLarge for a malformed build.
    """
    _check(version, hardware, fixes, notes)
    _need_declaration(world, product, version)
    found, report = sbom.read(sbom_content)
    artifact = files.keep(world.home, image, world.settings.artifact_bytes)
    sbom_sha256 = files.keep_bytes(world.home, sbom_content)
    with world.change(actor) as work:
        before = store.find(work.connection, product, version)
        if before is not None:
            if (before.sha256, before.sbom_sha256) != (artifact.sha256, sbom_sha256):
                raise Refused(
                    f"{product} {version} exists with other bytes.", do="Give the new build a new version number."
                )
            return AddedRelease(release=queries.to_release(before), report=report)
        release = new_id()
        row = {
            "id": release,
            "product": product,
            "version": version,
            "state": "draft",
            **asdict(artifact),
            "filename": filename or artifact.filename,
            "sbom_sha256": sbom_sha256,
            "hardware": list(hardware),
            "security_version": store.next_security_version(work.connection, product),
            "fixes": list(fixes),
            "notes": notes,
            "report": asdict(report),
            "added_at": work.now,
            "signed_at": None,
        }
        store.put(
            work.connection, row, [{**asdict(one), "hashes": dict(one.hashes), "release": release} for one in found]
        )
        work.record(
            ReleaseAdded(
                release=release,
                product=product,
                version=version,
                artifact=artifact.sha256,
                sbom=sbom_sha256,
                components=len(found),
                unmatchable=report.unmatchable,
                fixes=fixes,
            )
        )
    return AddedRelease(release=queries.by_id(world, release), report=report)


def mark_signed(world: World, actor: Actor, release: str, keyids: Iterable[str], metadata_version: int) -> Release:
    """Note that the maker's keys named the release genuine. Again is no change. Raises Refused when withdrawn."""
    one = queries.by_id(world, release)
    if one.state == "withdrawn":
        raise Refused(f"{one.product} {one.version} was withdrawn.", do="Add a new version.")
    with world.change(actor) as work:
        if store.set_state(work.connection, release, "signed", work.now):
            work.record(
                ReleaseSigned(
                    release=release,
                    product=one.product,
                    version=one.version,
                    artifact=one.artifact.sha256,
                    keyids=tuple(keyids),
                    metadata=metadata_version,
                )
            )
    return queries.by_id(world, release)


def withdraw(world: World, actor: Actor, release: str, reason: str) -> Release:
    """Stop offering a release."""
    one = queries.by_id(world, release)
    with world.change(actor) as work:
        if store.set_state(work.connection, release, "withdrawn"):
            work.record(
                ReleaseWithdrawn(release=release, product=one.product, version=one.version, reason=reason[:300])
            )
    return queries.by_id(world, release)


def _need_declaration(world: World, product: str, version: str) -> None:
    refusal = Refused(
        f"Build {version} refused: product {product!r} has no approved declaration.",
        do=f"Run: careful product approve {product}",
    )
    try:
        if products.get(world, product).approved_at is None:
            raise refusal
    except NotFound:
        raise refusal from None


def _check(version: str, hardware: tuple[str, ...], fixes: tuple[str, ...], notes: str) -> None:
    if not _VERSION.fullmatch(version):
        raise Invalid(f"{version[:80]!r} is no version.", do="Use letters, digits and . + ~ _ - (64 at most).")
    if not 0 < len(hardware) <= _MOST or not all(_HARDWARE.fullmatch(one) for one in hardware):
        raise Invalid("A release names 1 to 100 hardware revisions.", do="Add: --hardware rev-a", where="hardware")
    if len(fixes) > _MOST or not all(_FLAW.fullmatch(one) for one in fixes):
        raise Invalid("A fix is named by a flaw's id, such as CVE-2023-4863.", where="fixes")
    if len(notes) > _NOTES:
        raise Invalid(f"Notes may be {_NOTES} characters long at most.", where="notes")
