"""One identity is used in two places: somebody has a copy of the device's key."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "two_places"
TITLE = "One identity in two places"
WORDS = (
    "The device presented a nonce that had been used up (its chain has forked: there are two of it), or two "
    "connections of one name pushed each other out again and again, or it changed between networks and back faster "
    "than a thing moves, or it came without a nonce though it takes part. A forked chain cuts it off; the rest is "
    "shown."
)
LIMIT = (
    "1 fork (the last two nonces are accepted, so a power cut is none); 3 times pushed out within five minutes; 3 "
    "returns to a network it had just left within ten minutes."
)
BUDGET = 0.001
ACTION: Action = "quarantine"

_OVERLAPS_MOST, _OVERLAP_SECONDS = 3, 300.0
_RETURNS_MOST, _RETURN_SECONDS = 3, 600.0


class Memory(Struct, array_like=True, frozen=True):
    """Takeovers since, the network it was on last and before, and returns since."""

    overlaps: float = 0.0
    overlaps_since: float = 0.0
    here: str = ""
    before: str = ""
    returns: int = 0
    returns_since: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Look at nonces, takeovers and networks."""
    overlaps = window.counters.get("overlaps", 0.0)
    bare = window.counters.get("unchained", 0.0)
    if not window.forks and not overlaps and not window.networks and not bare:
        return None, memory
    memory = _with_networks(window, _with_overlaps(window, overlaps, memory))
    if window.forks:
        says = "It presented a nonce that had been used up: two devices use one identity, or it was restored."
        return fired(ID, window, window.forks, 0, "built-in", says, ACTION, "fork"), memory
    if overlaps and memory.overlaps >= _OVERLAPS_MOST:
        says = f"Two connections of its name pushed each other out {number(memory.overlaps)} times in five minutes."
        return fired(ID, window, memory.overlaps, _OVERLAPS_MOST, "built-in", says, "alert", "overlap"), memory
    if bare:
        says = "It connected without a nonce, although it takes part in the chain: a copy, or a device that was reset."
        return fired(ID, window, bare, 0, "built-in", says, "alert", "unchained"), memory
    together = len(window.networks) > _RETURNS_MOST
    if window.networks and (memory.returns >= _RETURNS_MOST or together):
        seen = max(memory.returns, len(window.networks))
        says = f"It changed between networks and back {number(seen)} times in ten minutes."
        return fired(ID, window, seen, _RETURNS_MOST, "built-in", says, "alert", "networks"), memory
    return None, memory


def _with_overlaps(window: Window, overlaps: float, memory: Memory) -> Memory:
    if not overlaps:
        return memory
    fresh = not 0.0 <= window.start - memory.overlaps_since < _OVERLAP_SECONDS
    return Memory(
        overlaps + (0.0 if fresh else memory.overlaps),
        window.start if fresh else memory.overlaps_since,
        memory.here, memory.before, memory.returns, memory.returns_since,
    )  # fmt: skip


def _with_networks(window: Window, memory: Memory) -> Memory:
    here, before, returns, since = memory.here, memory.before, memory.returns, memory.returns_since
    if window.networks and not 0.0 <= window.start - since < _RETURN_SECONDS:
        returns, since = 0, window.start
    for network in sorted(window.networks):
        if network == here:
            continue
        returns += network == before
        here, before = network, here
    return Memory(memory.overlaps, memory.overlaps_since, here, before, returns, since)
