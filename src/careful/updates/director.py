"""The director's word (Uptane 2.1, section 5.4): which device is to get what, signed for that device.

The image repository says what is genuine; this says whose turn it is. A device takes an image only when both agree, so
that whoever breaks into the delivery can neither replay an old order nor give one device what is meant for another.

It is TUF targets metadata of one target, signed by the `director` key that the product's `targets` name, and made when
the device reads its order. Its number is the second in which the order was made: it only grows, also after a restore.
"""

from datetime import datetime, timedelta

from tuf.api.metadata import Metadata, Targets  # type: ignore[attr-defined]  # tuf names these its API (docs/api) without an __all__
from tuf.api.serialization.json import JSONSerializer

from careful import releases
from careful.kernel.errors import NotFound, Unavailable
from careful.kernel.work import World
from careful.releases import signing
from careful.updates import delegation, publishing, queries
from careful.updates.delegation import Tree
from careful.updates.model import Order
from careful.updates.repository import Repository

LIFE = timedelta(days=1)
"""How long a device may act on it. It asks for a new one each time it begins to carry its order out."""
_COMPACT = JSONSerializer(compact=True)


def assignment(world: World, device: str, action: int) -> bytes:
    """Return the signed word that `device` is to get what its order says.

    Raises NotFound where the order is not this device's or is over, or the product has no director yet; Unavailable
    where the director's key is not here.
    """
    with world.look() as connection:
        order = queries.read_order(connection, action)
    if order is None or order.device != device or not order.is_open or order.cancelling or order.consent == "asked":
        raise NotFound("There is no such open order for this device.")
    repository = Repository(publishing.repository_dir(world, order.product), order.product)
    if not repository.exists():
        raise NotFound(f"{order.product} has no update repository yet.")
    top = Tree(repository, repository.in_force()).metadata("targets").signed
    keyids = [one.keyid for one in delegation.keys_of(top, delegation.DIRECTOR)]
    if not keyids:
        raise NotFound(f"{order.product} has no director yet.", do=f"Run: careful release delegate {order.product}")
    said = draft(order, releases.by_id(world, order.release), world.clock.now() + LIFE)
    for keys in publishing.stores_of(world):
        signing.sign(said, signing.signers(keys, order.product, keyids, role="director"))
    if not signing.verifies(top, delegation.DIRECTOR, said):
        raise Unavailable(f"The director key of {order.product} is not here.", do="Bring it back from a backup.")
    return said.to_bytes(_COMPACT)


def has_one(world: World, product: str) -> bool:
    """Tell whether a product's metadata names a director."""
    repository = Repository(publishing.repository_dir(world, product), product)
    if not repository.exists():
        return False
    top = Tree(repository, repository.in_force()).metadata("targets").signed
    return bool(delegation.keys_of(top, delegation.DIRECTOR))


def draft(order: Order, release: releases.Release, expires: datetime) -> Metadata[Targets]:
    """Return what is said about an order, not signed yet."""
    target = publishing.target_of(release)
    # No device can be called this: a name has no dot.
    device = "another.device" if order.drill == "wrong_device" else order.device
    told = {"device": device, "product": order.product, "action": order.id}
    return Metadata(
        Targets(
            version=int(order.made_at.timestamp()),
            expires=expires.replace(microsecond=0),
            targets={target.path: target},
            unrecognized_fields={"assignment": told},
        )
    )
