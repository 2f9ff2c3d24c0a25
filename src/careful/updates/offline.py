"""Root and targets keys away from the server: moving them, asking for signatures, replacing a key.

export_keys          keys leave for a folder (a stick, a safe), and the server forgets them
signing_request      the server writes what is to be signed; `careful release answer` signs it anywhere
import_signatures    the server takes the answer in
replace_key          a lost or stolen key is replaced: a new root, signed by old and new root keys, says so
"""

import os
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata, Root, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful import releases
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.keys import Keys
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import publishing
from careful.updates import repository as files
from careful.updates.events import KeyReplaced, KeysMoved, MetadataPublished
from careful.updates.publishing import Signed
from careful.updates.repository import Repository

_REASON = 300


def export_keys(world: World, actor: Actor, product: str, folder: Path) -> tuple[str, ...]:
    """Move a product's root and targets keys into `folder` and return their names.

    Each key is on disk there before it is erased here. Raises NotFound where there are none, Refused where the folder
    holds another key of that name.
    """
    repository = publishing.ensure_repository(world, product)
    kept = _kept_keyids(repository.root())
    moving = [(name, one) for name, one in signing.named(world.keys, product) if one.public_key.keyid in kept]
    if not moving:
        raise NotFound(f"The root and targets keys of {product} are not on this machine.")
    away = Keys(folder)
    for name, _ in moving:
        if not away.has(name):
            away.put(name, world.keys.load(name))
        elif away.public_pem(name) != world.keys.public_pem(name):
            raise Refused(f"{folder} holds another key called {name}.", do="Choose an empty folder.")
    for name, _ in moving:
        _erase(world.keys.path(name))
    keyids = tuple(sorted(one.public_key.keyid for _, one in moving))
    with world.change(actor) as work:
        work.record(KeysMoved(product=product, direction="out", keyids=keyids))
    return tuple(name for name, _ in moving)


def import_keys(world: World, actor: Actor, product: str, folder: Path) -> tuple[str, ...]:
    """Bring a product's keys back from `folder` and return their names. Raises NotFound where none of them is there."""
    repository = publishing.ensure_repository(world, product)
    kept = _kept_keyids(repository.root())
    found = [(name, one) for name, one in signing.named(Keys(folder), product) if one.public_key.keyid in kept]
    if not found:
        raise NotFound(f"No key of {product}'s repository is in {folder}.", do=f"It holds tuf.{product}.*.pem?")
    for name, _ in found:
        if not world.keys.has(name):
            world.keys.put(name, Keys(folder).load(name))
    with world.change(actor) as work:
        keyids = tuple(sorted(one.public_key.keyid for _, one in found))
        work.record(KeysMoved(product=product, direction="in", keyids=keyids))
    return tuple(name for name, _ in found)


def _kept_keyids(root: Metadata[Root]) -> set[str]:
    return {keyid for role in signing.KEPT_ROLES for keyid in root.signed.roles[role].keyids}


def _erase(path: Path) -> None:
    """Overwrite and remove a key file; on journaling or flash storage this is a courtesy, not a proof."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(os.urandom(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def signing_request(world: World, release_id: str) -> bytes:
    """Return the file that asks for the targets key's signature on a release. Raises NotFound, Refused."""
    release = publishing.signable(world, release_id)
    repository = publishing.ensure_repository(world, release.product)
    draft = publishing.draft_targets(world, repository, release)
    return signing.write_request(release.product, draft, repository.root().signed.roles["targets"].keyids)


def import_signatures(world: World, actor: Actor, release_id: str, answer: bytes) -> Signed:
    """Take in a signed answer to `signing_request`: exactly what we would sign now, and nothing else.

    Raises Invalid where the answer says anything else, NotFound where signatures are missing.
    """
    release = publishing.signable(world, release_id)
    request = signing.read_request(answer)
    repository = publishing.ensure_repository(world, release.product)
    with repository.locked():
        signed: Metadata[Any] = Metadata.from_bytes(request.metadata)
        if not publishing.holds(repository.targets_signed(), release):
            _compare(signed, publishing.draft_targets(world, repository, release), release)
            publishing.accept_targets(world, repository, repository.root(), signed)
        return publishing.note_signed(world, actor, release, repository, repository.targets_signed())


