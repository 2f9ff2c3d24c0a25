"""Somebody tries many logins at a service: from the device, or at the device."""

from msgspec import Struct

from careful.monitoring.firing import fired, number
from careful.monitoring.model import Action, Detection, Expected, Flow, Window

ID = "login_guessing"
TITLE = "Guessing of logins"
WORDS = (
    "Many short conversations with one service that asks for a login (shell, file transfer, remote desktop, MQTT) "
    "within a minute. Passwords are tried this way. From the device, it is a bot; at the device, it is attacked."
)
LIMIT = "15 new conversations with one such service in 60 seconds."
BUDGET = 0.001
ACTION: Action = "quarantine"

PORTS = frozenset({21, 22, 23, 110, 143, 445, 1883, 2222, 2323, 3306, 3389, 5432, 5900, 8883})
MOST = 15
_SECONDS = 60.0


class Memory(Struct, array_like=True, frozen=True):
    """The minute under way, and how many conversations each service had in it."""

    began: float = 0.0
    tries: dict[str, int] = {}


def detect(window: Window, expected: Expected, memory: Memory) -> tuple[Detection | None, Memory]:  # noqa: ARG001 (one form for all)
    """Count new conversations by service."""
    new = [one for one in window.flows if one.port in PORTS and one.transport == "tcp" and _is_new(one, window)]
    if not new:
        return None, memory
    fresh = not memory.began <= window.start < memory.began + _SECONDS
    tries = {} if fresh else dict(memory.tries)
    for flow in new:
        at = f"{'to' if flow.opened_by_device else 'at'} {flow.peer}:{flow.port}"
        tries[at] = tries.get(at, 0) + 1
    memory = Memory(window.start if fresh else memory.began, tries)
    ours = [(count, at) for at, count in tries.items() if count > MOST and at.startswith("to ")]
    most, at = max(ours or ((count, at) for at, count in tries.items()), key=lambda one: (one[0], one[1]))
    if most <= MOST:
        return None, memory
    service = at.rpartition(":")[2]
    if ours:
        says = f"It began {number(most)} conversations with port {service} of one machine within a minute."
        return fired(ID, window, most, MOST, "built-in", says, ACTION, f"to {service}"), memory
    says = f"One machine began {number(most)} conversations with its port {service} within a minute."
    return fired(ID, window, most, MOST, "built-in", says, "alert", f"at {service}"), memory


def _is_new(flow: Flow, window: Window) -> bool:
    """Tell whether it began in this window; one that goes on counts from the window's start."""
    return flow.at > window.start or flow.seconds < window.seconds
