"""A key is lost or stolen: what must be signed so that devices believe the new one, and the old one no more.

Pure but for reading the repository, so that a rehearsal (`lost_key.py`) does exactly what the real thing does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from securesystemslib.signer import Key  # type: ignore[attr-defined]  # no __all__ there
from tuf.api.metadata import Metadata, Root, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful.kernel.errors import Invalid, Refused
from careful.releases import signing
from careful.updates import delegation
from careful.updates import repository as files
from careful.updates.delegation import Draft, Tree
from careful.updates.repository import Repository

_BELOW = {"build": delegation.RELEASES, "release": delegation.RELEASES, "director": delegation.DIRECTOR}
_PLACE = {"build": 0, "release": 1, "director": 0}


def companions(role: str) -> tuple[str, ...]:
    """Return the roles whose keys, kept by the server, are replaced together with that of `role`.

    A thief may have told devices of numbers far ahead (TUF specification, section 5.3.11: fast-forward). They follow
    the maker again only once the keys above those numbers are new: snapshot and timestamp.
    """
    return {"targets": ("snapshot", "timestamp"), "snapshot": ("timestamp",)}.get(role, ())


def number_of(role: str) -> int:
    """Return how many keys a role has."""
    return signing.ROOT_KEYS if role == "root" else 1


def keyids_of(repository: Repository, role: str) -> tuple[str, ...]:
    """Return the key ids that count for `role` now. Raises Invalid for what is no role, Refused where it has none."""
    if role not in signing.ROLES:
        raise Invalid(f"{role!r} is no role.", do=f"Say one of: {', '.join(signing.ROLES)}.", where="role")
    if role in signing.TOP_ROLES:
        return tuple(repository.root().signed.roles[role].keyids)
    tree = Tree(repository, repository.in_force())
    keys = delegation.keys_of(tree.metadata("targets").signed, _BELOW[role])
    if not keys:
        product = repository.product
        raise Refused(f"{product} has no {role} key.", do=f"Delegate first: careful release delegate {product}")
    return (keys[_PLACE[role]].keyid,)


def change(repository: Repository, now: datetime, role: str, fresh: Mapping[str, Sequence[Key]], reason: str) -> Draft:
    """Return what must be signed to replace the keys of `role` and its companions by `fresh`, over what is in force."""
    purpose = {
        "kind": "replace",
        "role": role,
        "reason": reason,
        "says": f"Replacement of the {role} key of {repository.product}: {reason}",
    }
    tree = Tree(repository, repository.in_force())
    if role in signing.TOP_ROLES:
        documents: dict[str, Metadata[Any]] = {"root": _new_root(repository, now, fresh)}
        if role == "targets":
            documents["targets"] = delegation.again(tree, now, "targets")
    else:
        documents = _delegated_anew(tree, now, role, fresh[role])
    return Draft(repository.root(), tree, documents, purpose)


def _new_root(repository: Repository, now: datetime, fresh: Mapping[str, Sequence[Key]]) -> Metadata[Root]:
    root = Metadata(Root.from_dict(repository.root().signed.to_dict()))
    root.signed.version += 1
    root.signed.expires = files.expiry("root", now)
    for role, keys in fresh.items():
        for keyid in tuple(root.signed.roles[role].keyids):
            root.signed.revoke_key(keyid, role)
        for one in keys:
            root.signed.add_key(one, role)
    return root


def _delegated_anew(tree: Tree, now: datetime, role: str, fresh: Sequence[Key]) -> dict[str, Metadata[Any]]:
    old = tree.metadata("targets").signed
    signers = delegation.keys_of(old, delegation.RELEASES)
    keys: dict[str, list[Key]] = {
        "build": signers[:1],
        "release": signers[1:],
        "director": delegation.keys_of(old, delegation.DIRECTOR),
    }
    keys[role] = list(fresh)
    documents: dict[str, Metadata[Any]] = {"targets": _targets(tree, now, keys)}
    if role != "director":
        authority: Targets = documents["targets"].signed
        documents |= delegation.listing(tree, now, tree.targets(), authority, anew=True)
    return documents


def _targets(tree: Tree, now: datetime, keys: dict[str, list[Key]]) -> Metadata[Targets]:
    version = tree.repository.numbers("targets")[-1] + 1
    return delegation.delegating(keys, version, files.expiry("targets", now))


def delegate(repository: Repository, now: datetime, keys: dict[str, list[Key]]) -> Draft:
    """Return what must be signed so that a flat repository delegates. Raises Refused where it does already."""
    tree = Tree(repository, repository.in_force())
    if not tree.is_flat:
        raise Refused(
            f"{repository.product} delegates already.", do=f"See: careful release status {repository.product}"
        )
    documents: dict[str, Metadata[Any]] = {"targets": _targets(tree, now, keys)}
    listed = tree.targets()
    documents |= delegation.listing(tree, now, listed, documents["targets"].signed, anew=True)
    purpose = {
        "kind": "delegate",
        "says": f"Build and release keys for {repository.product} in place of its targets key",
    }
    return Draft(repository.root(), tree, documents, purpose)
