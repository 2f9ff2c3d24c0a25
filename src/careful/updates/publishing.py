"""What makes a release genuine: signing it into the product's TUF repository, putting that in force, keeping it fresh.

Signing is the word of the release engineer (targets key, here or offline); publishing puts the word in force (snapshot
and timestamp, keys of the server). `renew` re-signs what nears its end and mends what a crash or a new key left undone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, Root, TargetFile, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful import products, releases
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import NotFound, Refused
from careful.kernel.keys import Keys
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import repository as files
from careful.updates.events import MetadataPublished
from careful.updates.model import Published
from careful.updates.repository import Repository

_FILENAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What signing a release led to: its targets metadata, and who signed."""

    product: str
    version: str
    metadata_version: int
    keyids: tuple[str, ...]


def repository_dir(world: World, product: str) -> Path:
    """Return the folder of a product's repository: `metadata` and `targets` in it are served as they are."""
    return world.home / "tuf" / product


def trusted_root(world: World, product: str) -> bytes:
    """Return the root metadata that a device of this product is given when it is made; keys are made at first.

    Raises NotFound for an unknown product, Refused for one that is not approved: no key before a risk was thought of.
    """
    return ensure_repository(world, product).root_bytes()


def ensure_repository(world: World, product: str) -> Repository:
    """Return a product's repository, making keys and the first empty metadata where there is none."""
    found = Repository(repository_dir(world, product), product)
    if found.exists():
        return found
    if products.get(world, product).approved_at is None:
        raise Refused(
            f"{product} has no approved declaration, so it gets no signing keys.",
            do=f"Approve it: careful product approve {product}",
        )
    with found.locked():
        if not found.exists():
            _make(world, found)
    return found


def _make(world: World, repository: Repository) -> None:
    now = world.clock.now()
    made: list[Metadata[Any]] = []
    held = {role: signing.ensure(world.keys, repository.product, role) for role in signing.ROLES}
    if not repository.numbers("root"):  # else a crash left it, and a factory may trust it already
        made.append(files.first_root(held, now))
        repository.write(made[-1])
    if not repository.numbers("targets"):
        made.append(files.next_targets(repository, now, {}, ()))
        signing.sign(made[-1], held["targets"])
        repository.write(made[-1])
    made += put_in_force(world, repository, repository.numbers("targets")[0])
    _tell(world, SYSTEM, repository.product, made)


def sign_release(world: World, actor: Actor, release_id: str, key_dir: Path | None = None) -> Signed:
    """Sign a release: the targets key (of this server, or in `key_dir`) says that its artifact is genuine.

    Signing twice changes nothing. Raises NotFound (release, or the key is elsewhere), Refused (withdrawn).
    """
    release = signable(world, release_id)
    repository = ensure_repository(world, release.product)
    with repository.locked():
        newest = repository.targets_signed()
        if not holds(newest, release):
            newest = draft_targets(world, repository, release)
            keys = Keys(key_dir) if key_dir else world.keys
            root = repository.root()
            signing.sign(newest, signing.signers(keys, release.product, root.signed.roles["targets"].keyids))
            accept_targets(world, repository, root, newest)
        return note_signed(world, actor, release, repository, newest)


def signable(world: World, release_id: str) -> releases.Release:
    """Return a release that may be signed. Raises NotFound, and Refused for one that was withdrawn."""
    release = releases.by_id(world, release_id)
    if release.state == "withdrawn":
        raise Refused(f"{release.product} {release.version} was withdrawn.", do="Add a newer release.")
    return release


def draft_targets(world: World, repository: Repository, release: releases.Release) -> Metadata[Targets]:
    """Return the next targets with this release and without withdrawn ones, not signed yet. Raises Refused."""
    gone = [one for one in releases.list_for(world, release.product) if one.state == "withdrawn"]
    if not _FILENAME.fullmatch(release.artifact.filename):
        raise Refused(
            f"The image is called {release.artifact.filename[:80]!r}, which is no plain file name.",
            do="Add the release again under a name of letters, digits and . + ~ _ - (128 at most).",
        )
    target = target_of(release)
    return files.next_targets(
        repository, world.clock.now(), {target.path: target}, {target_path(one) for one in gone} - {target.path}
    )


