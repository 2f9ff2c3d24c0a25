"""What one may do with releases: add, mark as signed, withdraw. One transaction each."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from careful import products
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World
from careful.releases import artifacts, bundles, declared, policies, store, trust_store
from careful.releases import sbom as sboms
from careful.releases.events import ArtifactAltered, ReleaseAdded, ReleaseSigned, ReleaseWithdrawn
from careful.releases.model import AddedRelease, Artifact, Release, check_asked

_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class _Asked:
    product: str
    version: str
    hardware: tuple[str, ...]
    fixes: tuple[str, ...]
    notes: str
    artifact: Artifact
    sbom_sha256: str
    declaration: int


def add(
    world: World,
    actor: Actor,
    product: str,
    version: str,
    image: Path,
    sbom: bytes,
    hardware: tuple[str, ...],
    fixes: tuple[str, ...] = (),
    notes: str = "",
    filename: str = "",
    declaration: int | None = None,
) -> AddedRelease:
    """Keep an image with its SBOM as a release of `product`; the very same again changes nothing.

    `filename` is the image's name for devices, where it is not that of the file. `declaration` is the version of the
    product file that its devices are judged by; without one it is that in force.

    A bundle of SWUpdate, RAUC or Mender is read, and must say the same as the release.

    Raises Refused (no approved declaration, or not the one named; the version exists with other content; the SBOM is
    of another image; the bundle says something else),
    Invalid (names, or an SBOM that is malformed, with the place), NotFound, TooLarge, Unavailable. Nothing is left
    behind by a refusal but perhaps a file that nothing names.
    """
    check_asked(version, hardware, fixes, notes)
    _must_be_approved(world, product, version)
    judged_by = declared.choose(world, product, declaration)
    read = sboms.read(sbom)
    artifact = artifacts.keep_file(world.home, image, world.settings.artifact_bytes, filename)
    sboms.check_subject(read, artifact.sha256)
    asks = policies.policy(world, product)
    kept = artifacts.place(world.home, artifact.sha256)
    bundle = bundles.read(kept, artifact.filename, asks)
    if bundle is not None:
        bundles.must_fit(bundle, version, hardware, asks)
    asked = _Asked(
        product, version, hardware, fixes, notes, artifact, artifacts.keep_bytes(world.home, sbom), judged_by
    )
    with world.change(actor) as work:
        security_version = store.next_security_version(work.connection, product)
        there = store.find(work.connection, product, version)
        if there is not None:
            store.give_back_security_version(work.connection, product)
            same = _same_or_refuse(store.as_release(there), asked, declaration)
            return AddedRelease(same, read.report, new=False, bundle=bundle, advice=bundles.why_no_deltas(kept))
        release_id = _insert(work, asked, read, security_version)
        if bundle is not None:
            trust_store.put(work.connection, trust_store.bundle, release_id, facts=bundle.to_json())
        row = store.by_id(work.connection, release_id)
        if row is None:  # it was inserted two lines above
            raise NotFound(f"The release {release_id} is gone.")
        added = store.as_release(row)
    return AddedRelease(added, read.report, bundle=bundle, advice=bundles.why_no_deltas(kept))


def mark_signed(world: World, actor: Actor, release_id: str, keyids: Iterable[str], metadata_version: int) -> Release:
    """Note that `keyids` signed the metadata (version `metadata_version`) that names the release's image.

    A second time changes nothing. Raises NotFound, Refused (withdrawn).
    """
    with world.change(actor) as work:
        known = _hold(work, release_id)
        if known.state == "withdrawn":
            raise Refused(f"{known.product} {known.version} was withdrawn.", do="Add a newer release.")
        if known.state == "draft":
            store.change(
                work.connection, known.id, state="signed", signed_at=work.now, metadata_version=metadata_version
            )
            work.record(
                ReleaseSigned(
                    release=known.id,
                    product=known.product,
                    version=known.version,
                    artifact=known.artifact.sha256,
                    keyids=tuple(keyids),
                    metadata=metadata_version,
                )
            )
        return _hold(work, release_id)


def withdraw(world: World, actor: Actor, release_id: str, reason: str) -> Release:
    """Offer the release to no device any more. A second time changes nothing. Raises NotFound, Invalid (no reason)."""
    why = reason.strip()
    if not 1 <= len(why) <= _LONGEST_REASON:
        raise Invalid("Say why, in a sentence.", do="Use --reason …", where="reason")
    with world.change(actor) as work:
        known = _hold(work, release_id)
        if known.state != "withdrawn":
            store.change(work.connection, known.id, state="withdrawn")
            work.record(ReleaseWithdrawn(release=known.id, product=known.product, version=known.version, reason=why))
        return _hold(work, release_id)


def note_altered(world: World, sha256: str) -> None:
    """Tell the ledger that a file in the store no longer has the bytes that it is named after."""
    with world.change(SYSTEM) as work:
        work.record(ArtifactAltered(artifact=sha256))


def _must_be_approved(world: World, product: str, version: str) -> None:
    try:
        approved = products.get(world, product).approved_at is not None
    except NotFound:
        approved = False
    if not approved:
        raise Refused(
            f"Build {version} refused: product '{product}' has no approved declaration.",
            do=f"Run: careful product approve {product}",
        )


def _same_or_refuse(there: Release, asked: _Asked, declaration: int | None) -> Release:
    differences = [
        name
        for name, kept, now in (
            ("image", there.artifact.sha256, asked.artifact.sha256),
            ("SBOM", there.sbom_sha256, asked.sbom_sha256),
            ("hardware", there.hardware, asked.hardware),
            ("list of fixes", there.fixes, asked.fixes),
            ("version of the product file", there.declaration, declaration or there.declaration),
        )
        if kept != now
    ]
    if differences:
        raise Refused(
            f"{there.product} {there.version} exists with another {' and another '.join(differences)}.",
            do="Give the new build a version of its own.",
            where="version",
        )
    return there


def _insert(work: Work, asked: _Asked, read: sboms.Sbom, security_version: int) -> str:
    unmatchable = sum(1 for one in read.components if one.reason)
    row = {
        "id": new_id(),
        "product": asked.product,
        "version": asked.version,
        "state": "draft",
        "sha256": asked.artifact.sha256,
        "sha1": asked.artifact.sha1,
        "md5": asked.artifact.md5,
        "size": asked.artifact.size,
        "filename": asked.artifact.filename,
        "sbom_sha256": asked.sbom_sha256,
        "hardware": list(asked.hardware),
        "security_version": security_version,
        "fixes": list(asked.fixes),
        "notes": asked.notes,
        "added_at": work.now,
        "signed_at": None,
        "metadata_version": None,
        "declaration": asked.declaration,
        "components": len(read.components),
        "unmatchable": unmatchable,
    }
    store.add(work.connection, row, read.components)
    work.record(
        ReleaseAdded(
            release=str(row["id"]),
            product=asked.product,
            version=asked.version,
            artifact=asked.artifact.sha256,
            sbom=asked.sbom_sha256,
            components=len(read.components),
            unmatchable=unmatchable,
            fixes=asked.fixes,
            declaration=asked.declaration,
        )
    )
    return str(row["id"])


def _hold(work: Work, release_id: str) -> Release:
    row = store.by_id(work.connection, release_id, hold=True)
    if row is None:
        raise NotFound(f"There is no release {release_id[:64]!r}.", do="Run: careful release list")
    return store.as_release(row)
