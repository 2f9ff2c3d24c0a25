"""What one may do with customers and their keys: each verb one transaction."""

import secrets

from careful import devices
from careful.customer_data import queries, store
from careful.customer_data.epoch_keys import EpochKeys, epoch_keys
from careful.customer_data.events import CustomerBegan
from careful.customer_data.rotation import begin_epoch
from careful.customer_data.sealing import KEY_BYTES, DataKey
from careful.kernel.actors import SYSTEM
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.ids import new_id
from careful.kernel.work import Work, World

_TRIES = 3


def key_of(world: World, device: str) -> DataKey:
    """Return the key of a device's present customer, whose time begins with this where there is none.

    Raises NotFound for an unknown device, Refused for a retired one, Unavailable where the epoch's key is not here.
    """
    keys = epoch_keys(world)
    for _ in range(_TRIES):
        found = _present(world, keys, device)
        if found is not None:
            return found
        _begin(world, keys, device)
    raise Unavailable(f"The customer of {device} changes again and again.", do="Try again in a moment.")


def _present(world: World, keys: EpochKeys, device: str) -> DataKey | None:
    """Return the present customer's key; once more where it was put under another epoch's key meanwhile."""
    tried: tuple[str, int | None] | None = None
    while (found := queries.wrapped_key(world, device)) is not None:
        customer, wrapped = found
        try:
            (key,) = keys.unwrap(customer.epoch or 0, [(customer.id, wrapped)])
        except Unavailable:
            if tried == (customer.id, customer.epoch):
                raise
            tried = (customer.id, customer.epoch)
            continue
        if key is None:
            raise Unavailable(
                f"The key of {device}'s customer does not open with the key of epoch {customer.epoch}.",
                do="Look whether it is the right key: careful data epochs",
            )
        return DataKey(customer.id, key)
    return None


def _begin(world: World, keys: EpochKeys, device: str) -> None:
    known = devices.get(world, device)
    if known.state == "retired":
        raise Refused(f"{device} is retired.")
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        if store.living(work.connection, device) is not None:
            return
        one, _, _ = add_customer(work, keys, device, world.settings.epoch_days)
        work.record(CustomerBegan(device=device, product=known.product, customer=one))


def add_customer(work: Work, keys: EpochKeys, device: str, days: int) -> tuple[str, bytes, bytes]:
    """Begin a customer's time in the caller's work, which has its turn: id, key, wrapped key."""
    epoch = begin_epoch(work, keys, days)
    one, key = new_id(), secrets.token_bytes(KEY_BYTES)
    (wrapped,) = keys.wrap(epoch.number, [(one, key)])
    row = {"id": one, "device": device, "since": work.now, "why": "", "epoch": epoch.number, "wrapped": wrapped}
    store.add_customer(work.connection, row)
    return one, key, wrapped
