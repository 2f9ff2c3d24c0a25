"""Where a product's update repository stands, for people: what is in force, until when, and which keys are here."""

from typing import Any

from tuf.api.metadata import Metadata

from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, publishing
from careful.updates.delegation import Tree
from careful.updates.model import Published
from careful.updates.repository import Repository


def published(world: World, product: str) -> Published:
    """Return where a product's repository stands; empty before its first release was signed."""
    repository = Repository(publishing.repository_dir(world, product), product)
    if not repository.exists():
        return Published(product=product)
    root, tree = repository.root(), Tree(repository, repository.in_force())
    roles: dict[str, Metadata[Any]] = {"root": root, **{role: tree.metadata(role) for role in tree.roles[:2]}}
    roles |= {"snapshot": repository.snapshot(), "timestamp": repository.timestamp()}
    here = {one.public_key.keyid for keys in publishing.stores_of(world) for _, one in signing.named(keys, product)}
    top = tree.metadata("targets").signed
    known = {keyid for role in root.signed.roles.values() for keyid in role.keyids}
    known |= {one.keyid for role in (delegation.RELEASES, delegation.DIRECTOR) for one in delegation.keys_of(top, role)}
    return Published(
        product=product,
        versions=publishing.versions(repository),
        expires={role: one.signed.expires for role, one in roles.items()},
        targets=tuple(sorted(tree.targets())),
        keys_here=tuple(sorted(known & here)),
        keys_away=tuple(sorted(known - here)),
    )
