"""Rehearsing the loss of a key, on a copy of a product's repository, with a real TUF client in the part of a device.

A thief has the key, and all that the server has besides. The rehearsal shows what he can do while the key counts,
replaces the key exactly as `replace_key` does, and shows that the device follows, still finds what is genuine, and
refuses what the old key signed. Where the keys that this takes are elsewhere, keys made for the occasion stand in: that
proves the procedure, not that the sticks can be found.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner, Key, Signer  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.exceptions import DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from careful.kernel.actors import Actor
from careful.kernel.errors import Refused
from careful.kernel.keys import Keys
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, key_change, publishing
from careful.updates import repository as files
from careful.updates.delegation import Draft, Tree
from careful.updates.events import KeyDrillFailed, KeyDrillHeld
from careful.updates.repository import Repository

HIGHEST = 2**31 - 1
_EVIL = "9999.0/stolen.img"
_TWO = ("build", "release")
"""Roles whose keys sign together."""
_WITH = {"targets": " with the server", **dict.fromkeys(_TWO, " with the other of the two keys and the server")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a rehearsal went. `keys`: real or stand-in; `shown`: what was seen; `failed`: why it did not hold."""

    product: str
    role: str
    keys: str
    shown: tuple[str, ...]
    failed: str = ""

    @property
    def held(self) -> bool:
        """Tell whether everything was as it must be."""
        return not self.failed


class _Broken(Exception):
    """Something was not as it must be."""


class _Files(FetcherInterface):
    """Serves a client from a folder."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(url.removeprefix("file://"))
        if not path.is_file():
            raise DownloadHTTPError("not there", 404)
        return iter([path.read_bytes()])


class _Device:
    """A device: what it was born with, and what it has learned."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self._folder = folder
        self._root = root
        folder.mkdir()

    def twin(self, folder: Path) -> "_Device":
        """Return another device that has learned the same."""
        made = _Device(folder, self._root)
        shutil.copytree(self._folder, folder, symlinks=True, dirs_exist_ok=True)
        return made

    def look(self, repository: Repository, *paths: str) -> tuple[int, list[str]]:
        """Look at a repository; return the root's number and which of `paths` are genuine. Raises RepositoryError."""
        updater = Updater(str(self._folder), f"file://{repository.metadata}/", fetcher=_Files(), bootstrap=self._root)
        updater.refresh()
        found = [path for path in paths if updater.get_targetinfo(path) is not None]
        return Metadata[Root].from_file(str(self._folder / "root.json")).signed.version, found


def rehearse(world: World, actor: Actor, product: str, role: str, stores: Sequence[signing.KeyStore] = ()) -> Rehearsal:
    """Rehearse the loss of the key of `role`, and record how it went; the real repository is only read.

    Raises NotFound, Invalid (no role), Refused where the product has no repository, or no such key.
    """
    real = Repository(publishing.repository_dir(world, product), product)
    if not real.exists():
        raise Refused(f"{product} has no update repository yet.", do=f"Sign a release of {product}.")
    key_change.keyids_of(real, role)
    with tempfile.TemporaryDirectory(prefix="careful-drill-") as scratch:
        found = _Stage(Path(scratch), real, role, world.clock.now(), publishing.stores_of(world, stores)).run()
    with world.change(actor) as work:
        if found.held:
            work.record(KeyDrillHeld(product=product, role=role, keys=found.keys, shown=found.shown))
        else:
            work.record(KeyDrillFailed(product=product, role=role, keys=found.keys, reason=found.failed))
    return found


