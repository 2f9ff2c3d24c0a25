"""A repository as versions before 0.2 of this program made it: one targets key, which lists the releases itself."""

from tuf.api.metadata import Metadata, Targets

from careful.kernel.work import World
from careful.releases import signing
from careful.updates import publishing
from careful.updates import repository as files
from careful.updates.repository import Repository


def make(world: World, product: str) -> Repository:
    """Make one, empty and in force."""
    now = world.clock.now()
    held = {role: signing.ensure(world.keys, product, role) for role in signing.TOP_ROLES}
    repository = Repository(publishing.repository_dir(world, product), product)
    with repository.locked():
        repository.write(files.first_root(held, now))
        targets = Metadata(Targets(version=1, expires=files.expiry("targets", now)))
        signing.sign(targets, held["targets"])
        repository.write(targets)
        publishing.put_in_force(repository, [world.keys], now, {"targets": 1})
    return repository
