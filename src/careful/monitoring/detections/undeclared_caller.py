"""Somebody calls a device at a port that its declaration does not open."""

from msgspec import Struct

from careful.monitoring.firing import fired
from careful.monitoring.model import Action, Detection, Expected, Flow, Window
from careful.monitoring.places import granted

ID = "undeclared_caller"
TITLE = "Undeclared caller"
WORDS = (
    "Somebody opened a conversation with the device that the declaration does not name, and the device answered: a way "
    "into a network that was not disclosed."
)
LIMIT = "The declaration: edges of `device` with `direction: in` or `both`; a MUD file: what comes to the device."
BUDGET = 0.01
ACTION: Action = "alert"


class Memory(Struct, array_like=True, frozen=True):
    """Nothing."""


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:
    """Look at every conversation that was opened with the device and answered."""
    if not window.flows or (expected.inbound is None and expected.profile is None):
        return None, memory
    strange = [one for one in window.flows if _is_answered(one) and not _is_declared(one, expected)]
    if not strange:
        return None, memory
    first = min(strange, key=lambda one: (one.at, one.port, one.peer))
    place = f"{first.port}/{first.transport}"
    says = f"Somebody was answered at its port {place}, which the declaration of {window.product} does not open."
    return fired(ID, window, len(strange), 0, "declaration", says, ACTION, place), memory


def _is_answered(flow: Flow) -> bool:
    if flow.opened_by_device or not flow.packets_out:
        return False
    # Where it is not known what became of a call, packets without data may have been a refusal.
    return flow.state == "established" or (flow.state == "unknown" and flow.bytes_out > 0)


def _is_declared(flow: Flow, expected: Expected) -> bool:
    if expected.profile is not None:
        return expected.profile.permits(flow)
    return granted(flow) or any(
        (port, transport) == (flow.port, flow.transport) for _, port, transport in expected.inbound or ()
    )
