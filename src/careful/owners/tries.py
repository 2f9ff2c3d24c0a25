"""How often strangers may try: counted under keyed digests, by network address, e-mail address and device.

What an address may ask for is counted alike whether anybody has it, so that an answer tells nothing.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from careful.kernel.actors import STRANGER
from careful.kernel.errors import TooMany
from careful.kernel.work import Work, World
from careful.owners import store
from careful.owners.events import GuessingStopped
from careful.owners.model import LONGEST, WRONG_FOR_DEVICE, WRONG_FROM_SOURCE
from careful.people import Limit, wait

EVERYWHERE = "everywhere"


def name_of(world: World, kind: str, what: str) -> str:
    """Return the name under which tries of one kind are counted."""
    return hmac.digest(world.keys.secret("owner-attempts"), f"{kind} {what}".encode(), "sha256").hex()


def seconds_left(world: World, who: str, limits: Sequence[Limit], now: datetime) -> int:
    """Return for how long no more is taken under a name."""
    with world.look() as connection:
        lately = store.attempts(connection, who, now - LONGEST, max(one.times for one in limits))
    return wait(lately, limits, now)


def hold_back(world: World, who: str, limits: Sequence[Limit]) -> None:
    """Raise TooMany where too much was tried under a name."""
    seconds = seconds_left(world, who, limits, world.clock.now())
    if seconds:
        minutes = -(-seconds // 60)
        raise TooMany(
            "That was tried too often.",
            retry_after=seconds,
            do=f"Wait {'a minute' if minutes == 1 else f'{minutes} minutes'}, then try again.",
        )


def hold_back_guesses(world: World, source: str, device: str) -> None:
    """Raise TooMany for a source, or of a device, where too many wrong codes came."""
    hold_back(world, name_of(world, "wrong source", source), WRONG_FROM_SOURCE)
    hold_back(world, name_of(world, "wrong device", device), WRONG_FOR_DEVICE)


def note_wrong(world: World, source: str, device: str) -> None:
    """Count a wrong code; tell the ledger when the last one that a device takes has come."""
    who = [name_of(world, "wrong source", source), name_of(world, "wrong device", device)]
    with world.change(STRANGER) as work:
        store.note_attempts(work.connection, who, work.now)
        _tell(work, who[1], device)


def _tell(work: Work, who: str, device: str) -> None:
    limit = WRONG_FOR_DEVICE[0]
    tries = len(store.attempts(work.connection, who, work.now - limit.span, limit.times + 1))
    if tries == limit.times and store.code_of(work.connection, device) is not None:
        work.record(GuessingStopped(device=device, tries=tries))
