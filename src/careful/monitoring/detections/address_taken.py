"""Two machines claim one address: somebody stands between a device and its network."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Window

ID = "address_taken"
TITLE = "Address claimed by two"
WORDS = (
    "The local network heard two hardware addresses claim this device's address (ARP), again and again. Whoever forges "
    "them reads and changes what the device says and hears."
)
LIMIT = "3 changes within ten minutes. A device that changes its network card changes once."
BUDGET = 0.005
ACTION: Action = "alert"
SEES = "recordings"

_MOST, _SECONDS = 3, 600.0


class Memory(Struct, array_like=True, frozen=True):
    """Since when they are counted, and how many there were."""

    began: float = 0.0
    count: float = 0.0


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count changes for ten minutes."""
    more = window.counters.get("address_conflicts", 0.0)
    if not more:
        return None, memory
    fresh = not memory.began <= window.start < memory.began + _SECONDS
    memory = Memory(window.start, more) if fresh else Memory(memory.began, memory.count + more)
    if memory.count < _MOST:
        return None, memory
    says = f"Its address changed hands {number(memory.count)} times within ten minutes."
    return fired(ID, window, memory.count, _MOST - 1, "built-in", says, ACTION), memory
