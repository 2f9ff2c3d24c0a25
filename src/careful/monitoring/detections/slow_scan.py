"""A device tries many doors of its neighbours over hours, slowly enough that no minute shows it."""

import ipaddress
from functools import lru_cache

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Flow, Window
from careful.monitoring.places import declared, granted

ID = "slow_scan"
TITLE = "Slow scan"
WORDS = (
    "Over six hours the device tried many different TCP ports, or many different machines of its own network, that did "
    "not answer or refused and that are not declared. A scan is stretched in this way so that no minute shows it."
)
LIMIT = "40 different ports or near machines in six hours. No declaration speaks of tries; no product needs so many."
BUDGET = 0.001
ACTION: Action = "alert"

MOST = 40
_SECONDS = 6 * 3600.0
_FAST, _MINUTE = 20, 60.0
"""More within a minute is what `scan` tells: it is not told twice."""
_REMEMBERED = 2 * MOST


class Memory(Struct, array_like=True, frozen=True):
    """When each port, and each near machine, was tried last."""

    ports: dict[str, float] = {}
    near: dict[str, float] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Count different doors of the last six hours."""
    tries = [one for one in window.flows if _counts(one, expected)]
    if not tries:
        return None, memory
    ports, near = _kept(memory.ports, window.end), _kept(memory.near, window.end)
    for flow in tries:
        _note(ports, str(flow.port), window.end)
        if _is_near(flow.peer):
            _note(near, flow.peer, window.end)
    memory = Memory(ports, near)
    count, what = max((len(ports), "ports"), (len(near), "machines of its own network"))
    if count <= MOST:
        return None, memory
    if sum(window.end - at < _MINUTE for at in (ports if what == "ports" else near).values()) > _FAST:
        return None, Memory()
    says = f"It tried {number(count)} different {what} within six hours, and none of them answered."
    return fired(ID, window, count, MOST, "built-in", says, ACTION, what.partition(" ")[0]), memory


def _counts(flow: Flow, expected: Expected) -> bool:
    if not flow.opened_by_device or flow.transport != "tcp" or flow.state not in {"attempt", "refused"}:
        return False
    known = expected.hosts is not None or expected.profile is not None
    return not granted(flow) and not (known and declared(flow, expected))


def _note(places: dict[str, float], place: str, at: float) -> None:
    places.pop(place, None)
    places[place] = at  # what was tried last stands last
    if len(places) > _REMEMBERED:
        del places[next(iter(places))]


def _kept(places: dict[str, float], now: float) -> dict[str, float]:
    return {one: at for one, at in places.items() if 0.0 <= now - at < _SECONDS}


@lru_cache(maxsize=65536)
def _is_near(peer: str) -> bool:
    try:
        return not ipaddress.ip_address(peer).is_global
    except ValueError:
        return False
