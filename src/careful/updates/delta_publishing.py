"""Putting deltas in force that were made after their release was signed.

A delta makes nothing genuine that was not: a device that used one compares the result with the image's own target.
So where the build key and the release key are on this server, the server signs deltas by itself.
"""

from careful import releases
from careful.kernel.actors import SYSTEM
from careful.kernel.work import World
from careful.updates import delegation, delta_store, publishing
from careful.updates.delegation import Draft, Tree
from careful.updates.delta_plan import Delta
from careful.updates.delta_targets import target_of
from careful.updates.repository import Repository


def publish_deltas(world: World) -> int:
    """Put deltas in force that devices cannot see yet; return how many came into force.

    Those of a release that is not published wait for it; those whose signing key is elsewhere wait for the next
    signature.
    """
    with world.look() as connection:
        waiting = delta_store.unpublished(connection)
    by_product: dict[str, list[Delta]] = {}
    for one in waiting:
        by_product.setdefault(one.product, []).append(one)
    return sum(_publish(world, product, found) for product, found in by_product.items())


def _publish(world: World, product: str, waiting: list[Delta]) -> int:
    repository = Repository(publishing.repository_dir(world, product), product)
    if not repository.exists():
        return 0
    with repository.locked():
        current = Tree(repository, repository.in_force())
        lacking = [one for one in waiting if not _names(current, one) and _is_offered(world, current, one)]
        # Whoever signed something newer, or is about to, decides when it counts.
        settled = repository.newest() == repository.in_force() and not repository.pending.exists()
        if lacking and settled:
            current = _sign(world, current, lacking) or current
    seen = [one for one in waiting if _names(current, one)]
    if seen:
        with world.change(SYSTEM) as work:
            for one in seen:
                delta_store.set_published(work.connection, one.release, [one.base], work.now)
    return len(seen)


def _sign(world: World, current: Tree, lacking: list[Delta]) -> Tree | None:
    """Sign deltas and put them in force, if all keys are at hand; return what is in force then."""
    repository = current.repository
    add = {one.path: target_of(one) for one in lacking}
    documents = delegation.with_release(current, world.clock.now(), add, ())
    draft = Draft(repository.root(), current, documents, {"kind": "deltas", "says": f"Deltas of {repository.product}"})
    stores = publishing.stores_of(world)
    draft.sign(stores)
    if draft.lacking:
        return None
    publishing.keep(world, draft)
    made = [*draft.documents.items(), *publishing.put_in_force(repository, stores, world.clock.now(), draft.versions)]
    with world.change(SYSTEM) as work:
        work.record(*publishing.events_of(repository.product, made))
    return Tree(repository, repository.in_force())


def _names(tree: Tree, one: Delta) -> bool:
    return tree.holds(target_of(one))


def _is_offered(world: World, tree: Tree, one: Delta) -> bool:
    release = releases.by_id(world, one.release)
    return release.state == "signed" and tree.holds(publishing.target_of(release))