class _Stage:
    """One rehearsal in a scratch folder."""

    def __init__(
        self, scratch: Path, real: Repository, role: str, now: datetime, stores: list[signing.KeyStore]
    ) -> None:
        self.scratch = scratch
        self.role = role
        self.now = now
        self.shown: list[str] = []
        self.repository = self._copy(real, "copy")
        self.signers = _signers(stores, real.product)
        self.keys = "real"
        if not self._enough():
            self._stand_in(real)
        self.stolen = [self.signers[one] for one in key_change.keyids_of(self.repository, role) if one in self.signers]
        self.genuine = sorted(Tree(self.repository, self.repository.in_force()).targets())
        born_with = (self.repository.metadata / "1.root.json").read_bytes()
        self.device = _Device(scratch / "device", born_with)

    def run(self) -> Rehearsal:
        """Rehearse."""
        failed = ""
        try:
            self._rehearse()
        except _Broken as wrong:
            failed = str(wrong)
        except RepositoryError as refused:
            failed = f"the device refused what it had to take: {refused}"
        return Rehearsal(
            product=self.repository.product, role=self.role, keys=self.keys, shown=tuple(self.shown), failed=failed
        )

    def _rehearse(self) -> None:
        before, found = self.device.look(self.repository, *self.genuine)
        self._want(found == self.genuine, "the device does not find what is in force")
        fooled = self._while_it_counts()
        self._replace(self.role)
        after, found = self.device.look(self.repository, *self.genuine)
        self._want(found == self.genuine, "the device no longer finds what is in force")
        self._say(f"The device followed from root {before} to root {after}, and finds all {len(found)} targets.")
        if fooled is not None:
            if self.role in _TWO:  # the thief had the server too
                self._replace("snapshot")
            _, found = fooled.look(self.repository, *self.genuine, _EVIL)
            self._want(found == self.genuine, "a device that the thief had fooled does not follow")
            self._say("A device that the thief had fooled followed too.")
        self._afterwards()

    def _while_it_counts(self) -> _Device | None:
        """Let the thief act while the key counts; return a device that he could fool."""
        if self.role == "director":
            return None
        if self.role in _TWO:
            self._alone()
        mirror = self._copy(self.repository, "mirror-before")
        victim = self.device.twin(self.scratch / "victim")
        try:
            self._forge(mirror)
            _, found = victim.look(mirror, _EVIL)
        except RepositoryError as refused:
            self._say(f"While the key counted, the thief's metadata was refused already: {_words(refused)}")
            return None
        self._say(
            f"While the key counted, the thief could pass an image off as genuine{_WITH.get(self.role, '')}."
            if found
            else "While the key counted, the thief could hold devices at what is in force, and pass off no image."
        )
        return victim

    def _alone(self) -> None:
        """See that one of two keys signs nothing that a device takes, whatever else of the server's a thief has."""
        mirror = self._copy(self.repository, "mirror-alone")
        self._forge(mirror, alone=True)
        try:
            _, found = self.device.twin(self.scratch / "careful").look(mirror, _EVIL)
        except RepositoryError as refused:
            self._say(f"Without the other of the two keys, what it signs is refused: {_words(refused)}")
            return
        raise _Broken(f"one key of two is enough: {found}")

    def _replace(self, role: str) -> None:
        fresh = {
            one: [CryptoSigner.generate_ed25519() for _ in range(key_change.number_of(one))]
            for one in (role, *key_change.companions(role))
        }
        made = [one for signers in fresh.values() for one in signers]
        keys = {one: [signer.public_key for signer in signers] for one, signers in fresh.items()}
        draft = key_change.change(self.repository, self.now, role, keys, "Rehearsal")
        self._sign(draft, made)
        publishing.write(draft)
        self.signers |= {one.public_key.keyid: one for one in made}
        _put_in_force(self.repository, self.signers, self.now, draft.versions)

    def _afterwards(self) -> None:
        """Let the thief act once more, with the old key and all else that the server has."""
        if self.role == "director":
            self._forged_assignment()
            return
        mirror = self._copy(self.repository, "mirror-after")
        self._forge(mirror)
        try:
            _, found = self.device.look(mirror, _EVIL)
        except RepositoryError as refused:
            self._say(f"What the old key signs is refused: {_words(refused)}")
            return
        raise _Broken(f"the device took what the old key signed: {found or 'metadata'}")

    def _forged_assignment(self) -> None:
        top = Tree(self.repository, self.repository.in_force()).metadata("targets").signed
        said = Metadata(Targets(version=HIGHEST, expires=self.now + timedelta(days=1)))
        signing.sign(said, self.stolen)
        self._want(not signing.verifies(top, delegation.DIRECTOR, said), "the old director's word still counts")
        self._say("What the old key signs for a device is refused.")

    def _forge(self, mirror: Repository, *, alone: bool = False) -> None:
        """Sign, with the stolen key and whatever the server has, as much as these keys can."""
        tree = Tree(mirror, mirror.in_force())
        versions = dict(tree.versions)
        if self.role == "root":
            self._forge_root(mirror)
        elif self.role in {"targets", "build", "release"}:
            documents = self._evil_listing(tree, alone=alone)
            for role, one in documents.items():
                mirror.write(one, role)
                versions[role] = one.signed.version
        snapshot = files.next_snapshot(mirror, self.now, versions)
        by = self.stolen if self.role == "snapshot" else self._of(mirror, "snapshot")
        if self.role == "snapshot":
            snapshot.signed.version = HIGHEST
        signing.sign(snapshot, by)
        mirror.write(snapshot)
        timestamp = files.next_timestamp(mirror, self.now, snapshot.signed.version)
        by = self.stolen if self.role == "timestamp" else self._of(mirror, "timestamp")
        if self.role == "timestamp":
            timestamp.signed.version = HIGHEST
        signing.sign(timestamp, by)
        mirror.write(timestamp)

    def _forge_root(self, mirror: Repository) -> None:
        """Sign a root that names the thief's keys: with one old key while they count, with all three afterwards."""
        root = Metadata(Root.from_dict(mirror.root().signed.to_dict()))
        counting = set(root.signed.roles["root"].keyids)
        own = [CryptoSigner.generate_ed25519() for _ in range(signing.ROOT_KEYS)]
        for keyid in counting:
            root.signed.revoke_key(keyid, "root")
        for one in own:
            root.signed.add_key(one.public_key, "root")
        root.signed.version += 1
        still = [one for one in self.stolen if one.public_key.keyid in counting]
        signing.sign(root, [*own, *(still[:1] or self.stolen)])
        mirror.write(root)

    def _evil_listing(self, tree: Tree, *, alone: bool) -> dict[str, Metadata[Any]]:
        evil = TargetFile(1, {"sha256": "0" * 64}, _EVIL, {"custom": {"product": tree.repository.product}})
        listed = tree.targets() | {_EVIL: evil}
        if tree.is_flat:
            documents = delegation.with_release(tree, self.now, {_EVIL: evil}, ())
            signing.sign(documents["targets"], self.stolen)
            return documents
        top = tree.metadata("targets")
        if self.role == "targets":
            own = CryptoSigner.generate_ed25519()
            keys: dict[str, list[Key]] = {"build": [own.public_key], "release": [], "director": [own.public_key]}
            number = tree.repository.numbers("targets")[-1] + 1
            top = delegation.delegating(keys, number, files.expiry("targets", self.now))
            signing.sign(top, self.stolen)
            made = delegation.listing(tree, self.now, listed, top.signed, anew=True)
            for one in made.values():
                signing.sign(one, [own])
            return {"targets": top, **made}
        documents = delegation.listing(tree, self.now, listed, top.signed)
        build, release = delegation.keys_of(top.signed, delegation.RELEASES)
        other = self.signers.get(build.keyid if self.role == "release" else release.keyid)
        for one in documents.values():
            signing.sign(one, [*self.stolen, *([other] if other and not alone else [])])
        return documents

    def _of(self, repository: Repository, role: str) -> list[Signer]:
        return [self.signers[one] for one in repository.root().signed.roles[role].keyids if one in self.signers]

    def _enough(self) -> bool:
        """Tell whether every key that the rehearsal takes is at hand."""
        fresh = {
            one: [CryptoSigner.generate_ed25519() for _ in range(key_change.number_of(one))]
            for one in (self.role, *key_change.companions(self.role))
        }
        keys = {one: [signer.public_key for signer in signers] for one, signers in fresh.items()}
        draft = key_change.change(self.repository, self.now, self.role, keys, "Rehearsal")
        self._sign(draft, [one for signers in fresh.values() for one in signers])
        stolen = key_change.keyids_of(self.repository, self.role)
        online = all(self._of(self.repository, role) for role in ("snapshot", "timestamp"))
        if self.role in _TWO:  # afterwards the server's keys are replaced too
            roots = self.repository.root().signed.roles["root"]
            online = online and sum(one in self.signers for one in roots.keyids) >= roots.threshold
        return not draft.lacking and online and all(one in self.signers for one in stolen)

    def _sign(self, draft: Draft, fresh: Sequence[Signer]) -> None:
        by_id = {**self.signers, **{one.public_key.keyid: one for one in fresh}}
        for role, metadata in draft.documents.items():
            signing.sign(metadata, [by_id[keyid] for keyid in draft.keyids(role) if keyid in by_id])

    def _stand_in(self, real: Repository) -> None:
        """Make a repository of the same content with keys made for the occasion."""
        self.keys = "stand-in"
        listed = Tree(real, real.in_force()).targets()
        store = Keys(self.scratch / "keys")
        self.repository = Repository(self.scratch / "stand-in", real.product)
        with self.repository.locked():
            held = {role: signing.ensure(store, real.product, role) for role in signing.ROLES}
            publishing.make(self.repository, held, [store], self.now)
            tree = Tree(self.repository, self.repository.in_force())
            documents = delegation.with_release(tree, self.now, listed, ())
            draft = Draft(self.repository.root(), tree, documents, {})
            draft.sign([store])
            publishing.write(draft)
            publishing.put_in_force(self.repository, [store], self.now, draft.versions)
        self.signers = _signers([store], real.product)

    def _copy(self, repository: Repository, name: str) -> Repository:
        """Copy the metadata of a repository; images are not needed."""
        folder = self.scratch / name
        for part in ("metadata", "sets"):
            if (repository.metadata.parent / part).exists():
                shutil.copytree(repository.metadata.parent / part, folder / part)
        made = Repository(folder, repository.product)
        made.targets.mkdir()
        return made

    def _want(self, good: bool, otherwise: str) -> None:
        if not good:
            raise _Broken(otherwise)

    def _say(self, sentence: str) -> None:
        self.shown.append(sentence)


def _signers(stores: Sequence[signing.KeyStore], product: str) -> dict[str, Signer]:
    return {one.public_key.keyid: one for keys in stores for _, one in signing.named(keys, product)}


def _put_in_force(repository: Repository, signers: dict[str, Signer], now: datetime, versions: files.Versions) -> None:
    roles = repository.root().signed.roles
    snapshot = files.next_snapshot(repository, now, versions)
    signing.sign(snapshot, [signers[one] for one in roles["snapshot"].keyids if one in signers])
    repository.write(snapshot)
    timestamp = files.next_timestamp(repository, now, snapshot.signed.version)
    signing.sign(timestamp, [signers[one] for one in roles["timestamp"].keyids if one in signers])
    repository.write(timestamp)


def _words(refusal: Exception) -> str:
    return " ".join(str(refusal).split())[:160]