def _compare(signed: Metadata[Any], draft: Metadata[Targets], release: releases.Release) -> None:
    ask = f"Ask again: careful release request {release.product} {release.version} FILE"
    if not isinstance(signed.signed, Targets) or signed.signed.targets != draft.signed.targets:
        raise Invalid("The answer is not about this release as it is now.", do=ask, where="metadata.signed.targets")
    if signed.signed.version != draft.signed.version:
        raise Invalid(
            f"The answer is number {signed.signed.version}; number {draft.signed.version} is next.",
            do=ask,
            where="metadata.signed.version",
        )
    if not draft.signed.expires - files.LIFE["targets"] / 12 <= signed.signed.expires <= draft.signed.expires:
        raise Invalid("The request was made too long ago.", do=ask, where="metadata.signed.expires")
    if signed.signed.delegations is not None or signed.signed.unrecognized_fields:
        raise Invalid("The answer says more than it was asked.", do=ask, where="metadata.signed")


def replace_key(
    world: World, actor: Actor, product: str, role: str, reason: str, key_dir: Path | None = None
) -> dict[str, int]:
    """Replace the key of `role` (all keys of root) by new ones, and return the metadata versions now in force.

    What the old key signed counts no more, for every device that can reach the new root. Root keys come from this
    server or from `key_dir`, where new root and targets keys are put too. Raises Invalid, and NotFound where too few
    root keys are at hand.
    """
    if role not in signing.ROLES:
        raise Invalid(f"{role!r} is no role.", do=f"Say one of: {', '.join(signing.ROLES)}.", where="role")
    repository = publishing.ensure_repository(world, product)
    store = Keys(key_dir) if key_dir and role in signing.KEPT_ROLES else world.keys
    with repository.locked():
        old = repository.root()
        number = signing.ROOT_KEYS if role == "root" else 1
        at_hand = [keys for keys in (world.keys, Keys(key_dir) if key_dir else None) if keys is not None]
        wanted = old.signed.roles["root"].keyids
        held = [one for keys in at_hand for one in signing.signers(keys, product, wanted)]
        if len({one.public_key.keyid for one in held}) < old.signed.roles["root"].threshold:
            raise NotFound(f"Too few root keys of {product} are at hand.", do="Name their folder: --keys DIR")
        fresh = [signing.new_key(store, product, role) for _ in range(number)]
        root = Metadata(Root.from_dict(old.signed.to_dict()))
        root.signed.version += 1
        root.signed.expires = files.expiry("root", world.clock.now())
        ended = tuple(root.signed.roles[role].keyids)
        for keyid in ended:
            root.signed.revoke_key(keyid, role)
        for one in fresh:
            root.signed.add_key(one.public_key, role)
        signing.sign(root, [*held, *(fresh if role == "root" else ())])
        targets = _signed_again(world, repository, root, fresh if role == "targets" else [])
        repository.write(root)
        if targets is not None:
            repository.write(targets)
        in_force = repository.numbers("targets")[-1] if targets else repository.targets_in_force().signed.version
        made: list[Metadata[Any]] = [
            root,
            *([targets] if targets else []),
            *publishing.put_in_force(world, repository, in_force),
        ]
        with world.change(actor) as work:
            work.record(
                KeyReplaced(
                    product=product,
                    role=role,
                    old=ended,
                    new=tuple(one.public_key.keyid for one in fresh),
                    reason=" ".join(reason.split())[:_REASON],
                ),
                *(
                    MetadataPublished(
                        product=product, role=one.signed.type, version=one.signed.version, expires=one.signed.expires
                    )
                    for one in made
                ),
            )
        return publishing.versions(repository)


def _signed_again(
    world: World, repository: Repository, root: Metadata[Root], by: list[Any]
) -> Metadata[Targets] | None:
    """Return what is in force, signed by a new targets key, or None where that key stays."""
    if not by:
        return None
    again: Metadata[Targets] = Metadata(Targets.from_dict(repository.targets_in_force().signed.to_dict()))
    again.signed.version = repository.numbers("targets")[-1] + 1
    again.signed.expires = files.expiry("targets", world.clock.now())
    signing.sign(again, by)
    root.verify_delegate("targets", again)
    return again
