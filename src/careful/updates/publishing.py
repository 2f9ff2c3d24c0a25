"""What makes a release genuine: signing it into the product's TUF repository, putting that in force, keeping it fresh.

Signing is the word of the build system and of a person (build key and release key, here or elsewhere); publishing puts
the word in force (snapshot and timestamp, keys of the server). `renew` re-signs what nears its end and mends what a
crash or a new key left undone.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import Metadata, Root, TargetFile  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful import products, releases
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import NotFound, Refused
from careful.kernel.ledger import Event
from careful.kernel.token_keys import TokenKeys
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, delta_targets
from careful.updates import repository as files
from careful.updates.delegation import Draft, Tree
from careful.updates.events import MetadataPublished
from careful.updates.repository import Repository, Versions

_FILENAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+~_-]{0,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What signing a release led to: the number of the metadata that lists it, who signed, how many must still."""

    product: str
    version: str
    metadata_version: int
    keyids: tuple[str, ...]
    missing: int = 0


def repository_dir(world: World, product: str) -> Path:
    """Return the folder of a product's repository: `metadata` and `targets` in it are served as they are."""
    return world.home / "tuf" / product


def stores_of(world: World, more: Collection[signing.KeyStore] = ()) -> list[signing.KeyStore]:
    """Return every place where signing keys may be: the data folder, the server's token, and `more`."""
    token = world.settings.signing_token
    return [world.keys, *([TokenKeys(token)] if token else []), *more]


def home_of(world: World, role: str) -> signing.KeyStore:
    """Return where this server makes keys of a role: those that it keeps are made in its token, where it has one."""
    token = world.settings.signing_token
    return TokenKeys(token) if token and role not in signing.KEPT_ROLES else world.keys


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
            held = {role: signing.ensure(home_of(world, role), product, role) for role in signing.ROLES}
            made = make(found, held, stores_of(world), world.clock.now())
            _tell(world, SYSTEM, found.product, made)
    return found


def make(
    repository: Repository,
    held: Mapping[str, list[Signer]],
    stores: Collection[signing.KeyStore],
    now: datetime,
) -> list[tuple[str, Metadata[Any]]]:
    """Make the first metadata of a locked repository; what a crash left of an earlier try stays as it is."""
    made: list[tuple[str, Metadata[Any]]] = []
    if not repository.numbers("root"):  # else a factory may trust it already
        made.append(("root", files.first_root(held, now)))
        repository.write(made[-1][1])
    tree = Tree(repository, {"targets": 1})
    if not repository.numbers("targets"):
        named = {role: [one.public_key for one in held[role]] for role in ("build", "release", "director")}
        first = delegation.delegating(named, 1, files.expiry("targets", now))
        made += _first(repository, Draft(repository.root(), tree, {"targets": first}, {}), stores)
    if tree.metadata("targets").signed.delegations is not None:  # else an earlier version of this program began it
        if not repository.numbers(delegation.RELEASES):
            empty = delegation.listing(tree, now, {}, tree.metadata("targets").signed, anew=True)
            made += _first(repository, Draft(repository.root(), tree, empty, {}), stores)
        if delegation.RELEASES not in repository.newest():
            repository.add_set({"targets": 1, delegation.RELEASES: 1})
    return [*made, *put_in_force(repository, stores, now, repository.newest())]


def _first(
    repository: Repository, draft: Draft, stores: Collection[signing.KeyStore]
) -> list[tuple[str, Metadata[Any]]]:
    draft.sign(stores)
    for role, metadata in draft.documents.items():
        repository.write(metadata, role)
    return list(draft.documents.items())


def sign_release(world: World, actor: Actor, release_id: str, stores: Collection[signing.KeyStore] = ()) -> Signed:
    """Sign a release with every wanted key at hand: of this server, and in `stores`.

    Signing twice changes nothing. Where signatures are still missing, what is there is kept, and `missing` says how
    many. Raises NotFound (release, or none of the missing keys is at hand), Refused (withdrawn).
    """
    release = signable(world, release_id)
    repository = ensure_repository(world, release.product)
    with repository.locked():
        newest = Tree(repository, repository.newest())
        if holds_all(world, newest, release):
            return note_signed(world, actor, release, newest)
        draft = draft_release(world, repository, release)
        before = draft.lacking
        draft.sign(stores_of(world, stores))
        return accept_release(world, actor, release, draft, before)


