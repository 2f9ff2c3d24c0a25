"""A device tries many addresses or ports, or is tried at many."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Flow, Window
from careful.monitoring.places import declared, granted

ID = "scan"
TITLE = "Port or address scan"
WORDS = (
    "Within a minute the device tried many addresses or ports that are not declared or did not answer. When others try "
    "many ports of the device, that is shown, and the device is not cut off for it."
)
LIMIT = "20 different addresses or ports in 60 seconds. No declaration speaks of tries; no product needs so many."
BUDGET = 0.001
ACTION: Action = "quarantine"

MOST = 20
_SECONDS = 60.0
_REMEMBERED = 4 * MOST


class Memory(Struct, array_like=True, frozen=True):
    """When each place was tried last, by the device and at the device."""

    tried: dict[str, float] = {}
    suffered: dict[str, float] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Count different places of the last minute."""
    searched = window.counters.get("arp_targets", 0.0)
    if searched > MOST:
        says = f"It searched {number(searched)} addresses of its own network within a second."
        return fired(ID, window, searched, MOST, "built-in", says, ACTION, "search"), memory
    if not window.flows:
        return None, memory
    tried = _kept(memory.tried, window)
    suffered = _kept(memory.suffered, window)
    for flow in window.flows:
        if flow.opened_by_device:
            if _counts(flow, expected):
                tried[f"{flow.peer}:{flow.port}/{flow.transport}"] = window.end
        elif flow.state != "established":
            suffered[f"{flow.port}/{flow.transport}"] = window.end
    memory = Memory(_bounded(tried), _bounded(suffered))
    if len(tried) > MOST:
        says = f"It tried {number(len(tried))} different addresses and ports within a minute."
        return fired(ID, window, len(tried), MOST, "built-in", says, ACTION), memory
    if len(suffered) > MOST:
        says = f"Others tried {number(len(suffered))} of its ports within a minute."
        return fired(ID, window, len(suffered), MOST, "built-in", says, "alert", "suffered"), memory
    return None, memory


def _counts(flow: Flow, expected: Expected) -> bool:
    """Tell whether a conversation looks like a try: nobody there, or nobody whom the declaration names."""
    if granted(flow):
        return False
    if flow.state in {"attempt", "refused"}:
        return True
    return expected.hosts is not None and not declared(flow, expected)


def _kept(places: dict[str, float], window: Window) -> dict[str, float]:
    return {one: at for one, at in places.items() if 0.0 <= window.end - at < _SECONDS}


def _bounded(places: dict[str, float]) -> dict[str, float]:
    return places if len(places) <= _REMEMBERED else dict(list(places.items())[-_REMEMBERED:])
