"""The chain of nonces against clones: each connection gets a new one, to be shown at the next.

A copy of a device's key has the nonces up to the moment of copying and none after it. Whichever of the two connects
second, after the other has moved on by more than one, shows a nonce that is used up: the chain has forked. The last two
are accepted, because a device may lose power before it has written the newest down. Only digests are kept here.
"""

import hashlib
import secrets
from typing import Literal

from careful.kernel.actors import SYSTEM, Actor
from careful.kernel.errors import Invalid, NotFound
from careful.kernel.work import World
from careful.monitoring import store
from careful.monitoring.events import ChainReset

TOPIC = "down/nonce"
"""Where a device hears its next nonce; whoever subscribes to it takes part."""
LENGTH = 32
_REASON_LIMIT = 500
Shown = Literal["first", "good", "fork", "missing"]


def judge(kept: tuple[str, str] | None, shown: str | None) -> Shown:
    """Tell what a nonce (its digest; None: none was shown) says about the chain. Pure."""
    if kept is None:
        return "first"
    if shown is None:
        return "missing"
    return "good" if shown in kept else "fork"


def digest(nonce: bytes | str) -> str:
    """Return what is kept of a nonce."""
    return hashlib.sha256(nonce if isinstance(nonce, bytes) else nonce.encode()).hexdigest()


def present(world: World, device: str, nonce: bytes | None) -> Shown:
    """Tell what the nonce that a device shows on connecting says. Nothing changes by it."""
    with world.look() as connection:
        kept = store.nonces(connection, device)
    return judge(kept, None if nonce is None else digest(nonce))


def hand_out(world: World, device: str, shown: bytes | None) -> str:
    """Return the next nonce of a device's chain, and keep it beside the one that it has shown."""
    new = secrets.token_urlsafe(24)[:LENGTH]
    with world.change(SYSTEM) as work:
        kept = store.nonces(work.connection, device, lock=True)
        # What it has shown is what it has on disk; where it showed none, the newest that we gave may be there.
        before = digest(shown) if shown is not None else kept[0] if kept else ""
        store.put_nonces(work.connection, device, digest(new), before, work.now)
    return new


def forget_chain(world: World, device: str) -> None:
    """Forget a device's chain: it has enrolled anew, with another key, and whoever had the old one is out."""
    with world.look() as connection:
        if store.nonces(connection, device) is None:
            return
    with world.change(SYSTEM) as work:
        store.drop_nonces(work.connection, device)


def reset_chain(world: World, actor: Actor, device: str, reason: str) -> None:
    """Begin a device's chain anew: as after a restore from a backup. Raises NotFound, Invalid."""
    why = " ".join(reason.split())
    if not 0 < len(why) <= _REASON_LIMIT:
        raise Invalid(f"A reason of 1 to {_REASON_LIMIT} characters is needed.", do="Say why.", where="why")
    with world.change(actor) as work:
        if not store.drop_nonces(work.connection, device):
            raise NotFound(f"{device[:64]!r} takes no part in the chain of nonces.")
        work.record(ChainReset(device=device, reason=why))