def accept_release(
    world: World, actor: Actor, release: releases.Release, draft: Draft, before: Mapping[str, int]
) -> Signed:
    """Keep a release's metadata, whole or with signatures still missing. Raises NotFound where none was added."""
    repository = draft.tree.repository
    lacking = draft.lacking
    if not lacking:
        keep(world, draft)
        return note_signed(world, actor, release, Tree(repository, repository.newest()))
    product, version = release.product, release.version
    if lacking == before:
        raise NotFound(
            f"The {_lacked(lacking)} key of {product} is not here.",
            do=f"Name where it is (--keys), or sign elsewhere: careful release request {product} {version} FILE",
        )
    repository.keep_pending(draft.request())
    role = next(iter(lacking))
    authority = draft.authorities(role)[-1]
    return Signed(
        product=product,
        version=version,
        metadata_version=draft.documents[role].signed.version,
        keyids=signing.valid_signers(authority, role, draft.documents[role]),
        missing=max(lacking.values()),
    )


def _lacked(lacking: Mapping[str, int]) -> str:
    role = next(iter(lacking))
    return {"targets": "targets", "root": "root"}.get(role, "build or release" if lacking[role] > 1 else "release")


def signable(world: World, release_id: str) -> releases.Release:
    """Return a release that may be signed. Raises NotFound, and Refused: withdrawn, or not proven as it must be."""
    release = releases.by_id(world, release_id)
    if release.state == "withdrawn":
        raise Refused(f"{release.product} {release.version} was withdrawn.", do="Add a newer release.")
    releases.must_be_proven(world, release)
    return release


def draft_release(world: World, repository: Repository, release: releases.Release) -> Draft:
    """Return the next metadata with this release and without withdrawn ones, with the signatures gathered so far.

    Raises Refused for an image that no device could name.
    """
    gone = [one for one in releases.list_for(world, release.product) if one.state == "withdrawn"]
    if not _FILENAME.fullmatch(release.artifact.filename):
        raise Refused(
            f"The image is called {release.artifact.filename[:80]!r}, which is no plain file name.",
            do="Add the release again under a name of letters, digits and . + ~ _ - (128 at most).",
        )
    tree = Tree(repository, repository.newest())
    target = target_of(release)
    dropped = {target_path(one) for one in gone} | delta_targets.of_releases(tree, gone)
    says = f"Release {release.version} of {release.product}"
    purpose = {"kind": "release", "release": release.id, "says": says}
    deltas = delta_targets.targets_for(world, release.id)

    def draft(kept: Mapping[str, TargetFile]) -> Draft:
        add = {target.path: target, **kept}
        documents = delegation.with_release(tree, world.clock.now(), add, dropped - add.keys())
        return Draft(repository.root(), tree, documents, purpose)

    # A delta that was made since somebody was asked to sign can wait; the signatures gathered so far cannot.
    asked = delta_targets.asked(repository, purpose)
    resumed = resume(draft({path: one for path, one in deltas.items() if path in asked})) if asked else None
    return resumed or draft(deltas)


def resume(draft: Draft) -> Draft | None:
    """Return what is pending for the same purpose, if it still says what `draft` says; only its age may differ."""
    path = draft.tree.repository.pending
    if not path.exists():
        return None
    request = signing.read_request(path.read_bytes())
    if request.purpose != draft.purpose or {one.role for one in request.documents} != set(draft.documents):
        return None
    documents: dict[str, Metadata[Any]] = {one.role: Metadata.from_bytes(one.metadata) for one in request.documents}
    for role, one in documents.items():
        if not same(one.signed, draft.documents[role].signed):
            return None
    return Draft(draft.root, draft.tree, documents, draft.purpose)


def same(one: Any, other: Any) -> bool:  # noqa: ANN401 (any TUF metadata)
    """Tell whether two pieces of metadata say the same, whenever they were drafted (within a twelfth of their life)."""
    early, late = sorted((one.expires, other.expires))
    if late - early > files.LIFE[one.type] / 12:
        return False
    mine, its = one.to_dict(), other.to_dict()
    del mine["expires"], its["expires"]
    return bool(mine == its)


def keep(world: World, draft: Draft) -> None:
    """Keep metadata that has all its signatures, not in force yet."""
    repository = draft.tree.repository
    listed = {path for one in draft.documents.values() for path in getattr(one.signed, "targets", ())}
    for release in releases.list_for(world, repository.product):
        path = target_path(release)
        if path in listed and release.state != "withdrawn":
            artifact = releases.artifact_path(world, release.artifact.sha256)
            repository.link(artifact, path, release.artifact.sha256)
    for one in draft.documents.values():
        delta_targets.link(world, repository, getattr(one.signed, "targets", {}))
    write(draft)


def write(draft: Draft) -> None:
    """Write a draft's metadata and the set that it makes. Raises Refused while signatures are missing."""
    repository = draft.tree.repository
    if draft.lacking:
        raise Refused(f"Signatures are missing: {draft.lacking}.")
    for role, metadata in draft.documents.items():
        repository.write(metadata, role)
    if set(draft.documents) != {"root"}:
        repository.add_set(draft.versions)
    repository.keep_pending(None)


