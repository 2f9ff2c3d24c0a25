"""What is signed about deltas: each is one more target of its product's repository."""

from collections.abc import Collection, Mapping

from tuf.api.metadata import Metadata, TargetFile  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__

from careful import releases
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delta_store
from careful.updates.delegation import Tree
from careful.updates.delta_plan import Delta, custom_of, is_delta_path
from careful.updates.repository import Repository


def targets_for(world: World, release_id: str) -> dict[str, TargetFile]:
    """Return the targets of every delta to a release, by path."""
    with world.look() as connection:
        found = delta_store.read(connection, release=release_id, state="ready")
    return {one.path: target_of(one) for one in found}


def target_of(one: Delta) -> TargetFile:
    """Return what is signed about a delta: length and SHA-256, and from which bytes to which it leads."""
    return TargetFile(one.size, {"sha256": one.sha256}, one.path, {"custom": custom_of(one)})


def of_releases(tree: Tree, gone: Collection[releases.Release]) -> set[str]:
    """Return the paths of deltas to these releases."""
    versions = {one.version for one in gone}
    return {path for path in tree.targets() if is_delta_path(path) and path.partition("/")[0] in versions}


def link(world: World, repository: Repository, targets: Mapping[str, TargetFile]) -> None:
    """Show the files of all deltas among `targets`."""
    for path, target in targets.items():
        if is_delta_path(path):
            sha256 = target.hashes["sha256"]
            repository.link(releases.artifact_path(world, sha256), path, sha256)


def asked(repository: Repository, purpose: Mapping[str, str]) -> set[str]:
    """Return what is listed in what is pending for `purpose`."""
    if not repository.pending.exists():
        return set()
    request = signing.read_request(repository.pending.read_bytes())
    if request.purpose != purpose:
        return set()
    documents = [Metadata.from_bytes(one.metadata) for one in request.documents]
    return {path for one in documents for path in getattr(one.signed, "targets", ())}
