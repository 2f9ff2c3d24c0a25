"""By which version of the product file a release is judged: the one in force when it was made, or one that was named.

Firmware sends what its own declaration says. So a device is checked against the version of the release that it reports;
one that reports none, or a release that is unknown, withdrawn or older than this rule, against the version in force.
"""

from careful import products
from careful.kernel.actors import Actor
from careful.kernel.errors import Invalid, NotFound, Refused
from careful.kernel.work import World
from careful.products import Permit
from careful.releases import store
from careful.releases.events import DeclarationPinned
from careful.releases.model import Release

_LONGEST_REASON = 1000


def choose(world: World, product: str, wanted: int | None) -> int:
    """Return the version of the product file for a new release: `wanted`, or the one in force.

    Raises Refused for a version that does not exist or was never approved.
    """
    if wanted is None:
        return products.get(world, product).version
    found = next((one for one in products.versions(world, product) if one.version == wanted), None)
    if found is None or found.approved_at is None:
        why = "does not exist" if found is None else "was never approved"
        raise Refused(
            f"Version {wanted} of the product file of '{product}' {why}.",
            do=f"Choose one that was in force: careful product show {product}",
            where="declaration",
        )
    return wanted


def pin(world: World, actor: Actor, release_id: str, declaration: int, reason: str) -> Release:
    """Judge what devices on this release send by another version of the product file from now on.

    The same again changes nothing. Raises NotFound, Refused (as `choose`), Invalid (no reason).
    """
    why = reason.strip()
    if not 1 <= len(why) <= _LONGEST_REASON:
        raise Invalid("Say why, in a sentence.", do="Use --reason …", where="reason")
    with world.look() as connection:
        row = store.by_id(connection, release_id)
    if row is None:
        raise NotFound(f"There is no release {release_id[:64]!r}.", do="Run: careful release list")
    choose(world, row.product, declaration)
    with world.change(actor) as work:
        row = store.by_id(work.connection, release_id, hold=True)
        if row is None:
            raise NotFound(f"There is no release {release_id[:64]!r}.", do="Run: careful release list")
        if row.declaration != declaration:
            store.change(work.connection, row.id, declaration=declaration)
            work.record(
                DeclarationPinned(
                    release=row.id,
                    product=row.product,
                    version=row.version,
                    declaration=declaration,
                    before=row.declaration or 0,
                    reason=why,
                )
            )
            row = store.by_id(work.connection, release_id) or row
        return store.as_release(row)


def pinned(world: World, product: str, version: str | None) -> int | None:
    """Return the version of the product file that a release is pinned to; None where the one in force counts."""
    if not version:
        return None
    with world.look() as connection:
        row = store.find(connection, product, version)
    if row is None or row.state == "withdrawn":
        return None
    declaration: int | None = row.declaration
    return declaration


def keeps_to_older(release: Release, in_force: int) -> bool:
    """Tell whether devices on this release are judged by an older version of the product file than that in force."""
    return release.state != "withdrawn" and release.declaration is not None and release.declaration < in_force


def is_known(world: World, product: str, version: str | None) -> bool:
    """Tell whether there is such a release, withdrawn or not."""
    if not version:
        return False
    with world.look() as connection:
        return store.find(connection, product, version) is not None


def permit_for(world: World, product: str, version: str | None) -> Permit:
    """Return what a device that reports this release may send. Raises NotFound for an unknown product."""
    declaration = pinned(world, product, version)
    if declaration is None:
        return products.permit_of(world, product)
    return products.permit_at(world, product, declaration)
