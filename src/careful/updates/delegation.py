"""To whom the word about releases is delegated, and in which file it is found (TUF specification 1.0, section 4.5).

    root -> targets ---> releases          build key and release key, both must sign; lists the releases
                    |       `-> releases-0 … releases-ff    the same keys: hash bins, above 500 targets
                    `--> director          no file: its key signs what each device is to get (`director.py`)

`targets` itself lists nothing, so its key can stay in a safe. A repository that was made before this (flat) lists its
releases in `targets` until `careful release delegate` changes that. Pure: what is read comes from a `Repository`.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from securesystemslib.signer import Key  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Root, TargetFile, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful.releases import signing
from careful.updates import repository as files
from careful.updates.repository import Repository, Versions

RELEASES = "releases"
DIRECTOR = "director"
PATHS = ["*/*", "*/*/*"]
"""The names that targets may have: a version's folder, and folders in it."""
ASSIGNMENTS = ["assignments/*"]
MOST_IN_ONE_FILE = 500
_MOST_IN_16 = 8000
_DIGITS = ((MOST_IN_ONE_FILE, 0), (_MOST_IN_16, 1))
Authority = Root | Targets


class Tree:
    """What one set of metadata says about releases."""

    def __init__(self, repository: Repository, versions: Versions) -> None:
        self.repository = repository
        self.versions = dict(versions)
        self._read: dict[str, Metadata[Targets]] = {}

    def metadata(self, role: str) -> Metadata[Targets]:
        """Return the metadata of a role of this set."""
        if role not in self._read:
            self._read[role] = self.repository.targets_at(role, self.versions[role])
        return self._read[role]

    @property
    def is_flat(self) -> bool:
        """Tell whether `targets` lists the releases itself."""
        return RELEASES not in self.versions

    @property
    def bins(self) -> tuple[str, ...]:
        """Return the hash bins; those of an earlier division stay in the snapshot, and nobody delegates to them."""
        if self.is_flat:
            return ()
        delegations = self.metadata(RELEASES).signed.delegations
        return tuple(delegations.roles or ()) if delegations else ()

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles that count, those who delegate before those whom they name."""
        return ("targets", *(() if self.is_flat else (RELEASES,)), *self.bins)

    @property
    def digits(self) -> int:
        """Return how many hex digits tell the bins."""
        return len(self.bins[0]) - len(RELEASES) - 1 if self.bins else 0

    def lister(self, path: str) -> str:
        """Return the role that lists `path`, if any does."""
        return "targets" if self.is_flat else bin_of(path, self.digits)

    def find(self, path: str) -> TargetFile | None:
        """Return what is signed about `path`."""
        return self.metadata(self.lister(path)).signed.targets.get(path)

    def targets(self) -> dict[str, TargetFile]:
        """Return all that is signed, by name."""
        return {path: one for role in self.roles for path, one in self.metadata(role).signed.targets.items()}

    def holds(self, target: TargetFile) -> bool:
        """Tell whether exactly this is signed about a target."""
        return self.find(target.path) == target


def bin_of(path: str, digits: int) -> str:
    """Return the role that lists `path` where there are 16 ** `digits` bins."""
    return f"{RELEASES}-{hashlib.sha256(path.encode()).hexdigest()[:digits]}" if digits else RELEASES


def digits_for(count: int) -> int:
    """Return how many hex digits tell the bins of `count` targets: 0 (one file), 1 (16 bins) or 2 (256)."""
    return next((digits for most, digits in _DIGITS if count <= most), 2)


def delegating(keys: Mapping[str, Sequence[Key]], version: int, expires: datetime) -> Metadata[Targets]:
    """Return `targets` that name who signs releases (all of the keys given must) and who directs devices."""
    signers = [*keys["build"], *keys["release"]]
    releases = DelegatedRole(RELEASES, [one.keyid for one in signers], len(signers), terminating=True, paths=PATHS)
    director = DelegatedRole(
        DIRECTOR, [one.keyid for one in keys["director"]], 1, terminating=True, paths=list(ASSIGNMENTS)
    )
    named = {one.keyid: one for one in (*signers, *keys["director"])}
    roles = {RELEASES: releases, DIRECTOR: director}
    return Metadata(Targets(version=version, expires=expires, delegations=Delegations(named, roles)))


def keys_of(targets: Targets, role: str) -> list[Key]:
    """Return the keys that `targets` name for a delegated role, in their order."""
    delegations = targets.delegations
    if delegations is None or not delegations.roles or role not in delegations.roles:
        return []
    return [delegations.keys[keyid] for keyid in delegations.roles[role].keyids]


def listing(
    tree: Tree, now: datetime, targets: Mapping[str, TargetFile], authority: Targets, *, anew: bool = False
) -> dict[str, Metadata[Any]]:
    """Return the metadata, not signed yet, that makes `targets` all that is listed: what differs from `tree`, by role.

    `authority`: the `targets` that name the signers. `anew`: all of it, because the signers are others.
    """
    digits = max(digits_for(len(targets)), tree.digits)
    shares: dict[str, dict[str, TargetFile]] = {
        role: {} for role in ([RELEASES] if not digits else [f"{RELEASES}-{n:0{digits}x}" for n in range(16**digits)])
    }
    for path, one in targets.items():
        shares[bin_of(path, digits)][path] = one
    expires = files.expiry("targets", now)
    made: dict[str, Metadata[Any]] = {}
    if digits and (anew or digits != tree.digits):
        number = _next(tree.repository, RELEASES)
        made[RELEASES] = Metadata(Targets(version=number, expires=expires, delegations=_bins(authority, digits)))
    for role, share in shares.items():
        if anew or digits != tree.digits or role not in tree.versions or tree.metadata(role).signed.targets != share:
            number = _next(tree.repository, role)
            made[role] = Metadata(Targets(version=number, expires=expires, targets=share))
    return made


def _bins(authority: Targets, digits: int) -> Delegations:
    keys = keys_of(authority, RELEASES)
    keyids = [one.keyid for one in keys]
    roles = {
        f"{RELEASES}-{n:0{digits}x}": DelegatedRole(
            f"{RELEASES}-{n:0{digits}x}",
            keyids,
            len(keyids),
            terminating=True,
            path_hash_prefixes=[f"{n:0{digits}x}"],
        )
        for n in range(16**digits)
    }
    return Delegations({one.keyid: one for one in keys}, roles)


def with_release(
    tree: Tree, now: datetime, add: Mapping[str, TargetFile], drop: Collection[str]
) -> dict[str, Metadata[Any]]:
    """Return the next metadata, not signed yet: what `tree` says, with `add` and without `drop`."""
    wanted = {path: one for path, one in tree.targets().items() if path not in drop} | dict(add)
    if tree.is_flat:
        number = _next(tree.repository, "targets")
        return {"targets": Metadata(Targets(version=number, expires=files.expiry("targets", now), targets=wanted))}
    return listing(tree, now, wanted, tree.metadata("targets").signed)


def again(tree: Tree, now: datetime, role: str) -> Metadata[Targets]:
    """Return a role of `tree` once more, with the next number and a new life, not signed yet."""
    fresh: Metadata[Targets] = Metadata(Targets.from_dict(tree.metadata(role).signed.to_dict()))
    fresh.signed.version = _next(tree.repository, role)
    fresh.signed.expires = files.expiry("targets", now)
    return fresh


def _next(repository: Repository, role: str) -> int:
    numbers = repository.numbers(role)
    return numbers[-1] + 1 if numbers else 1


class Draft:
    """Metadata that is to be signed and come into force together, over a root and a tree."""

    def __init__(
        self, root: Metadata[Root], tree: Tree, documents: Mapping[str, Metadata[Any]], purpose: Mapping[str, str]
    ) -> None:
        self.root = root
        self.tree = tree
        self.documents = dict(documents)
        self.purpose = dict(purpose)

    @property
    def versions(self) -> dict[str, int]:
        """Return the set that this draft makes."""
        mine = {role: one.signed.version for role, one in self.documents.items() if role != "root"}
        return {**self.tree.versions, **mine}

    @property
    def new_root(self) -> Metadata[Root]:
        """Return the root that will count."""
        return self.documents.get("root", self.root)

    def authorities(self, role: str) -> tuple[Authority, ...]:
        """Return all whose word is needed for a document: root needs the old root and itself."""
        if role == "root":
            return (self.root.signed, self.documents["root"].signed)
        if role == "targets":
            return (self.new_root.signed,)
        above = "targets" if role == RELEASES else RELEASES
        found: Metadata[Targets] = self.documents.get(above) or self.tree.metadata(above)
        return (found.signed,)

    def keyids(self, role: str) -> list[str]:
        """Return the keys whose word on a document counts."""
        found: dict[str, None] = {}
        for authority in self.authorities(role):
            found.update(dict.fromkeys(authority.get_delegated_role(role).keyids))
        return list(found)

    def missing(self, role: str) -> int:
        """Return how many signatures a document lacks."""
        one = self.documents[role]
        return max(
            max(0, authority.get_delegated_role(role).threshold - len(signing.valid_signers(authority, role, one)))
            for authority in self.authorities(role)
        )

    @property
    def lacking(self) -> dict[str, int]:
        """Return how many signatures are missing, for each document that lacks any."""
        return {role: count for role in self.documents if (count := self.missing(role))}

    def sign(self, stores: Collection[signing.KeyStore], extra: Sequence[Any] = ()) -> None:
        """Add the signatures of every wanted key at hand, and of the signers in `extra`."""
        held = [one for store in stores for _, one in signing.named(store, self.tree.repository.product)]
        by_id = {one.public_key.keyid: one for one in (*held, *extra)}
        for role, metadata in self.documents.items():
            signing.sign(metadata, [by_id[keyid] for keyid in self.keyids(role) if keyid in by_id])

    def request(self) -> bytes:
        """Return the file by which signatures are asked for."""
        return signing.write_request(self.tree.repository.product, self.purpose, self.rows())

    def rows(self) -> Iterator[tuple[str, Metadata[Any], list[str]]]:
        """Yield each document with the keys whose word counts."""
        for role, metadata in self.documents.items():
            yield role, metadata, self.keyids(role)