def note_signed(world: World, actor: Actor, release: releases.Release, tree: Tree) -> Signed:
    """Tell the release that it is signed, unless it knows."""
    role = tree.lister(target_path(release))
    metadata = tree.metadata(role)
    authority = Draft(tree.repository.root(), tree, {}, {}).authorities(role)[-1]
    keyids = signing.valid_signers(authority, role, metadata)
    if release.state == "draft":
        releases.mark_signed(world, actor, release.id, keyids, metadata.signed.version)
    return Signed(
        product=release.product, version=release.version, metadata_version=metadata.signed.version, keyids=keyids
    )


def target_path(release: releases.Release) -> str:
    """Return the name under which a release's artifact is a target."""
    return f"{release.version}/{release.artifact.filename}"


def target_of(release: releases.Release) -> TargetFile:
    """Return what is signed about a release: length, SHA-256, and what a device must know before it installs."""
    custom: dict[str, object] = {
        "product": release.product,
        "hardware": list(release.hardware),
        "version": release.version,
        "security_version": release.security_version,
        "sbom_sha256": release.sbom_sha256,
        "fixes": list(release.fixes),
    }
    if release.parts:
        custom["parts"] = [
            {
                "part": one.part,
                "name": one.name,
                "version": one.version,
                "filename": one.artifact.filename,
                "length": one.artifact.size,
                "sha256": one.artifact.sha256,
            }
            for one in release.parts
        ]
    return TargetFile(
        release.artifact.size, {"sha256": release.artifact.sha256}, target_path(release), {"custom": custom}
    )


def holds_all(world: World, tree: Tree, release: releases.Release) -> bool:
    """Tell whether a set says exactly this about a release and about every delta to it."""
    deltas = delta_targets.targets_for(world, release.id)
    return tree.holds(target_of(release)) and all(tree.holds(one) for one in deltas.values())


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
        now = repository.in_force()
        current = Tree(repository, now)
        here = current.holds(target_of(release))
        if not (here and holds_all(world, current, release)):
            sets = (Tree(repository, one) for one in repository.signed_sets() if one != now)
            ahead = (tree for tree in sets if tree.holds(target_of(release)))
            ready = next((tree for tree in ahead if not here or holds_all(world, tree, release)), None)
            if ready is None and not here:
                raise Refused(f"{name} must be signed again.", do=f"Run: careful release sign {name}")
            if ready is not None:
                made = [(role, ready.metadata(role)) for role in ready.roles if ready.versions[role] != now.get(role)]
                made += put_in_force(repository, stores_of(world), world.clock.now(), ready.versions)
                _tell(world, actor, release.product, made)
        return dict(versions(repository))


def is_published(world: World, release: releases.Release) -> bool:
    """Tell whether devices can see the release in the repository."""
    repository = Repository(repository_dir(world, release.product), release.product)
    return repository.exists() and Tree(repository, repository.in_force()).holds(target_of(release))


def put_in_force(
    repository: Repository, stores: Collection[signing.KeyStore], now: datetime, wanted: Versions
) -> list[tuple[str, Metadata[Any]]]:
    """Sign snapshot and timestamp over `wanted`; the rename of the timestamp is the moment it counts."""
    root = repository.root()
    snapshot = files.next_snapshot(repository, now, wanted)
    _sign_online(stores, root, repository.product, snapshot)
    repository.write(snapshot)
    timestamp = files.next_timestamp(repository, now, snapshot.signed.version)
    _sign_online(stores, root, repository.product, timestamp)
    repository.write(timestamp)
    return [("snapshot", snapshot), ("timestamp", timestamp)]


def _sign_online(
    stores: Collection[signing.KeyStore], root: Metadata[Root], product: str, metadata: Metadata[Any]
) -> None:
    role = metadata.signed.type
    wanted = root.signed.roles[role].keyids
    signing.sign(metadata, [one for keys in stores for one in signing.signers(keys, product, wanted)])
    if not signing.verifies(root.signed, role, metadata):
        raise NotFound(f"The {role} key of {product} is not on this machine.", do="Restore it from a backup.")


def events_of(product: str, made: Sequence[tuple[str, Metadata[Any]]]) -> list[Event]:
    """Return what the ledger is told of metadata that came into force."""
    return [
        MetadataPublished(product=product, role=role, version=one.signed.version, expires=one.signed.expires)
        for role, one in made
    ]


def _tell(world: World, actor: Actor, product: str, made: Sequence[tuple[str, Metadata[Any]]]) -> None:
    with world.change(actor) as work:
        work.record(*events_of(product, made))


def versions(repository: Repository) -> dict[str, int]:
    """Return the number in force of each role; hash bins are counted by `releases`."""
    now = repository.in_force()
    return {
        "root": repository.root().signed.version,
        **{role: now[role] for role in ("targets", delegation.RELEASES) if role in now},
        "snapshot": repository.snapshot().signed.version,
        "timestamp": repository.timestamp().signed.version,
    }