def accept_targets(world: World, repository: Repository, root: Metadata[Root], targets: Metadata[Targets]) -> None:
    """Keep signed targets, not in force yet. Raises NotFound where signatures are missing."""
    if not signing.verifies(root, targets):
        product = repository.product
        raise NotFound(
            f"The targets key of {product} is not here.",
            do=f"Name its folder (--keys DIR), or sign elsewhere: careful release request {product} VERSION FILE",
        )
    for release in releases.list_for(world, repository.product):
        if holds(targets, release):
            path = releases.artifact_path(world, release.artifact.sha256)
            repository.link(path, target_path(release), release.artifact.sha256)
    repository.write(targets)


def note_signed(
    world: World, actor: Actor, release: releases.Release, repository: Repository, targets: Metadata[Targets]
) -> Signed:
    """Tell the release that it is signed, unless it knows."""
    keyids = signing.valid_signers(repository.root(), targets)
    version = targets.signed.version
    if release.state == "draft":
        releases.mark_signed(world, actor, release.id, keyids, version)
    return Signed(product=release.product, version=release.version, metadata_version=version, keyids=keyids)


def target_path(release: releases.Release) -> str:
    """Return the name under which a release's artifact is a target."""
    return f"{release.version}/{release.artifact.filename}"


def target_of(release: releases.Release) -> TargetFile:
    """Return what is signed about a release: length, SHA-256, and what a device must know before it installs."""
    custom = {
        "product": release.product,
        "hardware": list(release.hardware),
        "version": release.version,
        "security_version": release.security_version,
        "sbom_sha256": release.sbom_sha256,
        "fixes": list(release.fixes),
    }
    return TargetFile(
        release.artifact.size, {"sha256": release.artifact.sha256}, target_path(release), {"custom": custom}
    )


def holds(targets: Metadata[Targets], release: releases.Release) -> bool:
    """Tell whether `targets` say exactly this about the release."""
    return targets.signed.targets.get(target_path(release)) == target_of(release)


def publish(world: World, actor: Actor, release_id: str) -> dict[str, int]:
    """Put a signed release in force and return the metadata versions by role. Publishing twice changes nothing.

    Raises NotFound, and Refused where the release is not signed, was withdrawn, or must be signed again.
    """
    release = releases.by_id(world, release_id)
    name = f"{release.product} {release.version}"
    if release.state != "signed":
        what = "was withdrawn" if release.state == "withdrawn" else "is not signed"
        raise Refused(f"{name} {what}.", do=f"Sign it: careful release sign {name}")
    repository = ensure_repository(world, release.product)
    with repository.locked():
        current = repository.targets_in_force()
        if not holds(current, release):
            ahead = [number for number in repository.numbers("targets") if number > current.signed.version]
            ready = next((number for number in ahead if holds(repository.targets_at(number), release)), None)
            if ready is None:
                raise Refused(f"{name} must be signed again.", do=f"Run: careful release sign {name}")
            made: list[Metadata[Any]] = [repository.targets_at(ready)]
            made += put_in_force(world, repository, ready)
            _tell(world, actor, release.product, made)
        return dict(versions(repository))


def is_published(world: World, release: releases.Release) -> bool:
    """Tell whether devices can see the release in the repository."""
    repository = Repository(repository_dir(world, release.product), release.product)
    return repository.exists() and holds(repository.targets_in_force(), release)


def put_in_force(world: World, repository: Repository, targets_version: int) -> list[Metadata[Any]]:
    """Sign snapshot and timestamp over `targets_version`; the rename of the timestamp is the moment it counts."""
    now = world.clock.now()
    root = repository.root()
    snapshot = files.next_snapshot(repository, now, targets_version)
    _sign_online(world, root, repository.product, snapshot)
    repository.write(snapshot)
    timestamp = files.next_timestamp(repository, now, snapshot.signed.version)
    _sign_online(world, root, repository.product, timestamp)
    repository.write(timestamp)
    return [snapshot, timestamp]


