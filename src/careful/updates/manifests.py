"""What devices have signed about themselves: checked as it comes, kept, and shown beside the version.

A manifest outweighs the plain claim beside it. Where it is signed well and contradicts the claim, or names other bytes
than were released, the two disagree: the claim is not taken for a version, so no update counts as confirmed by it
(decision 15). A manifest that is none, or older than the last, casts the same doubt. The ledger is told once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from careful import devices, releases
from careful.kernel.errors import NotFound
from careful.kernel.work import Work, World
from careful.updates import manifest, manifest_store
from careful.updates.events import ManifestDoubted
from careful.updates.manifest import Manifest, NoManifest

State = Literal["signed", "disagrees", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedVersion:
    """What a device signed last; `why` says what is wrong with it.

    `state`: `signed`, `disagrees` (with its claim, or with the release), or `refused` (not a manifest of this device):
    then the rest is what was signed before.
    """

    device: str
    state: State
    why: str
    version: str
    sha256: str
    answers: str
    count: int
    key_sha256: str
    text: str
    at: datetime

    def vouches_for(self, version: str | None) -> bool:
        """Tell whether the device has signed that it runs this version, and nothing contradicts it."""
        return self.state == "signed" and bool(version) and self.version == version


def signed_version(world: World, device: str) -> SignedVersion | None:
    """Return what a device last signed about itself; None where it never did."""
    with world.look() as connection:
        row = manifest_store.get(connection, device)
    return None if row is None else SignedVersion(**row)


def released(world: World, device: str, signed: str, version: str) -> str:
    """Return the digest of the image that was released as what a manifest names, "" where nothing was."""
    if not signed:
        return ""
    try:
        named = manifest.read(signed, device, devices.keys_of(world, device)).installed[0].version
    except NoManifest:
        named = version
    try:
        return releases.get(world, devices.get(world, device).product, named).artifact.sha256
    except NotFound:
        return ""


def take(work: Work, device: str, signed: str, claimed: str, keys: frozenset[str], digest: str) -> str:
    """Check and keep a manifest; return the version to believe, "" where there is none to believe."""
    before = _read(work, device)
    try:
        found = manifest.read(signed, device, keys)
        _must_follow(found, before)
    except NoManifest as doubt:
        _doubt(work, device, before, "refused", str(doubt), {})
        return ""
    first = found.installed[0]
    row = {
        "version": first.version,
        "sha256": first.sha256,
        "answers": found.answers,
        "count": found.count,
        "key_sha256": found.key_sha256,
        "text": found.text,
    }
    if why := manifest.disagreement(found, claimed, digest):
        _doubt(work, device, before, "disagrees", why, row)
        return ""
    _put(work, device, "signed", "", row)
    return first.version


def _must_follow(found: Manifest, before: SignedVersion | None) -> None:
    """Raise NoManifest where a manifest is older than one of the same key; the very same may be sent again."""
    if before is None or before.key_sha256 != found.key_sha256 or found.text == before.text:
        return
    if found.count <= before.count:
        raise NoManifest(f"it is number {found.count}, and {before.count} was heard before")


def _doubt(
    work: Work, device: str, before: SignedVersion | None, state: State, why: str, row: dict[str, object]
) -> None:
    kept = {"version": "", "sha256": "", "answers": "", "count": 0, "key_sha256": "", "text": ""}
    if before is not None:
        kept = {name: getattr(before, name) for name in kept}
    _put(work, device, state, why, {**kept, **row})
    if before is None or before.state != state:
        product = devices.product_of(work, device)
        work.record(ManifestDoubted(device=device, product=product, state=state, reason=why))


def _put(work: Work, device: str, state: State, why: str, row: dict[str, object]) -> None:
    manifest_store.put(work.connection, {"device": device, "state": state, "why": why, "at": work.now, **row})


def _read(work: Work, device: str) -> SignedVersion | None:
    row = manifest_store.get(work.connection, device)
    return None if row is None else SignedVersion(**row)
