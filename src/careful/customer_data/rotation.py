"""Epochs follow each other: a new key, every living customer's key put under it, the old key destroyed.

Each step may be killed at any point and be done again. Gateways do not notice: a customer's own key stays the same.
"""

from datetime import timedelta

from careful.customer_data import receipts_store, store
from careful.customer_data.epoch_keys import EpochKeys, epoch_keys
from careful.customer_data.events import CustomerEnded, EpochBegan, EpochDestroyed, KeysLost
from careful.customer_data.model import GRACE, Epoch
from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Refused, Unavailable
from careful.kernel.work import Work, World

_AT_ONCE = 2000
"""Keys in one transaction: what others who write wait for."""
_ROUNDS = 50


def begin_epoch(work: Work, keys: EpochKeys, days: int) -> Epoch:
    """Return the present epoch, beginning the next one where the last is over. The caller has taken its turn."""
    newest = store.newest_epoch(work.connection)
    if newest is not None and newest.ends > work.now:
        return newest
    number = newest.number + 1 if newest else 1
    proof = keys.make(number)  # first the key, then the row: what the row names is there
    made = Epoch(number, work.now, work.now + timedelta(days=days))
    store.add_epoch(work.connection, {"number": number, "begins": made.begins, "ends": made.ends, "proof": proof})
    work.record(EpochBegan(epoch=number, ends=made.ends))
    return made


def turn_epochs(world: World) -> int:
    """Do what is due: begin the next epoch, put keys under it, destroy what is over. A chore for the worker."""
    with world.look() as connection:
        known = [one for one, _ in store.epochs(connection) if one.destroyed_at is None]
    if not known or (len(known) == 1 and known[0].ends > world.clock.now()):
        return 0
    keys, done = epoch_keys(world), 0
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        newest = begin_epoch(work, keys, world.settings.epoch_days)
    for _ in range(_ROUNDS):
        moved = _move_some(world, keys, newest)
        done += moved
        if not moved:
            break
    for one in known:
        if one.number < newest.number:
            done += _destroy(world, keys, one)
    return done


def _move_some(world: World, keys: EpochKeys, newest: Epoch) -> int:
    """Put some keys under the newest epoch's; return how many were looked at."""
    with world.look() as connection:
        rows = store.wrapped_under_others(connection, newest.number, _AT_ONCE)
        proofs = {one.number: proof for one, proof in store.epochs(connection)}
    changed: list[tuple[str, int, bytes]] = []
    lost: list[str] = []
    for number in sorted({epoch for _, epoch, _ in rows}):
        if not keys.fits(number, proofs[number]):
            raise Refused(
                f"The key of epoch {number} is not the one that was made for it.", do="Bring the right one; see docs."
            )
        items = [(one, wrapped) for one, epoch, wrapped in rows if epoch == number]
        opened = list(zip(items, keys.unwrap(number, items), strict=True))
        good = [(one, key) for (one, _), key in opened if key is not None]
        lost += [one for (one, _), key in opened if key is None]
        wrapped = keys.wrap(newest.number, good)
        changed += [(one, number, new) for (one, _), new in zip(good, wrapped, strict=True)]
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        store.rewrap(work.connection, newest.number, changed)
        end_lost(work, lost, newest)
    return len(rows)


def end_lost(work: Work, customers: list[str], newest: Epoch | None) -> None:
    """End the time of customers whose keys do not open any more: what was sealed with them is lost."""
    for one in customers:
        device = store.device_of(work.connection, one)
        if device is not None and store.end_customer(work.connection, one, work.now, "key lost"):
            epoch, due = (newest.number, newest.ends + GRACE) if newest else (None, None)
            work.record(
                CustomerEnded(device=device, product="", customer=one, why="key lost", epoch=epoch, due=due, receipt="")
            )


def give_up_keys(world: World, actor: Actor) -> int:
    """End the time of all customers whose epoch's key is not here; return how many. After a restore without the key.

    Raises Refused where every key is here.
    """
    keys, ended, given_up = epoch_keys(world), 0, []
    with world.look() as connection:
        known = [(one, proof) for one, proof in store.epochs(connection) if one.destroyed_at is None]
    for one, proof in known:
        try:
            if keys.fits(one.number, proof):
                continue
        except Unavailable:
            pass
        given_up.append(one)
    if not given_up:
        raise Refused("The keys of all epochs are here; nothing is lost.", do="See: careful data epochs")
    for one in given_up:
        with world.change(actor) as work:
            store.take_turn(work.connection)
            customers = store.ids_under(work.connection, one.number)
            end_lost(work, customers, None)
            store.set_epoch(work.connection, one.number, ends=min(one.ends, work.now), closed_at=work.now)
            store.set_epoch(work.connection, one.number, destroyed_at=work.now)
            work.record(KeysLost(epoch=one.number, customers=len(customers)))
            ended += len(customers)
    return ended


def epochs_at_fault(world: World) -> list[tuple[Epoch, str]]:
    """Return the epochs with which something is wrong: their key is not here, or should be gone by now."""
    with world.look() as connection:
        known = [(one, proof) for one, proof in store.epochs(connection) if one.destroyed_at is None]
    keys, now, found = epoch_keys(world), world.clock.now(), list[tuple[Epoch, str]]()
    for one, proof in known:
        if one.ends + GRACE < now:
            found.append((one, f"The key of epoch {one.number} was to be destroyed by {one.ends + GRACE:%Y-%m-%d}."))
        try:
            if not keys.fits(one.number, proof):
                found.append((one, f"The key of epoch {one.number} is not the one that was made for it."))
        except Unavailable as missing:
            found.append((one, missing.what))
    return found


def _destroy(world: World, keys: EpochKeys, old: Epoch) -> int:
    """Destroy an epoch's key, once it wraps no living customer's; first the key, then what says that it is gone."""
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        if store.count_under(work.connection, old.number):
            return 0
        if old.closed_at is None:
            store.set_epoch(work.connection, old.number, closed_at=work.now)
    keys.destroy(old.number)
    with world.change(SYSTEM) as work:
        store.take_turn(work.connection)
        if any(one.number == old.number and one.destroyed_at for one, _ in store.epochs(work.connection)):
            return 0  # another worker was quicker
        store.set_epoch(work.connection, old.number, destroyed_at=work.now)
        for one in receipts_store.not_destroyed(work.connection, [old.number]):
            receipts_store.change(work.connection, one, destroyed_at=work.now)
        work.record(EpochDestroyed(epoch=old.number, due=old.ends + GRACE))
    return 1