def _sign_online(world: World, root: Metadata[Root], product: str, metadata: Metadata[Any]) -> None:
    role = metadata.signed.type
    signing.sign(metadata, signing.signers(world.keys, product, root.signed.roles[role].keyids))
    if not signing.verifies(root, metadata):
        raise NotFound(f"The {role} key of {product} is not on this machine.", do="Restore it from a backup.")


def _tell(world: World, actor: Actor, product: str, made: Sequence[Metadata[Any]]) -> None:
    with world.change(actor) as work:
        for one in made:
            signed = one.signed
            work.record(
                MetadataPublished(product=product, role=signed.type, version=signed.version, expires=signed.expires)
            )


def renew(world: World) -> int:
    """Sign anew what nears its end, in every product's repository, with the keys that are here; return how much.

    A role whose keys are elsewhere is left alone (`published` shows until when it holds).
    """
    return sum(_renew(world, one.id) for one in products.list_all(world) if repository_dir(world, one.id).exists())


def _renew(world: World, product: str) -> int:
    repository = Repository(repository_dir(world, product), product)
    if not repository.exists():
        return 0
    now = world.clock.now()
    with repository.locked():
        made = _renew_kept(world, repository, now)
        root, current = repository.root(), repository.targets_in_force()
        number = made[-1].signed.version if made and made[-1].signed.type == "targets" else current.signed.version
        online = (repository.snapshot(), repository.timestamp())
        stale = any(files.is_due(one, now) or not signing.verifies(root, one) for one in online)
        if stale or number != current.signed.version:
            # A snapshot is small and a timestamp must follow it, so the two are always made together.
            made += put_in_force(world, repository, number)
    if made:
        _tell(world, SYSTEM, product, made)
    return len(made)


def _renew_kept(world: World, repository: Repository, now: datetime) -> list[Metadata[Any]]:
    """Sign root and targets anew where they are due and enough of their keys are here."""
    made: list[Metadata[Any]] = []
    root = repository.root()
    if files.is_due(root, now):
        fresh = Metadata(Root.from_dict(root.signed.to_dict()))
        fresh.signed.version += 1
        fresh.signed.expires = files.expiry("root", now)
        signing.sign(fresh, signing.signers(world.keys, repository.product, root.signed.roles["root"].keyids))
        if signing.verifies(root, fresh):
            repository.write(fresh)
            made.append(fresh)
            root = fresh
    current = repository.targets_in_force()
    if files.is_due(current, now) or not signing.verifies(root, current):
        again: Metadata[Any] = Metadata(Targets.from_dict(current.signed.to_dict()))
        again.signed.version = repository.numbers("targets")[-1] + 1
        again.signed.expires = files.expiry("targets", now)
        signing.sign(again, signing.signers(world.keys, repository.product, root.signed.roles["targets"].keyids))
        if signing.verifies(root, again):
            repository.write(again)
            made.append(again)
    return made


def published(world: World, product: str) -> Published:
    """Return where a product's repository stands; empty before its first release was signed."""
    repository = Repository(repository_dir(world, product), product)
    if not repository.exists():
        return Published(product=product)
    root, targets = repository.root(), repository.targets_in_force()
    roles = (root, targets, repository.snapshot(), repository.timestamp())
    here = {signer.public_key.keyid for _, signer in signing.named(world.keys, product)}
    known = {keyid for role in root.signed.roles.values() for keyid in role.keyids}
    return Published(
        product=product,
        versions=versions(repository),
        expires={one.signed.type: one.signed.expires for one in roles},
        targets=tuple(sorted(targets.signed.targets)),
        keys_here=tuple(sorted(known & here)),
        keys_away=tuple(sorted(known - here)),
    )


def versions(repository: Repository) -> dict[str, int]:
    """Return the number in force of each role."""
    return {
        "root": repository.root().signed.version,
        "targets": repository.targets_in_force().signed.version,
        "snapshot": repository.snapshot().signed.version,
        "timestamp": repository.timestamp().signed.version,
    }
